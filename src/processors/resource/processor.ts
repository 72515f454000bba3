import type { Processor } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { DropBatch } from '../../pdata/batch.ts';

/** Passes batches on as they are: the resource is that of all of them, so its factory says what becomes of it. */
export class ResourceProcessor implements Processor {
  readonly #next: Consumer;

  constructor(next: Consumer) {
    this.#next = next;
  }

  async start(): Promise<void> {}

  async shutdown(): Promise<void> {}

  consume(batch: DropBatch): void {
    this.#next.consume(batch);
  }
}
