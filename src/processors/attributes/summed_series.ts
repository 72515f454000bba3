import type { AttributeSet } from '../../pdata/attributes.ts';

/** A series with the keys of the series that it is the sum of and that have not ended. */
interface Sum {
  readonly attributes: AttributeSet;
  readonly parts: Set<string>;
}

/** Which series are in which sum: a sum ends with its last part, so that it never falls. It outlives a reload. */
export class SummedSeries {
  readonly #sums = new Map<string, Sum>();

  add(part: AttributeSet, attributes: AttributeSet): void {
    let sum = this.#sums.get(attributes.key);
    if (sum === undefined) {
      sum = { attributes, parts: new Set() };
      this.#sums.set(attributes.key, sum);
    }
    sum.parts.add(part.key);
  }

  /** A part has ended. Whether its sum has. */
  end(part: AttributeSet, { key }: AttributeSet): boolean {
    const sum = this.#sums.get(key);
    sum?.parts.delete(part.key);
    if (sum !== undefined && sum.parts.size > 0) return false;
    this.#sums.delete(key);
    return true;
  }

  /** Forgets all sums, and returns them. */
  clear(): AttributeSet[] {
    const all = Array.from(this.#sums.values(), ({ attributes }) => attributes);
    this.#sums.clear();
    return all;
  }
}
