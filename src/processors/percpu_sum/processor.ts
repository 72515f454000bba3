import type { Processor } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { AttributeSet } from '../../pdata/attributes.ts';
import type { DropBatch } from '../../pdata/batch.ts';
import { sumRows } from '../../pdata/sum_rows.ts';

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
    this.#next.consume({ ...batch, rows: sumRows(batch.rows, (attributes) => this.#withoutCpu(attributes)) });
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
