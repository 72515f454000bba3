export interface BackoffOptions {
  readonly initialMillis: number;
  readonly mostMillis: number;
  /** Each wait is this many times the one before. */
  readonly multiplier: number;
  /** The most that jitter adds or takes away, as a part of the wait; 0.5 by default. */
  readonly jitter?: number;
}

/** Waits between attempts: exponential up to a bound, with jitter. */
export class Backoff {
  readonly #options: BackoffOptions;
  #intervalMillis: number;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#intervalMillis = Math.min(options.initialMillis, options.mostMillis);
  }

  /** Milliseconds to wait before the next attempt. `random` is in [0, 1). */
  next(random: number = Math.random()): number {
    const wait = spread(this.#intervalMillis, random, this.#options.jitter);
    this.#intervalMillis = Math.min(this.#intervalMillis * this.#options.multiplier, this.#options.mostMillis);
    return wait;
  }
}

/** Adds jitter, so that the agents of a cluster don't act at the same moment. `random` is in [0, 1). */
export function spread(millis: number, random: number = Math.random(), jitter = 0.5): number {
  return millis * (1 - jitter + 2 * jitter * random);
}
