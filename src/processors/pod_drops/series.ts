import type { AttributeSet } from '../../pdata/attributes.ts';
import type { DropRow } from '../../pdata/drop_row.ts';
import { overflowSeries } from '../../pdata/overflow.ts';
import { addTo } from '../../pdata/sums.ts';

/** One series, with what was added since the last batch. */
export interface Series {
  readonly attributes: AttributeSet;
  drops: number;
  /** Undefined until there are packets: failed calls have no bytes. */
  bytes: number | undefined;
  /** Whether the next batch contains it. */
  touched: boolean;
  /** Its pods that have not ended. */
  alive: number;
  /** When it ends, by performance.now(); undefined while one of its pods is alive, or if none is known. */
  expiresMillis: number | undefined;
  ended: boolean;
}

/** Drops of a pod may arrive after it has ended. It must not be treated as a new pod then. */
const REMEMBERED_MILLIS = 600_000;

/**
 * The series, up to a limit. Each exists until its pods have ended and have had no drops for a while. Beyond the limit, drops are summed by
 * reason and direction. It outlives a reload, so that every end is reported to exporters.
 */
export class SeriesTable {
  #maxSeries: number;
  #expirationMillis: number;
  readonly #series = new Map<string, Series>();
  readonly #overflow = new Map<AttributeSet, Series>();
  /** Living pods that have series, with these. */
  readonly #alive = new Map<string, Set<Series>>();
  /** When pods ended that ended lately, by performance.now(), the first first. */
  readonly #gone = new Map<string, number>();
  readonly #expiring = new Set<Series>();
  readonly #ended: AttributeSet[] = [];
  #touched: Series[] = [];
  /** Rises whenever there may be room for a series that found none. */
  room = 0;

  constructor(bounds: { maxSeries: number; expirationMillis: number }) {
    this.#maxSeries = bounds.maxSeries;
    this.#expirationMillis = bounds.expirationMillis;
  }

  /** How many series there are, those of the overflow not counted. */
  get size(): number {
    return this.#series.size;
  }

  /** Pods that are remembered; for tests. */
  get pods(): number {
    return this.#alive.size + this.#gone.size;
  }

  /** New bounds after a reload. Series beyond them stay until they end. */
  bound({ maxSeries, expirationMillis }: { maxSeries: number; expirationMillis: number }): void {
    this.#maxSeries = maxSeries;
    this.#expirationMillis = expirationMillis;
    this.room++;
  }

  /** The series with these attributes, or undefined if there is no room for a new one. `uids` are those of its pods. */
  admit(attributes: AttributeSet, uids: readonly string[]): Series | undefined {
    let series = this.#series.get(attributes.key);
    if (series === undefined) {
      if (this.#series.size >= this.#maxSeries) return undefined;
      series = empty(attributes);
      this.#series.set(attributes.key, series);
    }
    for (const uid of uids) this.#join(series, uid);
    return series;
  }

  /** The overflow of a reason and direction. */
  overflow(reason: string, direction: string): Series {
    const attributes = overflowSeries(reason, direction);
    let series = this.#overflow.get(attributes);
    if (series === undefined) {
      series = empty(attributes);
      this.#overflow.set(attributes, series);
    }
    return series;
  }

  add(series: Series, drops: number, bytes: number | undefined): void {
    addTo(series, drops, bytes);
    if (series.touched) return;
    series.touched = true;
    this.#touched.push(series);
  }

  podEnded(uid: string, nowMillis: number): void {
    if (this.#gone.has(uid)) return;
    this.#gone.set(uid, nowMillis);
    for (const series of this.#alive.get(uid) ?? []) {
      series.alive--;
      if (series.alive === 0) this.#expire(series, nowMillis);
    }
    this.#alive.delete(uid);
  }

  /** What was added since the last call, and the series that end with it: none that it brings something for. */
  take(nowMillis: number): { rows: DropRow[]; ended: AttributeSet[] } {
    const touched = this.#touched;
    this.#touched = [];
    const rows = touched.map(({ attributes, drops, bytes }) => ({ attributes, drops, bytes }));
    for (const series of touched) if (series.expiresMillis !== undefined) this.#expire(series, nowMillis);
    for (const series of this.#expiring) {
      if (!series.touched && (series.expiresMillis ?? 0) <= nowMillis) this.#end(series);
    }
    for (const series of touched) {
      series.drops = 0;
      series.bytes = undefined;
      series.touched = false;
    }
    this.#forgetPods(nowMillis);
    return { rows, ended: this.#ended.splice(0) };
  }

  /** Ends every series except the overflow: later counts have other attributes. */
  endAll(): void {
    for (const series of [...this.#series.values()]) this.#end(series);
    this.#alive.clear();
  }

  #join(series: Series, uid: string): void {
    const goneMillis = this.#gone.get(uid);
    if (goneMillis !== undefined) {
      if (series.alive === 0) this.#expire(series, goneMillis);
      return;
    }
    const joined = this.#alive.get(uid);
    if (joined?.has(series)) return;
    if (joined === undefined) this.#alive.set(uid, new Set([series]));
    else joined.add(series);
    series.alive++;
    series.expiresMillis = undefined;
    this.#expiring.delete(series);
  }

  #expire(series: Series, fromMillis: number): void {
    series.expiresMillis = Math.max(series.expiresMillis ?? 0, fromMillis + this.#expirationMillis);
    this.#expiring.add(series);
  }

  #end(series: Series): void {
    series.ended = true;
    this.#expiring.delete(series);
    this.#series.delete(series.attributes.key);
    this.#ended.push(series.attributes);
    this.room++;
  }

  #forgetPods(nowMillis: number): void {
    for (const [uid, goneMillis] of this.#gone) {
      if (goneMillis + REMEMBERED_MILLIS > nowMillis) return;
      this.#gone.delete(uid);
    }
  }
}

function empty(attributes: AttributeSet): Series {
  return { attributes, drops: 0, bytes: undefined, touched: false, alive: 0, expiresMillis: undefined, ended: false };
}
