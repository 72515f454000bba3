import type { DropBatch, HookStatus } from '../pdata/batch.ts';
import { PodAccumulator } from './pod_accumulator.ts';
import { type DropSeries, SeriesMap } from './series_map.ts';

/** One loss slot as it stands. */
export interface LossSeries {
  readonly slot: string;
  readonly startTimeMillis: number;
  readonly count: number;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Sums the deltas of batches into cumulative series, for one exporter. It outlives a reload (`Settings.keep`), so that no
 * counter falls, and knows nothing of names: an exporter may change `metric_names` over it.
 */
export class DropAccumulator {
  readonly #map = new SeriesMap();
  readonly #losses = new Map<string, Writable<LossSeries>>();
  /** Series that come and go, beside those of the node. */
  readonly pods: PodAccumulator;
  #hooks: readonly HookStatus[] = [];
  #lastTimeMillis = 0;
  #notBeforeMillis: number;
  /** Of rows that say themselves when their series began. */
  #resumedMillis: number;

  /** No series begins before `notBeforeMillis`: receivers may have counted, and told others, before this was made. */
  constructor(notBeforeMillis = 0) {
    this.#notBeforeMillis = notBeforeMillis;
    this.#resumedMillis = notBeforeMillis;
    this.pods = new PodAccumulator(notBeforeMillis);
  }

  /** Those of the node, of which some may end. */
  get map(): SeriesMap {
    return this.#map;
  }

  get series(): ReadonlyMap<string, DropSeries> {
    return this.#map.living;
  }

  get losses(): ReadonlyMap<string, LossSeries> {
    return this.#losses;
  }

  /** Hooks as the last batch told them. */
  get hooks(): readonly HookStatus[] {
    return this.#hooks;
  }

  /** When the last batch was read, in milliseconds since the epoch; 0 before the first. */
  get lastTimeMillis(): number {
    return this.#lastTimeMillis;
  }

  /**
   * Told by an exporter that takes over after a reload: series that appear from now on begin at the last read before it,
   * for what it may have counted earlier stands in a series of other attributes.
   */
  resume(): void {
    this.#notBeforeMillis = Math.max(this.#notBeforeMillis, this.#lastTimeMillis);
    this.#resumedMillis = Math.max(this.#resumedMillis, this.#lastTimeMillis);
    this.pods.resume();
  }

  add(batch: DropBatch): void {
    if (batch.anew === true) this.#beginAnew(batch);
    const startTimeMillis = Math.max(batch.startTimeMillis, this.#notBeforeMillis);
    for (const row of batch.rows) {
      const { sinceMillis } = row;
      this.#map.add(row, sinceMillis === undefined ? startTimeMillis : Math.max(sinceMillis, this.#resumedMillis));
    }
    for (const row of batch.endedBefore ?? []) this.#map.addEnded(row, startTimeMillis);
    this.#end(batch);
    for (const { slot, count } of batch.losses) {
      const known = this.#losses.get(slot);
      if (known === undefined) this.#losses.set(slot, { slot, startTimeMillis, count });
      else known.count += count;
    }
    this.pods.add(batch);
    if (batch.hooks.length > 0) this.#hooks = batch.hooks;
    this.#lastTimeMillis = Math.max(this.#lastTimeMillis, batch.timeMillis);
  }

  #beginAnew({ startTimeMillis }: DropBatch): void {
    this.#map.restart();
    this.#losses.clear();
    this.#notBeforeMillis = Math.max(this.#notBeforeMillis, startTimeMillis);
  }

  /** Once a series has ended, new ones begin no earlier: theirs are drops of later reads. */
  #end({ ended = [], timeMillis }: DropBatch): void {
    if (ended.length > 0) this.#notBeforeMillis = Math.max(this.#notBeforeMillis, timeMillis);
    for (const attributes of ended) this.#map.end(attributes, timeMillis);
    this.#map.forget(timeMillis);
  }
}
