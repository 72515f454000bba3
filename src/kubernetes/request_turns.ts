/** Milliseconds between two requests of the agent to an API server. */
const INTERVAL_MILLIS = 1_000;

interface Waiting {
  readonly rank: number;
  readonly begin: () => void;
}

/**
 * Limits the rate of requests: one per second, over all lists and watches of the process. Two kinds don't wait: the first list of each
 * resource, and the next page after a full one.
 */
export class RequestTurns {
  readonly #intervalMillis: number;
  readonly #queue: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** On the clock of performance.now(). */
  #nextMillis = 0;

  constructor(intervalMillis = INTERVAL_MILLIS) {
    this.#intervalMillis = intervalMillis;
  }

  /** Resolves when it is the caller's turn, or as soon as `signal` is aborted. The lowest rank goes first. */
  async next(rank: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting: Waiting = { rank, begin: resolve };
    const after = this.#queue.findIndex((other) => other.rank > rank);
    this.#queue.splice(after === -1 ? this.#queue.length : after, 0, waiting);
    const leave = () => {
      const at = this.#queue.indexOf(waiting);
      if (at !== -1) this.#queue.splice(at, 1);
      this.#plan();
      resolve();
    };
    signal.addEventListener('abort', leave, { once: true });
    this.#plan();
    await promise;
    signal.removeEventListener('abort', leave);
  }

  /** Sets a timer for the next turn if any caller waits. */
  #plan(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#queue.length === 0) return;
    this.#timer = setTimeout(() => this.#begin(), Math.max(0, this.#nextMillis - performance.now()));
  }

  #begin(): void {
    this.#nextMillis = performance.now() + this.#intervalMillis;
    this.#queue.shift()?.begin();
    this.#plan();
  }
}

/** Shared by the whole process, because the limit applies to the agent, not to a resource or processor. */
export const AGENT_TURNS = new RequestTurns();
