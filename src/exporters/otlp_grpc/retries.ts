import { Backoff } from '../../component/backoff.ts';

export interface RetryOptions {
  readonly initialMillis: number;
  readonly mostMillis: number;
  /** 0: for ever. */
  readonly elapsedMillis: number;
}

/** As in the Collector's retry (cenkalti/backoff). */
const MULTIPLIER = 1.5;

/** The waits between the attempts of one push, until it is given up. */
export class Retries {
  readonly #backoff: Backoff;
  readonly #elapsedMillis: number;
  readonly #beganMillis: number;

  constructor({ elapsedMillis, ...options }: RetryOptions, nowMillis: number) {
    this.#backoff = new Backoff({ ...options, multiplier: MULTIPLIER });
    this.#elapsedMillis = elapsedMillis;
    this.#beganMillis = nowMillis;
  }

  /**
   * Milliseconds to wait before the next attempt, at least `leastMillis`, or undefined where it is time to give up.
   * `random` is in [0, 1).
   */
  next(nowMillis: number, leastMillis = 0, random?: number): number | undefined {
    const waitMillis = Math.max(this.#backoff.next(random), leastMillis);
    const elapsed = nowMillis - this.#beganMillis + waitMillis;
    return this.#elapsedMillis > 0 && elapsed > this.#elapsedMillis ? undefined : waitMillis;
  }
}
