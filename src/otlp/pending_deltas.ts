import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { Deltas } from '../publish/deltas.ts';
import { Messages, type Outbox } from './outbox.ts';

/**
 * Deltas, none of which is forgotten before the server has acknowledged it. A message that was sent once is sent again as it was: the
 * server may have counted it although its answer was lost, and can recognize it by series and interval. Newer deltas wait behind it
 * and grow. docs/adr/0025-a-delta-is-forgotten-when-acknowledged.md has what follows.
 */
export class PendingDeltas implements Outbox {
  readonly keeps = true;
  readonly fates = {
    waiting: 'the deltas wait',
    refused: '; the deltas of this message are lost',
    ended: 'its deltas are lost, unless this is a reload',
  };
  readonly #deltas = new Deltas();
  readonly #messages = new Messages();

  add(metrics: ResourceMetrics): Promise<number> {
    return this.#deltas.take(metrics);
  }

  first(most: number): ResourceMetrics | undefined {
    if (this.#messages.first(most) === undefined) this.#messages.set(this.#deltas.cut());
    return this.#messages.first(most);
  }

  settle(message: ResourceMetrics): void {
    this.#messages.remove(message);
  }

  /** They are sent again. */
  giveUp(): void {}

  get points(): number {
    return this.#messages.points + this.#deltas.points;
  }
}
