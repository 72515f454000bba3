/** Drops and the bytes of them. */
export interface Sums {
  readonly drops: number;
  readonly bytes: number;
}

/** Drops with bytes that may be undefined: those of failed calls, which have none. */
export interface OptionalSums {
  drops: number;
  bytes: number | undefined;
}

/** The sum of two numbers of bytes; undefined if neither has any. */
export function sumOfBytes(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : one + (other ?? 0);
}

/** Adds drops and their bytes to a sum. */
export function addTo(sum: OptionalSums, drops: number, bytes: number | undefined): void {
  sum.drops += drops;
  sum.bytes = sumOfBytes(sum.bytes, bytes);
}

/** What rows, or flows, come to; failed calls have no bytes. */
export function sumOf(rows: Iterable<{ readonly drops: number; readonly bytes: number | undefined }>): Sums {
  const sums = { drops: 0, bytes: 0 };
  for (const { drops, bytes } of rows) {
    sums.drops += drops;
    sums.bytes += bytes ?? 0;
  }
  return sums;
}
