import { native, type Probe } from '../../../src/receivers/dropreason/probe.ts';

/** The counts in the maps, summed over CPUs, directions and families. */
export interface Counted {
  /** Packets by reason, including rescued ones. */
  readonly packets: ReadonlyMap<string, number>;
  readonly total: number;
  /** Of the node rows, by CPU. */
  readonly byCpu: readonly number[];
  /** Failed calls by call and the errno's number, such as `connect 111`. */
  readonly calls: ReadonlyMap<string, number>;
  /** Drops that the second program counted. Part of `total`, except buffers that are not packets. */
  readonly rescued: number;
  /** Drops for which the first program was skipped and which the second has not rescued: the loss slot `nested`. */
  readonly nested: number;
  /** Returns of calls for which the programs were skipped, whether the call failed or not: the loss slot `calls_skipped`. */
  readonly callsSkipped: number;
  readonly slots: Readonly<Record<string, number>>;
}

/** The probe whose maps are read. */
export interface Counter {
  readonly probe: Probe;
  /** Reasons that have node rows. */
  readonly listed: number;
  readonly nameOf: (reason: number) => string;
}

/** Reads the node rows, the hashes and the slots once. */
export function readCounted(counter: Counter): Counted {
  const { layout } = native();
  const { probe, listed } = counter;
  const sum = new Sum(counter);
  const slots: Record<string, number> = Object.fromEntries(layout.slots.map((slot) => [slot, 0]));
  const firstSlot = listed << layout.reasonShift;
  const byCpu: number[] = [];
  for (let cpu = 0; cpu < probe.cpus; cpu++) {
    const before = sum.total;
    for (let row = 0; row < firstSlot + layout.slots.length; row++) {
      const packets = Number(probe.counters[2 * (cpu * probe.rows + row)]);
      const slot = layout.slots[row - firstSlot];
      if (slot !== undefined) slots[slot] = (slots[slot] ?? 0) + packets;
      else sum.add(row >> layout.reasonShift, packets);
    }
    byCpu.push(sum.total - before);
  }
  for (const map of ['attributes', 'unlisted'] as const)
    for (const { reason, error, packets } of probe.entries(map)) sum.add(reason, packets, error);
  let rescued = 0;
  for (const { reason, packets } of probe.entries('rescued')) {
    if (reason === layout.rescued) rescued += packets;
    else sum.add(reason, packets);
  }
  // Read after the rescued ones, so that drops rescued in the meantime don't make it negative.
  const statistics = probe.statistics();
  const missesOf = (name: RegExp) =>
    statistics.reduce((misses, { program, recursionMisses }) => misses + (name.test(program) ? recursionMisses : 0), 0);
  const { packets, calls, total } = sum;
  return {
    packets,
    calls,
    total,
    byCpu,
    rescued,
    nested: missesOf(/^kfree_skb/) - rescued,
    callsSkipped: missesOf(/^(connect|accept4?)_/),
    slots,
  };
}

class Sum {
  readonly packets = new Map<string, number>();
  readonly calls = new Map<string, number>();
  total = 0;
  readonly #counter: Counter;

  constructor(counter: Counter) {
    this.#counter = counter;
  }

  add(reason: number, packets: number, error = 0): void {
    const { connect, accept } = native().layout.calls;
    if (packets === 0) return;
    if (reason === connect || reason === accept) {
      increase(this.calls, `${reason === connect ? 'connect' : 'accept'} ${error}`, packets);
      return;
    }
    increase(this.packets, this.#counter.nameOf(reason), packets);
    this.total += packets;
  }
}

function increase(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

/** For the line of a check: `A 3, B 5`. */
export function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ') || 'nothing';
}

/** Slots of drops that were counted in part or not at all. Buffers that are not packets are no loss. */
export function losses({ slots }: Counted): string {
  return Object.entries(slots)
    .filter(([slot, count]) => slot !== 'not_packet' && count > 0)
    .map(([slot, count]) => `${slot} ${count}`)
    .join(', ');
}
