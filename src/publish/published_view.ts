import type { DropSeries, SeriesMap } from '../metrics/series_map.ts';
import type { AttributeSet } from '../pdata/attributes.ts';
import { sumOfBytes } from '../pdata/sums.ts';
import type { SeriesNaming } from './naming.ts';

/**
 * Series under the names that they are published by, by column: the nth has the nth item of each. One is the sum of all series that those
 * names make equal.
 */
export interface PublishedSeries {
  /** The same objects at each look, and the same array if no series is new or gone. */
  readonly attributes: readonly AttributeSet['values'][];
  /** Of the earliest of those that are summed, in milliseconds since the epoch. */
  readonly startMillis: readonly number[];
  readonly drops: readonly number[];
  /** Undefined of calls, which have none. */
  readonly bytes: readonly (number | undefined)[];
}

interface Part {
  readonly series: DropSeries;
  /** As of the last look. */
  shownDrops: number | undefined;
}

interface Sum {
  readonly attributes: AttributeSet;
  startTimeMillis: number;
  parts: Part[];
  /** The counts of ended parts. The sum continues without the parts and never decreases. */
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
  /** Of the sums; undefined since one came or went. */
  #attributes: AttributeSet['values'][] | undefined;
  readonly #known = new WeakSet<DropSeries>();
  /** As of the last look, as the next two. */
  #beginnings = -1;
  #endings: number;
  #restarts: number;

  /**
   * The view of a map, which outlives a reload like the map: the counts of ended series are not shown again, and no sum decreases. Each
   * naming has its own view.
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

  /** The current series. Later changes don't affect them. */
  look(): PublishedSeries {
    this.settle();
    this.#meet();
    this.#attributes ??= Array.from(this.#sums.values(), ({ attributes }) => attributes.values);
    const [startMillis, drops, bytes]: [number[], number[], (number | undefined)[]] = [[], [], []];
    for (const sum of this.#sums.values()) {
      let [allDrops, allBytes] = [sum.endedDrops, sum.endedBytes];
      for (const part of sum.parts) {
        allDrops += part.series.drops;
        allBytes = sumOfBytes(allBytes, part.series.bytes);
        sum.startTimeMillis = Math.min(sum.startTimeMillis, part.series.startTimeMillis);
        part.shownDrops = part.series.drops;
      }
      startMillis.push(sum.startTimeMillis);
      drops.push(allDrops);
      bytes.push(allBytes);
    }
    return { attributes: this.#attributes, startMillis, drops, bytes };
  }

  /**
   * Removes ended series before new ones are added, so that a series that came back starts again. Series whose last values have not been
   * shown are removed after the next look. Returns whether published series were removed.
   */
  settle(): boolean {
    const isAnew = this.#restarts !== this.#map.restarts;
    if (isAnew) {
      this.#restarts = this.#map.restarts;
      this.#sums.clear();
      this.#attributes = undefined;
    }
    if (this.#endings === this.#map.endings) return isAnew;
    if (this.#naming.ends) return this.#leave() || isAnew;
    this.#leaveToRemainders();
    return isAnew;
  }

  /** Whether published series have gone. */
  #leave(): boolean {
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
        sum.endedBytes = sumOfBytes(sum.endedBytes, part.series.bytes);
        return false;
      });
      if (sum.parts.length === 0) isAnyGone = this.#sums.delete(key) || isAnyGone;
    }
    if (areAllGone) this.#endings = this.#map.endings;
    if (isAnyGone) this.#attributes = undefined;
    return isAnyGone;
  }

  #leaveToRemainders(): void {
    for (const sum of this.#sums.values()) sum.parts = sum.parts.filter(({ series }) => !series.ended);
    this.#endings = this.#map.endings;
  }

  #meet(): void {
    if (this.#beginnings === this.#map.beginnings) return;
    this.#beginnings = this.#map.beginnings;
    for (const series of this.#map.living.values()) if (!this.#known.has(series)) this.#join(series);
    // Sums that never end include the counts of their ended parts, also at the first look after a reload.
    if (!this.#naming.ends) for (const series of this.#map.remainders.values()) if (!this.#known.has(series)) this.#join(series);
  }

  #join(series: DropSeries): void {
    const attributes = this.#naming.publish(series.attributes);
    const { startTimeMillis } = series;
    this.#known.add(series);
    let sum = this.#sums.get(attributes.key);
    if (sum === undefined) {
      sum = { attributes, startTimeMillis, parts: [], endedDrops: 0, endedBytes: undefined };
      this.#sums.set(attributes.key, sum);
      this.#attributes = undefined;
    }
    sum.startTimeMillis = Math.min(sum.startTimeMillis, startTimeMillis);
    sum.parts.push({ series, shownDrops: undefined });
  }
}

/** The last view of each map. */
const views = new WeakMap<SeriesMap, PublishedView>();
