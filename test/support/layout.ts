import { configSchema } from '../../src/receivers/dropreason/config.ts';
import type { Attachment, Flows, InterfaceName, Layout, Probe, Row } from '../../src/receivers/dropreason/probe.ts';
import type { Reasons } from '../../src/receivers/dropreason/reasons/reasons.ts';
import { RowAttributes } from '../../src/receivers/dropreason/rows/row_attributes.ts';

/** The layout as in bpf/dropreason.h. test/unit/native compares the addon's own with the header. */
export const LAYOUT: Layout = {
  reasonShift: 4,
  directionShift: 2,
  maxReasons: 248,
  directions: ['unknown', 'ingress', 'egress', 'forward'],
  families: ['other', 'ipv4', 'ipv6'],
  slots: ['fragment', 'not_packet', 'no_header', 'attributes_full', 'unlisted_full', 'notes_full', 'stacks_full'],
  attributes: { protocol: 1, interface: 2, netns: 4, location: 8, everyLocation: 16, stack: 32 },
  calls: { connect: 0xffff_ff01, accept: 0xffff_ff02 },
  notes: { nat: 0xffff_ff03, conntrack: 0xffff_ff04 },
  rescued: 0xffff_ff05,
  syscallPrefix: '__x64_sys_',
  hints: { ingress: 1, egress: 2 },
  noProtocol: 0xffff,
  flow: {
    bytes: 80,
    source: 0,
    destination: 16,
    location: 32,
    stack: 40,
    reason: 56,
    netns: 60,
    ifindex: 64,
    cookie: 48,
    error: 68,
    port: 70,
    protocol: 72,
    direction: 74,
    family: 75,
    unconfirmed: 76,
  },
};

/** Attributes for a receiver with this configuration, on a kernel whose functions have names. */
export function rowAttributes(
  reasons: Reasons,
  config: object = {},
  { named = true, byFunction = false, chainsTell = true } = {},
): RowAttributes {
  return new RowAttributes({ layout: LAYOUT, reasons, config: configSchema.parse(config), named, byFunction, chainsTell });
}

/** A row that is not an array element, of a packet unless overridden. */
export function entry(given: Partial<Row>): Row {
  const { packets: _, bytes: __, overflowPackets: ___, overflowBytes: ____, live: _____, sinceMillis: ______, ...key } = given;
  return {
    id: JSON.stringify(key, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    sinceMillis: 0,
    live: false,
    cookie: 0,
    location: 0n,
    reason: 3,
    netns: 0,
    error: 0,
    protocol: 0,
    direction: 1,
    family: 1,
    interface: '',
    stack: 0n,
    unconfirmed: false,
    packets: 1,
    bytes: 100,
    overflowPackets: 0,
    overflowBytes: 0,
    ...given,
  };
}

/** An error like those of the addon. */
export function nativeError(errno: string, { code = 'ERR_ATTACH', message = `can't: ${errno}`, details = '' } = {}): Error {
  return Object.assign(new Error(message), { code, errno, details });
}

type MapName = 'attributes' | 'unlisted' | 'rescued';

/** A probe without a kernel: tests write to `counters` and set `tables`, `callChains` and `misses`. */
export class FakeProbe implements Probe {
  readonly cpus: number;
  readonly rows: number;
  readonly counters: BigUint64Array;
  readonly tables: Record<MapName, Row[]> = { attributes: [], unlisted: [], rescued: [] };
  callChains: ReadonlyMap<bigint, readonly bigint[]> = new Map();
  /** The flows of the next drain. */
  flows: Flows = { count: 0, keys: new ArrayBuffer(0), counts: new ArrayBuffer(0) };
  interfaceNames: InterfaceName[] = [];
  interfacesAsked = 0;
  /** The ids passed to endRows. */
  readonly endedIds: string[] = [];
  remaining: Row[] = [];
  /** Recursion misses by program. */
  misses: Readonly<Record<string, number>> = {};
  /** Called before each read, with what is read. */
  onLook: (what: MapName | 'counters' | 'statistics' | 'drain') => void = () => {};
  /** Thrown by the next read of the entries. */
  failure: Error | undefined;
  closed = 0;
  frozen = 0;
  attached: Attachment[] = [];
  origin: Probe['origin'] = 'new';
  missing = '';
  startTimeMillis = 0;
  /** Every attempted group, as `program@target`, and the calls that the shared program was to count. */
  readonly tried: { readonly group: readonly string[]; readonly calls: object | undefined }[] = [];
  /** The kernel's error for a program at a function, if any. */
  refuse: (attachment: Attachment) => Error | undefined = () => undefined;

  /** `planes`: four if flows are counted. */
  constructor(cpus: number, rows: number, planes = 1) {
    this.cpus = cpus;
    this.rows = rows;
    this.counters = new BigUint64Array(2 * planes * cpus * rows);
  }

  /** Adds to a row, as the kernel does. */
  drop(cpu: number, row: number, packets: bigint, bytes: bigint, plane = 0): void {
    const index = 2 * ((plane * this.cpus + cpu) * this.rows + row);
    this.counters[index] = (this.counters[index] ?? 0n) + packets;
    this.counters[index + 1] = (this.counters[index + 1] ?? 0n) + bytes;
  }

  attach(group: readonly Attachment[], calls?: { readonly connect: boolean; readonly accept: boolean }): void {
    this.tried.push({ group: group.map(written), calls });
    const missing = group.filter((each) => !this.attached.some((other) => written(other) === written(each)));
    for (const each of missing) {
      const error = this.refuse(each);
      if (error !== undefined) throw error;
    }
    this.attached = [...this.attached, ...missing];
  }

  freeze(): void {
    this.frozen += 1;
  }

  entries(map: MapName): Row[] {
    this.onLook(map);
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
    return this.tables[map].map((row) => ({ ...row, id: `${map} ${row.id}` }));
  }

  endRows(ids: readonly string[]): void {
    this.endedIds.push(...ids);
    this.tables.attributes = this.tables.attributes.filter(({ id }) => !ids.includes(`attributes ${id}`));
  }

  remainders(): Row[] {
    return this.remaining;
  }

  drain(): Promise<Flows> {
    this.onLook('drain');
    const flows = this.flows;
    this.flows = { count: 0, keys: new ArrayBuffer(0), counts: new ArrayBuffer(0) };
    return Promise.resolve(flows);
  }

  interfaces(): InterfaceName[] {
    this.interfacesAsked += 1;
    return this.interfaceNames;
  }

  stacks(): ReadonlyMap<bigint, readonly bigint[]> {
    return this.callChains;
  }

  statistics() {
    this.onLook('statistics');
    return Object.entries(this.misses).map(([program, recursionMisses]) => ({
      program,
      runs: 0,
      runNanoseconds: 0,
      recursionMisses,
    }));
  }

  maps() {
    return [{ map: 'dropreason_unlisted', capacity: 1024, bytes: 57_344 }];
  }

  close(): void {
    this.closed += 1;
  }
}

function written({ program, target }: Attachment): string {
  return target === '' ? program : `${program}@${target}`;
}
