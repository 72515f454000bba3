import type { Layout, Probe } from '../probe.ts';

/** Called for each row that rose: its CPU, its index in the CPU's slice, and by how much. */
export type OnRow = (cpu: number, row: number, packets: number, bytes: number) => void;

const WORDS_PER_ROW = 4;

/** Planes of rows whose sum is read: see Probe.counters. */
export const PLANES = {
  /** Where flows aren't counted. */
  basic: [0],
  node: [0, 1],
  overflow: [2, 3],
} as const;

/**
 * The node rows, read from memory that the kernel writes: no system call, no copy. Remembers the last values, so that each read returns
 * what was added since the previous one. Counts are exact up to 2^53.
 */
export class NodeRows {
  readonly #cpus: number;
  readonly #rows: number;
  readonly #used: number;
  readonly #words: Uint32Array;
  readonly #planes: readonly number[];
  readonly #seen: Float64Array;

  /** `seen` has what was reported before; nothing at the start of counting. */
  constructor(
    probe: Probe,
    layout: Layout,
    reasons: number,
    seen: Float64Array = new Float64Array(2 * probe.cpus * probe.rows),
    planes: readonly number[] = PLANES.basic,
  ) {
    this.#cpus = probe.cpus;
    this.#rows = probe.rows;
    this.#used = (reasons << layout.reasonShift) + layout.slots.length;
    this.#words = new Uint32Array(probe.counters.buffer);
    this.#seen = seen;
    this.#planes = planes;
  }

  read(onRow: OnRow): void {
    const seen = this.#seen;
    for (let cpu = 0; cpu < this.#cpus; cpu++) {
      for (let row = 0; row < this.#used; row++) {
        const index = cpu * this.#rows + row;
        let [packets, bytes] = [0, 0];
        for (const plane of this.#planes) {
          const word = (plane * this.#cpus * this.#rows + index) * WORDS_PER_ROW;
          packets += counterAt(this.#words, word);
          bytes += counterAt(this.#words, word + 2);
        }
        const newPackets = packets - (seen[2 * index] as number);
        const newBytes = bytes - (seen[2 * index + 1] as number);
        if (newPackets === 0 && newBytes === 0) continue;
        seen[2 * index] = packets;
        seen[2 * index + 1] = bytes;
        onRow(cpu, row, newPackets, newBytes);
      }
    }
  }
}

/**
 * A 64-bit counter of a little-endian machine as a number, without a BigInt for each. The halves may be inconsistent if the kernel carries
 * from one to the other in between, so the upper half is read again until it is unchanged.
 */
function counterAt(words: Uint32Array, low: number): number {
  for (;;) {
    const upper = Atomics.load(words, low + 1);
    const lower = Atomics.load(words, low);
    if (upper === Atomics.load(words, low + 1)) return upper * 0x1_0000_0000 + lower;
  }
}
