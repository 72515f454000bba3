import type { Duplex } from 'node:stream';

/** Requests that may wait behind the one being answered: on one connection, and on all of an endpoint together. */
const MOST_WAITING = { ofConnection: 32, ofAll: 1_000 };

/**
 * Answers the requests of a connection one after the other. Node reads ahead: it makes
 * requests of all that a client has pipelined, and would have them all answered at once.
 */
export class Turns {
  readonly #queues = new Map<Duplex, (() => Promise<void>)[]>();
  #waiting = 0;

  /** Has `run`, which never rejects, called when it is its turn; false where too many wait already. */
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
    // Requests of a connection that has ended aren't answered.
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
