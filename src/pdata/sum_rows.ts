import type { AttributeSet } from './attributes.ts';
import type { DropRow } from './drop_row.ts';
import { sumOfBytes } from './sums.ts';

/** Rows with other attributes; those that become equal are summed. */
export function sumRows(rows: readonly DropRow[], attributesOf: (attributes: AttributeSet) => AttributeSet): DropRow[] {
  const sums = new Map<string, DropRow>();
  for (const row of rows) {
    const attributes = attributesOf(row.attributes);
    const sum = sums.get(attributes.key);
    sums.set(attributes.key, sum === undefined ? { ...row, attributes } : addRow(sum, row));
  }
  return [...sums.values()];
}

/** The sum of two rows, with the attributes of the first. */
export function addRow(a: DropRow, b: DropRow): DropRow {
  const since = a.sinceMillis === undefined || b.sinceMillis === undefined ? undefined : Math.min(a.sinceMillis, b.sinceMillis);
  return {
    attributes: a.attributes,
    drops: a.drops + b.drops,
    bytes: sumOfBytes(a.bytes, b.bytes),
    ...(since === undefined ? {} : { sinceMillis: since }),
  };
}
