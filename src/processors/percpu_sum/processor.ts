import type { Processor } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { AttributeSet } from '../../pdata/attributes.ts';
import type { DropBatch } from '../../pdata/batch.ts';
import type { DropRow } from '../../pdata/drop_row.ts';
import { sumOfBytes } from '../../pdata/sums.ts';

/** Sums the rows that differ only in `cpu`. */
export class PercpuSum implements Processor {
  readonly #next: Consumer;
  /** The receiver passes the same sets at each read, so each is split once. */
  readonly #summed = new WeakMap<AttributeSet, AttributeSet>();

  constructor(next: Consumer) {
    this.#next = next;
  }

  async start(): Promise<void> {}

  async shutdown(): Promise<void> {}

  consume(batch: DropBatch): void {
    const sums = new Map<string, DropRow>();
    for (const row of batch.rows) {
      const attributes = this.#withoutCpu(row.attributes);
      const sum = sums.get(attributes.key);
      sums.set(attributes.key, sum === undefined ? { ...row, attributes } : add(sum, row));
    }
    this.#next.consume({ ...batch, rows: [...sums.values()] });
  }

  #withoutCpu(attributes: AttributeSet): AttributeSet {
    let summed = this.#summed.get(attributes);
    if (summed === undefined) {
      summed = attributes.without('cpu');
      this.#summed.set(attributes, summed);
    }
    return summed;
  }
}

function add(a: DropRow, b: DropRow): DropRow {
  const since = a.sinceMillis === undefined || b.sinceMillis === undefined ? undefined : Math.min(a.sinceMillis, b.sinceMillis);
  return {
    attributes: a.attributes,
    drops: a.drops + b.drops,
    bytes: sumOfBytes(a.bytes, b.bytes),
    ...(since === undefined ? {} : { sinceMillis: since }),
  };
}
