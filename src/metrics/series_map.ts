import { AttributeSet } from '../pdata/attributes.ts';
import type { DropBatch } from '../pdata/batch.ts';
import type { DropRow } from '../pdata/drop_row.ts';
import { addTo } from '../pdata/sums.ts';

/** The current state of one series: cumulative since its start. */
export interface DropSeries {
  readonly attributes: AttributeSet;
  /** In milliseconds since the epoch; nothing that it counts happened before. */
  readonly startTimeMillis: number;
  readonly drops: number;
  /** Undefined for a series of calls, which have no bytes. */
  readonly bytes: number | undefined;
  /** It is no longer among the series; its numbers are its last. */
  readonly ended: boolean;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * How long an ended series is remembered, in milliseconds: longer than any processor keeps rows back, and than most scrapers wait
 * between two scrapes.
 */
const REMEMBERED_MILLIS = 120_000;

/** When something ended: in milliseconds since the epoch, and by performance.now(). */
export type EndTime = Pick<DropBatch, 'timeMillis' | 'steadyMillis'>;

interface Ended extends Writable<EndTime> {
  readonly series: Writable<DropSeries>;
}

/** Cumulative series by their attributes, for one exporter. Some of them end: a row that comes later begins another one. */
export class SeriesMap {
  readonly #living = new Map<string, Writable<DropSeries>>();
  /** Those that ended lately, by the key of their attributes, the first first. */
  readonly #ended = new Map<string, Ended>();
  readonly #remainders = new Map<string, Writable<DropSeries>>();
  #beginnings = 0;
  #endings = 0;
  #restarts = 0;

  /** Counts of ended series, only by reason and direction: for sums over everything else, which must not decrease. */
  get remainders(): ReadonlyMap<string, DropSeries> {
    return this.#remainders;
  }

  get living(): ReadonlyMap<string, DropSeries> {
    return this.#living;
  }

  /** Counts up whenever a series, or a remainder, begins. */
  get beginnings(): number {
    return this.#beginnings;
  }

  /** Counts up whenever a series ends. */
  get endings(): number {
    return this.#endings;
  }

  /** Incremented whenever all series start again. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Forgets all series: what comes from now on is another count. */
  restart(): void {
    this.#living.clear();
    this.#ended.clear();
    this.#remainders.clear();
    this.#restarts++;
  }

  /** Series that ended in the last two minutes; of several with the same attributes, the last. */
  *lately(): Generator<DropSeries> {
    for (const { series } of this.#ended.values()) yield series;
  }

  /** Adds a row to its series, which begins at `beginMillis` if it is new, but not before the one of the same attributes ended. */
  add(row: DropRow, beginMillis: number): void {
    this.#addTo(this.#living, row, beginMillis);
  }

  /** Adds what series had counted that ended before there was this map. */
  addEnded({ attributes, drops, bytes }: DropRow, startTimeMillis: number): void {
    const kept = Object.entries(attributes.values).filter(([name]) => name === 'reason' || name === 'direction');
    this.#addTo(this.#remainders, { attributes: new AttributeSet(Object.fromEntries(kept)), drops, bytes }, startTimeMillis);
  }

  /** Ends a series, if there is one of these attributes. */
  end({ key }: Pick<AttributeSet, 'key'>, { timeMillis, steadyMillis }: EndTime): void {
    const series = this.#living.get(key);
    if (series === undefined) return;
    series.ended = true;
    this.addEnded(series, series.startTimeMillis);
    this.#endings++;
    this.#living.delete(key);
    this.#ended.delete(key);
    this.#ended.set(key, { series, timeMillis, steadyMillis });
  }

  endAll(time: EndTime): void {
    for (const key of [...this.#living.keys()]) this.end({ key }, time);
  }

  /** Forgets what ended long before `steadyMillis`, by performance.now(). */
  forget(steadyMillis: number): void {
    for (const [key, ended] of this.#ended) {
      if (ended.steadyMillis + REMEMBERED_MILLIS > steadyMillis) break;
      this.#ended.delete(key);
    }
  }

  /**
   * The clock was set back to `timeMillis`. Series that began later now begin there, with their current counts. A backend treats that as a
   * stream with an unknown start, and its first value as the base.
   */
  setBack(timeMillis: number): void {
    for (const ended of this.#ended.values()) {
      ended.timeMillis = Math.min(ended.timeMillis, timeMillis);
      beginBy(ended.series, timeMillis);
    }
    for (const all of [this.#living, this.#remainders]) for (const series of all.values()) beginBy(series, timeMillis);
  }

  #addTo(all: Map<string, Writable<DropSeries>>, { attributes, drops, bytes }: DropRow, startTimeMillis: number): void {
    const known = all.get(attributes.key);
    if (known === undefined) {
      const notBefore = all === this.#living ? (this.#ended.get(attributes.key)?.timeMillis ?? 0) : 0;
      all.set(attributes.key, {
        attributes,
        startTimeMillis: Math.max(startTimeMillis, notBefore),
        drops,
        bytes,
        ended: false,
      });
      this.#beginnings++;
      return;
    }
    addTo(known, drops, bytes);
  }
}

function beginBy(series: Writable<DropSeries>, timeMillis: number): void {
  series.startTimeMillis = Math.min(series.startTimeMillis, timeMillis);
}
