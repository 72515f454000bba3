import type { DropSeries, SeriesMap } from '../metrics/series_map.ts';
import type { AttributeSet } from '../pdata/attributes.ts';
import type { SeriesNaming } from './naming.ts';

/** A series under the names it is published by: the sum of all series that those names make equal. */
export interface PublishedSeries {
  readonly attributes: AttributeSet;
  /** Of the earliest of them, in milliseconds since the epoch. */
  readonly startTimeMillis: number;
  readonly drops: number;
  readonly bytes: number | undefined;
}

interface Part {
  readonly series: DropSeries;
  /** As of the last look. */
  shownDrops: number | undefined;
}

interface Sum {
  readonly attributes: AttributeSet;
  startTimeMillis: number;
  drops: number;
  bytes: number | undefined;
  parts: Part[];
  /** What parts had counted that have ended: the sum goes on without them, and never falls. */
  endedDrops: number;
  endedBytes: number | undefined;
}

/**
 * Series as seen through a naming. Attributes are renamed once per series, sums are made at each look. A series that has ended is
 * shown once more where its last numbers have not been shown yet, so that no drop is lost to who looks every two minutes or more often.
 */
export class PublishedView {
  readonly #map: SeriesMap;
  readonly #naming: SeriesNaming;
  readonly #sums = new Map<string, Sum>();
  readonly #known = new WeakSet<DropSeries>();
  #endings: number;
  #restarts: number;

  /**
   * The view of a map, which outlives a reload as the map does: what has been shown of series that ended is not shown again, and no sum
   * falls. Another naming has another view.
   */
  static of(map: SeriesMap, naming: SeriesNaming): PublishedView {
    let view = views.get(map);
    if (view === undefined || view.#naming !== naming) {
      view = new PublishedView(map, naming);
      views.set(map, view);
    }
    return view;
  }

  private constructor(map: SeriesMap, naming: SeriesNaming) {
    this.#map = map;
    this.#naming = naming;
    // What ended before was published under other names, and is not to be shown when the next one ends.
    for (const series of map.lately()) this.#known.add(series);
    this.#endings = map.endings;
    this.#restarts = map.restarts;
  }

  /** The series as they stand now. The objects are the same at each look, so that their attributes are too. */
  look(): Iterable<PublishedSeries> {
    this.settle();
    for (const series of this.#map.living.values()) if (!this.#known.has(series)) this.#join(series);
    // Sums that never end go on with what their parts had counted, also for who looks first after a reload.
    if (!this.#naming.ends) for (const series of this.#map.remainders.values()) if (!this.#known.has(series)) this.#join(series);
    for (const sum of this.#sums.values()) {
      sum.drops = sum.endedDrops;
      sum.bytes = sum.endedBytes;
      for (const part of sum.parts) {
        sum.drops += part.series.drops;
        sum.bytes = plus(sum.bytes, part.series.bytes);
        sum.startTimeMillis = Math.min(sum.startTimeMillis, part.series.startTimeMillis);
        part.shownDrops = part.series.drops;
      }
    }
    return this.#sums.values();
  }

  /**
   * Takes leave of series that have ended, before new ones join, so that one which came back begins anew. Those whose last numbers have
   * still to be shown go after the next look. Whether published series have gone.
   */
  settle(): boolean {
    if (this.#restarts !== this.#map.restarts) {
      this.#restarts = this.#map.restarts;
      this.#sums.clear();
      return true;
    }
    if (this.#endings === this.#map.endings) return false;
    if (!this.#naming.ends) return this.#leaveToRemainders();
    for (const series of this.#map.lately()) if (!this.#known.has(series)) this.#join(series);
    let [areAllGone, isAnyGone] = [true, false];
    for (const [key, sum] of this.#sums) {
      sum.parts = sum.parts.filter((part) => {
        if (!part.series.ended) return true;
        if (part.shownDrops !== part.series.drops) {
          areAllGone = false;
          return true;
        }
        sum.endedDrops += part.series.drops;
        sum.endedBytes = plus(sum.endedBytes, part.series.bytes);
        return false;
      });
      if (sum.parts.length === 0) isAnyGone = this.#sums.delete(key) || isAnyGone;
    }
    if (areAllGone) this.#endings = this.#map.endings;
    return isAnyGone;
  }

  #leaveToRemainders(): boolean {
    for (const sum of this.#sums.values()) sum.parts = sum.parts.filter(({ series }) => !series.ended);
    this.#endings = this.#map.endings;
    return false;
  }

  #join(series: DropSeries): void {
    const attributes = this.#naming.publish(series.attributes);
    const { startTimeMillis } = series;
    this.#known.add(series);
    let sum = this.#sums.get(attributes.key);
    if (sum === undefined) {
      sum = { attributes, startTimeMillis, drops: 0, bytes: undefined, parts: [], endedDrops: 0, endedBytes: undefined };
      this.#sums.set(attributes.key, sum);
    }
    sum.startTimeMillis = Math.min(sum.startTimeMillis, startTimeMillis);
    sum.parts.push({ series, shownDrops: undefined });
  }
}

/** The last view of each map. */
const views = new WeakMap<SeriesMap, PublishedView>();

function plus(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);
}
