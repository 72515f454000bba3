export interface BackoffOptions {
  readonly initialMillis: number;
  readonly mostMillis: number;
  /** 0: for ever. */
  readonly elapsedMillis: number;
}

/** Growth and spread as in the Collector's retry (cenkalti/backoff). */
const MULTIPLIER = 1.5;
const SPREAD = 0.5;

/** The waits between the attempts of one push. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #beganMillis: number;
  #intervalMillis: number;

  constructor(options: BackoffOptions, nowMillis: number) {
    this.#options = options;
    this.#beganMillis = nowMillis;
    this.#intervalMillis = Math.min(options.initialMillis, options.mostMillis);
  }

  /**
   * Milliseconds to wait before the next attempt, at least `leastMillis`, or undefined where it is time to give up.
   * `random` is in [0, 1).
   */
  next(nowMillis: number, leastMillis = 0, random: number = Math.random()): number | undefined {
    const waitMillis = Math.max(this.#intervalMillis * (1 - SPREAD + 2 * SPREAD * random), leastMillis);
    this.#intervalMillis = Math.min(this.#intervalMillis * MULTIPLIER, this.#options.mostMillis);
    const { elapsedMillis } = this.#options;
    const elapsed = nowMillis - this.#beganMillis + waitMillis;
    return elapsedMillis > 0 && elapsed > elapsedMillis ? undefined : waitMillis;
  }
}
