import type { DropBatch } from '../pdata/batch.ts';

/**
 * Receives the batches of the previous stage. Called on the event loop, one batch at a time, in the order of the reads. Returns when it
 * has passed the batch on. It may keep the batch but must not change it, because others get the same one. It must not throw.
 */
export interface Consumer {
  consume(batch: DropBatch): void;
}
