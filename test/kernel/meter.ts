import type { HookStatus } from '../../src/pdata/batch.ts';

/** One row of the counter under test, summed over CPUs. */
export interface MeterRow {
  readonly reason: string;
  readonly direction: string;
  readonly family: string;
  /** Inode number of the network namespace; 0 where it isn't known. */
  readonly netns: number;
  readonly class: string;
  /** The errno's name of a failed call, else empty. */
  readonly error: string;
  readonly drops: number;
  /** 0 for failed calls, which have none. */
  readonly bytes: number;
}

/** One flow of the counter under test; addresses are empty where there are none. */
export interface MeterFlow extends MeterRow {
  readonly source: string;
  readonly destination: string;
}

/** What has been counted since `start`. */
export interface Reading {
  /** Undefined where the counter counts no flows. */
  readonly flows: readonly MeterFlow[] | undefined;
  /** Reads of which flows and overflow were not what the rows rose by, in words. */
  readonly unequal: readonly string[];
  readonly rows: readonly MeterRow[];
  readonly losses: Readonly<Record<string, number>>;
}

/** The counter under test, whatever it is made of. */
export interface Meter {
  start(): Promise<void>;
  read(): Promise<Reading>;
  stop(): Promise<void>;
  /** On what its hooks stand. */
  hooks(): readonly HookStatus[];
  /** How often it has read by its own clock. */
  readonly intervals: number;
}

/** How a meter is to be made. */
export interface MeterOptions {
  /** Keys of the receiver's configuration, over those that every run needs. */
  readonly config?: Readonly<Record<string, unknown>>;
}

function keyOf(row: MeterRow & Partial<MeterFlow>): string {
  const { reason, direction, family, netns, class: ofClass, error, source = '', destination = '' } = row;
  return [reason, direction, family, netns, ofClass, error, source, destination].join(' ');
}

/** What was counted between two readings; rows without any are left out. */
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

/** Adds rows that are alike, such as those of several CPUs. */
export function sumRows<T extends MeterRow>(rows: Iterable<T>): T[] {
  const sums = new Map<string, T>();
  for (const row of rows) {
    const key = keyOf(row);
    const sum = sums.get(key);
    sums.set(key, sum === undefined ? row : { ...row, drops: sum.drops + row.drops, bytes: sum.bytes + row.bytes });
  }
  return [...sums.values()];
}
