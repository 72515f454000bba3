/** Milliseconds between two requests of the agent to an API server, whatever asks. */
const INTERVAL_MILLIS = 1_000;

interface Waiting {
  readonly rank: number;
  readonly begin: () => void;
}

/**
 * Whose request is next. One begins every second, of all lists and watches of the process together; the first list of each may begin
 * at once, and so may the further pages of a list that are full.
 */
export class RequestTurns {
  readonly #intervalMillis: number;
  readonly #queue: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Of performance.now(). */
  #nextMillis = 0;

  constructor(intervalMillis = INTERVAL_MILLIS) {
    this.#intervalMillis = intervalMillis;
  }

  /** Resolves when it is the caller's turn, or as soon as `signal` is aborted. Of those that wait, the lowest rank comes first. */
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

  /** A timer for the next turn, while somebody waits for it. */
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

/** All of this process: the bound is the agent's, however many resources and processors ask. */
export const AGENT_TURNS = new RequestTurns();
