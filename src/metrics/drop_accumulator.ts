import type { Attributes } from '@opentelemetry/api';
import type { DropBatch, HookStatus } from '../pdata/batch.ts';
import { PodAccumulator } from './pod_accumulator.ts';
import { type DropSeries, SeriesMap } from './series_map.ts';

/** The current state of one loss slot. */
export interface LossSeries {
  readonly slot: string;
  /** The same object as long as the series lives. */
  readonly attributes: Attributes;
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
  /** For rows with the start time of their series. */
  #resumedMillis: number;

  /** No series begins before `notBeforeMillis`: receivers may have counted for others before this was created. */
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

  /** Hooks as in the last batch. */
  get hooks(): readonly HookStatus[] {
    return this.#hooks;
  }

  /**
   * When the last batch was read, in milliseconds since the epoch; 0 before the first. It is the time of what is published, because no
   * series begins after it, however the clock was set.
   */
  get lastTimeMillis(): number {
    return this.#lastTimeMillis;
  }

  /**
   * Called by an exporter that takes over after a reload. Series that appear from now on begin at the last read before it, because their
   * earlier counts are in a series with other attributes.
   */
  resume(): void {
    this.#notBeforeMillis = Math.max(this.#notBeforeMillis, this.#lastTimeMillis);
    this.#resumedMillis = Math.max(this.#resumedMillis, this.#lastTimeMillis);
    this.pods.resume();
  }

  /** Takes the counts of a batch for the base to count from: all series begin at it, with 0. */
  addAsBase(batch: DropBatch): void {
    this.#notBeforeMillis = Math.max(this.#notBeforeMillis, batch.timeMillis);
    this.#resumedMillis = Math.max(this.#resumedMillis, batch.timeMillis);
    this.add({
      ...batch,
      rows: batch.rows.map((row) => ({ ...row, drops: 0, bytes: row.bytes === undefined ? undefined : 0 })),
      endedBefore: [],
      losses: batch.losses.map(({ slot }) => ({ slot, count: 0 })),
    });
  }

  add(batch: DropBatch): void {
    const { timeMillis } = batch;
    if (timeMillis < Math.max(this.#lastTimeMillis, this.#notBeforeMillis, this.#resumedMillis)) this.#setBack(timeMillis);
    if (batch.anew === true) this.#beginAnew(batch);
    const startTimeMillis = this.#beginning(Math.max(batch.startTimeMillis, this.#notBeforeMillis), timeMillis);
    for (const row of batch.rows) {
      const { sinceMillis } = row;
      const since = sinceMillis === undefined ? startTimeMillis : Math.max(sinceMillis, this.#resumedMillis);
      this.#map.add(row, this.#beginning(since, timeMillis));
    }
    for (const row of batch.endedBefore ?? []) this.#map.addEnded(row, startTimeMillis);
    this.#end(batch);
    for (const { slot, count } of batch.losses) {
      const known = this.#losses.get(slot);
      if (known === undefined) this.#losses.set(slot, { slot, attributes: { slot }, startTimeMillis, count });
      else known.count += count;
    }
    this.pods.add(batch);
    if (batch.hooks.length > 0) this.#hooks = batch.hooks;
    this.#lastTimeMillis = timeMillis;
  }

  /**
   * When a series begins that appears in a read: not after it, though the clock has been set back since it began. Then it is the read
   * before, and not this one: a backend would take its first value for the base, and not for drops.
   */
  #beginning(beganMillis: number, timeMillis: number): number {
    if (beganMillis <= timeMillis) return beganMillis;
    const last = this.#lastTimeMillis;
    return last > 0 && last < timeMillis ? last : timeMillis - 1;
  }

  #beginAnew({ startTimeMillis }: DropBatch): void {
    this.#map.restart();
    this.#losses.clear();
    this.#notBeforeMillis = Math.max(this.#notBeforeMillis, startTimeMillis);
  }

  /** Once a series has ended, new ones begin no earlier: theirs are drops of later reads. */
  #end({ ended = [], timeMillis, steadyMillis }: DropBatch): void {
    if (ended.length > 0) this.#notBeforeMillis = Math.max(this.#notBeforeMillis, timeMillis);
    for (const attributes of ended) this.#map.end(attributes, { timeMillis, steadyMillis });
    this.#map.forget(steadyMillis);
  }

  /** The clock has been set back: nothing that is published may lie after it. */
  #setBack(timeMillis: number): void {
    this.#notBeforeMillis = Math.min(this.#notBeforeMillis, timeMillis);
    this.#resumedMillis = Math.min(this.#resumedMillis, timeMillis);
    this.#map.setBack(timeMillis);
    for (const loss of this.#losses.values()) loss.startTimeMillis = Math.min(loss.startTimeMillis, timeMillis);
  }
}
