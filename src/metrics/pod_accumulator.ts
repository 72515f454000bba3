import type { DropBatch } from '../pdata/batch.ts';
import { type DropSeries, type EndTime, SeriesMap } from './series_map.ts';

/**
 * The cumulative series of pods, for one exporter. A series begins at the read before the one that it appeared in, or before the
 * oldest drop that a processor had kept back.
 */
export class PodAccumulator {
  readonly #map = new SeriesMap();
  #last: EndTime = { timeMillis: 0, steadyMillis: Number.NEGATIVE_INFINITY };
  #beforeMillis = 0;
  #readsSinceResume: number | undefined;
  readonly #notBeforeMillis: number;

  /** See {@link DropAccumulator}. */
  constructor(notBeforeMillis = 0) {
    this.#notBeforeMillis = notBeforeMillis;
  }

  get map(): SeriesMap {
    return this.#map;
  }

  /** See {@link DropAccumulator}. */
  get lastTimeMillis(): number {
    return this.#last.timeMillis;
  }

  get series(): ReadonlyMap<string, DropSeries> {
    return this.#map.living;
  }

  /**
   * Called after a reload. If no batch brings series of pods any more, the existing ones have ended. One read from before may still
   * arrive.
   */
  resume(): void {
    this.#readsSinceResume = 0;
  }

  add({ pods, timeMillis, steadyMillis, startTimeMillis, anew }: DropBatch): void {
    if (anew === true) this.#map.restart();
    if (steadyMillis > this.#last.steadyMillis) {
      if (timeMillis < this.#last.timeMillis) this.#map.setBack(timeMillis);
      this.#beforeMillis = this.#last.timeMillis;
      this.#last = { timeMillis, steadyMillis };
      this.#lookForLost();
    }
    if (pods === undefined) return;
    this.#readsSinceResume = undefined;
    const before = Math.max(this.#beforeMillis === 0 ? startTimeMillis : this.#beforeMillis, this.#notBeforeMillis);
    const sinceMillis = Math.min(before, pods.sinceMillis ?? before, timeMillis - 1);
    for (const row of pods.rows) this.#map.add(row, sinceMillis);
    for (const attributes of pods.ended) this.#map.end(attributes, this.#last);
    this.#map.forget(steadyMillis);
  }

  /** The processor that brought series may be gone since a reload. */
  #lookForLost(): void {
    if (this.#readsSinceResume === undefined) return;
    this.#readsSinceResume++;
    if (this.#readsSinceResume <= 2) return;
    this.#readsSinceResume = undefined;
    this.#map.endAll(this.#last);
  }
}
