import type { DropBatch } from '../pdata/batch.ts';

/**
 * Takes the batches of the stage before it. Called on the event loop, one batch at a time, in the order of the reads;
 * returns when the batch is handed on. It may keep the batch but not change it: others get the same one. It must not throw.
 */
export interface Consumer {
  consume(batch: DropBatch): void;
}
