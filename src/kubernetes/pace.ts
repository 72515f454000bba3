import type { Timing } from './timing.ts';

/** How long to wait after a failure. */
export class Pace {
  readonly #timing: Timing;
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
}

/** ± half, so that the agents of a cluster don't come all at once. */
export function spread(millis: number, random: number = Math.random()): number {
  return millis * (0.5 + random);
}
