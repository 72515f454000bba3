import { ApiFailure } from './failure.ts';
import type { Limits } from './limits.ts';

/** The number of objects, of all resources, that are known or being read. */
export class ObjectCount {
  readonly #most: number;
  readonly #counts = new Map<object, number>();
  #total = 0;

  constructor({ max_objects: most }: Limits) {
    this.#most = most;
  }

  /**
   * Sets the number of objects of `owner`.
   *
   * @throws ApiFailure if that is more than before, and the total exceeds the limit.
   */
  set(owner: object, count: number): void {
    const before = this.#counts.get(owner) ?? 0;
    if (count === before) return;
    const total = this.#total + count - before;
    if (count > before && total > this.#most) {
      throw new ApiFailure('too_large', `the cluster has more than ${this.#most} objects of interest (limits::max_objects)`);
    }
    this.#total = total;
    this.#counts.set(owner, count);
  }
}
