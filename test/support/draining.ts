import { BPF_OBJECT, type Flows, native, type Probe, type ProbeOptions } from '../../src/receivers/dropreason/probe.ts';

/** Packets and bytes. */
export type Sum = readonly [packets: number, bytes: number];

const { layout, kernelFacts, Probe: NativeProbe } = native();
const facts = kernelFacts();
const numberOf = (name: string) => facts.reasons.find((reason) => reason.name === `SKB_DROP_REASON_${name}`)?.value;
/** The reasons that have node rows on this kernel. */
const LISTED = Math.max(1, ...facts.reasons.map(({ value }) => value + 1).filter((count) => count <= layout.maxReasons));
const UNSPECIFIED = numberOf('NOT_SPECIFIED') ?? 0;
/** The number of the reason for drops by a rule. */
const RULE = numberOf('NETFILTER_DROP') ?? UNSPECIFIED;

/** A probe that counts flows, with the programs that count and rescue packets attached. */
export function drainable(maxEntries: number, more: Partial<ProbeOptions> = {}): Probe {
  const probe = new NativeProbe({
    object: BPF_OBJECT,
    reasons: LISTED,
    unspecified: UNSPECIFIED,
    netfilter: RULE,
    attributes: 0,
    attributesMaxEntries: 16,
    atomic: !facts.guarded,
    reasoned: facts.reasons.length > 0,
    notes: false,
    rescue: facts.guarded,
    fragments: undefined,
    lists: undefined,
    hints: new Uint8Array(256),
    flows: { maxEntries, ports: false },
    pin: undefined,
    ...more,
  });
  const programs = [
    facts.casts ? 'kfree_skb' : 'kfree_skb_copy',
    ...(facts.guarded ? [facts.casts ? 'nested' : 'nested_copy'] : []),
  ];
  probe.attach(programs.map((program) => ({ program, target: '' })));
  return probe;
}

/** Outgoing packets that a rule dropped, in the rows as of the last drain. */
export function sentIntoRule(probe: Probe): number {
  const isTheirs = (reason: number, direction: number) => reason === RULE && layout.directions[direction] === 'egress';
  let packets = 0;
  for (const plane of [0, 1]) {
    eachRow(probe, plane, (row, [count]) => {
      if (isTheirs(row >> layout.reasonShift, (row >> layout.directionShift) & 3)) packets += count;
    });
  }
  for (const row of probe.entries('rescued')) if (isTheirs(row.reason, row.direction)) packets += row.packets;
  return packets;
}

/** Drops that neither program counted, because the kernel skipped both. None on kernels without a guard. */
export function nestedOf(probe: Probe): number {
  const misses = probe.statistics().find(({ program }) => program.startsWith('kfree_skb'))?.recursionMisses ?? 0;
  const rescued = probe.entries('rescued').find(({ reason }) => reason === layout.rescued)?.packets ?? 0;
  return facts.guarded ? misses - rescued : 0;
}

/** The sum of all rows as of the last drain, and the part that did not fit into the flow map. */
export function rowsOf(probe: Probe): { readonly node: Sum; readonly overflow: Sum } {
  const [even, odd, overflowEven, overflowOdd] = [0, 1, 2, 3].map((plane) => sumOfPlane(probe, plane)) as [Sum, Sum, Sum, Sum];
  const entries = (['attributes', 'unlisted', 'rescued'] as const)
    .flatMap((map) => probe.entries(map))
    .filter(({ reason }) => reason !== layout.rescued);
  return {
    node: plus(even, odd, ...entries.map(({ packets, bytes }): Sum => [packets, bytes])),
    overflow: plus(
      overflowEven,
      overflowOdd,
      ...entries.map(({ overflowPackets, overflowBytes }): Sum => [overflowPackets, overflowBytes]),
    ),
  };
}

export function flowsOf({ count, counts }: Flows): Sum {
  const words = new BigUint64Array(counts);
  let [packets, bytes] = [0, 0];
  for (let flow = 0; flow < count; flow++) {
    packets += Number(words[2 * flow]);
    bytes += Number(words[2 * flow + 1]);
  }
  return [packets, bytes];
}

export function plus(...sums: readonly Sum[]): Sum {
  return sums.reduce((all, [packets, bytes]): Sum => [all[0] + packets, all[1] + bytes], [0, 0] as Sum);
}

export function minus(a: Sum, b: Sum): Sum {
  return [a[0] - b[0], a[1] - b[1]];
}

function sumOfPlane(probe: Probe, plane: number): Sum {
  let sum: Sum = [0, 0];
  eachRow(probe, plane, (_row, count) => {
    sum = plus(sum, count);
  });
  return sum;
}

function eachRow({ counters, cpus, rows }: Probe, plane: number, onRow: (row: number, count: Sum) => void): void {
  for (let cpu = 0; cpu < cpus; cpu++) {
    for (let row = 0; row < LISTED << layout.reasonShift; row++) {
      const index = 2 * ((plane * cpus + cpu) * rows + row);
      if ((counters[index] ?? 0n) !== 0n) onRow(row, [Number(counters[index]), Number(counters[index + 1])]);
    }
  }
}
