import type { AttributeSet } from '../../pdata/attributes.ts';
import type { DropRow } from '../../pdata/drop_row.ts';
import { addRow } from '../../pdata/sum_rows.ts';

/** A series, which is the sum of others. */
interface Sum {
  readonly attributes: AttributeSet;
  /** The keys of the series in it that have not ended. */
  readonly parts: Set<string>;
  isOver: boolean;
  /** What the rows of this read add to it, as far as they have been added. */
  row: DropRow | undefined;
}

/** The attributes that a series has in the end. */
type Change = (attributes: AttributeSet) => AttributeSet;

/** Which series are in which sum: a sum ends with its last part, so that it never falls. It outlives a reload. */
export class SummedSeries {
  readonly #sums = new Map<string, Sum>();
  /** Earlier stages pass the same sets at each read, so their sums are found without their keys. */
  #known = new WeakMap<AttributeSet, Sum>();

  /** The rows of a read, those of one sum added up. */
  add(rows: readonly DropRow[], change: Change): DropRow[] {
    const touched: Sum[] = [];
    for (const row of rows) {
      const sum = this.#sumOf(row.attributes, change);
      sum.parts.add(row.attributes.key);
      if (sum.row === undefined) touched.push(sum);
      sum.row = sum.row === undefined ? { ...row, attributes: sum.attributes } : addRow(sum.row, row);
    }
    return touched.map((sum) => {
      const row = sum.row as DropRow;
      sum.row = undefined;
      return row;
    });
  }

  /** These have ended. The sums that have ended with them. */
  end(parts: readonly AttributeSet[], change: Change): AttributeSet[] {
    return parts.flatMap((part) => {
      const sum = this.#sumOf(part, change);
      sum.parts.delete(part.key);
      if (sum.parts.size > 0) return [];
      sum.isOver = true;
      this.#sums.delete(sum.attributes.key);
      return sum.attributes;
    });
  }

  /** Forgets all sums, and returns their attributes. */
  clear(): AttributeSet[] {
    const all = Array.from(this.#sums.values(), ({ attributes }) => attributes);
    this.#sums.clear();
    this.#known = new WeakMap();
    return all;
  }

  #sumOf(part: AttributeSet, change: Change): Sum {
    const known = this.#known.get(part);
    if (known !== undefined && !known.isOver) return known;
    const attributes = change(part);
    const sum = this.#sums.get(attributes.key) ?? { attributes, parts: new Set(), isOver: false, row: undefined };
    this.#sums.set(attributes.key, sum);
    this.#known.set(part, sum);
    return sum;
  }
}
