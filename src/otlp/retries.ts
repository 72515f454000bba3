import { Backoff } from '../component/backoff.ts';
import type { RetrySettings } from './retry_settings.ts';

/** The longest wait of setTimeout. */
const MOST_MILLIS = 2 ** 31 - 1;

/** The waits between the attempts of one push, until it is given up. */
export class Retries {
  readonly #backoff: Backoff;
  readonly #elapsedMillis: number;
  readonly #beganMillis: number;

  constructor(settings: Omit<RetrySettings, 'enabled'>, nowMillis: number) {
    this.#backoff = new Backoff({
      initialMillis: settings.initial_interval,
      mostMillis: settings.max_interval,
      multiplier: settings.multiplier,
      jitter: settings.randomization_factor,
    });
    this.#elapsedMillis = settings.max_elapsed_time;
    this.#beganMillis = nowMillis;
  }

  /**
   * Milliseconds to wait before the next attempt, at least `leastMillis`, or undefined when the push is given up.
   * `random` is in [0, 1).
   */
  next(nowMillis: number, leastMillis = 0, random?: number): number | undefined {
    const waitMillis = Math.min(Math.max(this.#backoff.next(random), leastMillis), MOST_MILLIS);
    const elapsed = nowMillis - this.#beganMillis + waitMillis;
    return this.#elapsedMillis > 0 && elapsed > this.#elapsedMillis ? undefined : waitMillis;
  }
}
