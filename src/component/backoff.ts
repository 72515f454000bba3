export interface BackoffOptions {
  readonly initialMillis: number;
  readonly mostMillis: number;
  /** By how much each wait is longer than the one before. */
  readonly multiplier: number;
}

/** Waits between attempts, each longer than the one before up to a bound, and spread. */
export class Backoff {
  readonly #options: BackoffOptions;
  #intervalMillis: number;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#intervalMillis = Math.min(options.initialMillis, options.mostMillis);
  }

  /** Milliseconds to wait before the next attempt. `random` is in [0, 1). */
  next(random: number = Math.random()): number {
    const wait = spread(this.#intervalMillis, random);
    this.#intervalMillis = Math.min(this.#intervalMillis * this.#options.multiplier, this.#options.mostMillis);
    return wait;
  }
}

/** ± half, so that the agents of a cluster don't all come at once. `random` is in [0, 1). */
export function spread(millis: number, random: number = Math.random()): number {
  return millis * (0.5 + random);
}
