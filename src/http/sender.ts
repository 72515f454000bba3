import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Body } from './body.ts';

/** Chunks of 64 kB to send in one turn of the event loop. */
const CHUNKS_A_TURN = 4;

/**
 * Sends bodies as fast as clients read. The system would accept megabytes at once, for hundreds of clients in one stretch. So the chunks of
 * all clients share one queue, and only a few are sent per turn of the event loop.
 */
export class Sender {
  readonly #queue: (() => void)[] = [];

  /** Resolves when the system has accepted the last byte, or the connection has ended. Calls `onProgress` after each chunk. */
  async send(response: ServerResponse, { chunks }: Body, onProgress: () => void): Promise<void> {
    const closed = once(response, 'close');
    for (const chunk of chunks) {
      await this.#turn();
      if (response.destroyed) break;
      if (!response.write(chunk)) await Promise.race([once(response, 'drain'), closed]);
      onProgress();
    }
    response.end();
    await closed;
  }

  #turn(): Promise<void> {
    if (this.#queue.length === 0) setImmediate(() => this.#work());
    return new Promise((resolve) => this.#queue.push(resolve));
  }

  #work(): void {
    for (const resolve of this.#queue.splice(0, CHUNKS_A_TURN)) resolve();
    if (this.#queue.length > 0) setImmediate(() => this.#work());
  }
}
