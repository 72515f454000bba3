import type { Layout, Probe, Row } from '../../src/receivers/dropreason/probe.ts';

/** What the addon says of bpf/dropreason.h; test/unit/native compares the addon's own with the header. */
export const LAYOUT: Layout = {
  reasonShift: 4,
  directionShift: 2,
  maxReasons: 248,
  directions: ['unknown', 'ingress', 'egress', 'forward'],
  families: ['other', 'ipv4', 'ipv6'],
  slots: ['fragment', 'not_packet', 'no_header', 'attributes_full', 'unlisted_full'],
  attributes: { protocol: 1, interface: 2, netns: 4, location: 8 },
  calls: { connect: 0xffff_ff01, accept: 0xffff_ff02 },
  hints: { ingress: 1, egress: 2 },
  noProtocol: 0xffff,
};

/** A row that is no array index, of a packet unless `given` says otherwise. */
export function entry(given: Partial<Row>): Row {
  return {
    location: 0n,
    reason: 3,
    netns: 0,
    error: 0,
    protocol: 0,
    direction: 1,
    family: 1,
    interface: '',
    packets: 1,
    bytes: 100,
    ...given,
  };
}

/** A probe without a kernel: tests write to `counters` and set `tables` and `misses`. */
export class FakeProbe implements Probe {
  readonly cpus: number;
  readonly rows: number;
  readonly counters: BigUint64Array;
  readonly tables: Record<'attributes' | 'unlisted', Row[]> = { attributes: [], unlisted: [] };
  misses = 0;
  /** Thrown by the next reading of the entries. */
  failure: Error | undefined;
  closed = 0;
  readonly attached: string[] = [];

  constructor(cpus: number, rows: number) {
    this.cpus = cpus;
    this.rows = rows;
    this.counters = new BigUint64Array(2 * cpus * rows);
  }

  /** Adds to a row, as the kernel does. */
  drop(cpu: number, row: number, packets: bigint, bytes: bigint): void {
    const index = 2 * (cpu * this.rows + row);
    this.counters[index] = (this.counters[index] ?? 0n) + packets;
    this.counters[index + 1] = (this.counters[index + 1] ?? 0n) + bytes;
  }

  attach(program: string): void {
    this.attached.push(program);
  }

  entries(map: 'attributes' | 'unlisted'): Row[] {
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
    return this.tables[map];
  }

  statistics() {
    return [{ program: 'kfree_skb', runs: 0, runNanoseconds: 0, recursionMisses: this.misses }];
  }

  maps() {
    return [{ map: 'dropreason_unlisted', capacity: 1024, bytes: 57_344 }];
  }

  close(): void {
    this.closed += 1;
  }
}
