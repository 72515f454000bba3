/** Drops and the bytes of them. */
export interface Sums {
  readonly drops: number;
  readonly bytes: number;
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
