import type { Consumer } from '../component/consumer.ts';
import type { DropBatch } from '../pdata/batch.ts';

/** Hands each batch to several consumers; which ones may change between two batches, as a reload does. */
export class FanOut implements Consumer {
  targets: readonly Consumer[] = [];

  consume(batch: DropBatch): void {
    for (const target of this.targets) target.consume(batch);
  }
}
