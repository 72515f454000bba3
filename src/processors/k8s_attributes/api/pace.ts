import type { Timing } from './timing.ts';

const MINUTE_MILLIS = 60_000;

/** When the next request may be made. */
export class Pace {
  readonly #timing: Timing;
  /** When the last requests were made, at most `requestsPerMinute` of them. */
  readonly #made: number[] = [];
  #failures = 0;

  constructor(timing: Timing) {
    this.#timing = timing;
  }

  /** How many failures in a row there were without a healthy minute between them. */
  get failures(): number {
    return this.#failures;
  }

  healthy(): void {
    this.#failures = 0;
  }

  /** Milliseconds to wait after a failure; each wait is twice as long as the one before, up to a bound. `random` is in [0, 1). */
  failed(random: number = Math.random()): number {
    const { backoffMillis, backoffMostMillis } = this.#timing;
    const wait = Math.min(backoffMillis * 2 ** Math.min(this.#failures, 30), backoffMostMillis);
    this.#failures += 1;
    return spread(wait, random);
  }

  /**
   * Milliseconds until one more request keeps within `requestsPerMinute`, whatever brought it about; 0 where it does now, and then it
   * is taken for made. The waits above alone would keep within it: this holds should they ever not.
   */
  request(nowMillis: number): number {
    const { requestsPerMinute } = this.#timing;
    const [oldest] = this.#made;
    if (oldest !== undefined && this.#made.length >= requestsPerMinute) {
      const wait = oldest + MINUTE_MILLIS - nowMillis;
      if (wait > 0) return wait;
      this.#made.shift();
    }
    this.#made.push(nowMillis);
    return 0;
  }
}

/** ± half, so that the agents of a cluster don't come all at once. */
export function spread(millis: number, random: number = Math.random()): number {
  return millis * (0.5 + random);
}
