import { ApiFailure } from './failure.ts';
import type { Limits } from './limits.ts';

/** How many objects are known, or being read, of all resources together. */
export class ObjectCount {
  readonly #most: number;
  readonly #counts = new Map<object, number>();
  #total = 0;

  constructor({ max_objects: most }: Limits) {
    this.#most = most;
  }

  /**
   * `owner` has so many now.
   *
   * @throws ApiFailure where that is more than before, and too many with all the others.
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
