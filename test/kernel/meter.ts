import type { HookStatus } from '../../src/pdata/batch.ts';

/** One row of the counter under test, summed over CPUs. */
export interface MeterRow {
  readonly reason: string;
  readonly direction: string;
  readonly family: string;
  /** Inode number of the network namespace; 0 if unknown. */
  readonly netns: number;
  readonly class: string;
  /** The name of a failed call's errno, else empty. */
  readonly error: string;
  readonly drops: number;
  /** 0 for failed calls, which have none. */
  readonly bytes: number;
}

/** One flow of the counter under test. Missing addresses are empty. */
export interface MeterFlow extends MeterRow {
  readonly source: string;
  readonly destination: string;
}

/** The counts since `start`. */
export interface Reading {
  /** Undefined if the counter has no flows. */
  readonly flows: readonly MeterFlow[] | undefined;
  /** Messages about reads in which flows plus overflow did not equal the increase of the rows. */
  readonly unequal: readonly string[];
  readonly rows: readonly MeterRow[];
  readonly losses: Readonly<Record<string, number>>;
}

/** The counter under test, independent of its implementation. */
export interface Meter {
  start(): Promise<void>;
  read(): Promise<Reading>;
  stop(): Promise<void>;
  /** The rungs of its hooks. */
  hooks(): readonly HookStatus[];
  /** The number of reads by its own timer. */
  readonly intervals: number;
}

/** Options for a new meter. */
export interface MeterOptions {
  /** Keys of the receiver's configuration, added to those that every run needs. */
  readonly config?: Readonly<Record<string, unknown>>;
}

function keyOf(row: MeterRow & Partial<MeterFlow>): string {
  const { reason, direction, family, netns, class: ofClass, error, source = '', destination = '' } = row;
  return [reason, direction, family, netns, ofClass, error, source, destination].join(' ');
}

/** The counts between two readings, without empty rows. */
export function difference(before: Reading, after: Reading): Reading {
  const losses = Object.entries(after.losses).map(([slot, count]) => [slot, count - (before.losses[slot] ?? 0)] as const);
  return {
    rows: risen(before.rows, after.rows),
    flows: after.flows === undefined ? undefined : risen(before.flows ?? [], after.flows),
    unequal: after.unequal.slice(before.unequal.length),
    losses: Object.fromEntries(losses.filter(([, count]) => count !== 0)),
  };
}

function risen<T extends MeterRow>(before: readonly T[], after: readonly T[]): T[] {
  const old = new Map(before.map((row) => [keyOf(row), row]));
  return after
    .map((row) => {
      const was = old.get(keyOf(row));
      return { ...row, drops: row.drops - (was?.drops ?? 0), bytes: row.bytes - (was?.bytes ?? 0) };
    })
    .filter((row) => row.drops !== 0 || row.bytes !== 0);
}

/** Sums equal rows, such as those of several CPUs. */
export function sumRows<T extends MeterRow>(rows: Iterable<T>): T[] {
  const sums = new Map<string, T>();
  for (const row of rows) {
    const key = keyOf(row);
    const sum = sums.get(key);
    sums.set(key, sum === undefined ? row : { ...row, drops: sum.drops + row.drops, bytes: sum.bytes + row.bytes });
  }
  return [...sums.values()];
}
