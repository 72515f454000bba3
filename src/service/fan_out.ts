import type { Consumer } from '../component/consumer.ts';
import type { DropBatch } from '../pdata/batch.ts';

/** Passes each batch to several consumers. A reload may change them between two batches. */
export class FanOut implements Consumer {
  targets: readonly Consumer[] = [];

  consume(batch: DropBatch): void {
    for (const target of this.targets) target.consume(batch);
  }
}
