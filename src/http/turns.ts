import type { Duplex } from 'node:stream';

/** Requests that may wait, per connection and for the whole endpoint. */
const MOST_WAITING = { ofConnection: 32, ofAll: 1_000 };

/**
 * Answers the requests of a connection one after the other. Node reads ahead and creates requests for everything that a client has
 * pipelined; without this, all would be answered at once.
 */
export class Turns {
  readonly #queues = new Map<Duplex, (() => Promise<void>)[]>();
  #waiting = 0;

  /** Calls `run` when it is its turn. `run` never rejects. Returns false if too many wait already. */
  take(socket: Duplex, run: () => Promise<void>): boolean {
    const queue = this.#queues.get(socket);
    if (queue === undefined) {
      this.#queues.set(socket, []);
      void this.#work(socket, run);
      return true;
    }
    if (queue.length >= MOST_WAITING.ofConnection || this.#waiting >= MOST_WAITING.ofAll) return false;
    queue.push(run);
    this.#waiting++;
    return true;
  }

  async #work(socket: Duplex, first: () => Promise<void>): Promise<void> {
    const queue = this.#queues.get(socket) ?? [];
    await first();
    // Requests of a closed connection aren't answered.
    while (!socket.destroyed) {
      const run = queue.shift();
      if (run === undefined) break;
      this.#waiting--;
      await run();
    }
    this.#waiting -= queue.length;
    this.#queues.delete(socket);
  }
}
