import type { AttributeSet } from '../pdata/attributes.ts';
import type { DropBatch, HookStatus } from '../pdata/batch.ts';
import { PodAccumulator } from './pod_accumulator.ts';

/** One series as it stands: cumulative since its start. */
export interface DropSeries {
  readonly attributes: AttributeSet;
  /** In milliseconds since the epoch; nothing that it counts happened before. */
  readonly startTimeMillis: number;
  readonly drops: number;
  /** Undefined where the series is of calls, which have no bytes. */
  readonly bytes: number | undefined;
}

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
  readonly #series = new Map<string, Writable<DropSeries>>();
  readonly #losses = new Map<string, Writable<LossSeries>>();
  /** Series that come and go, beside those of the node. */
  readonly pods: PodAccumulator;
  #hooks: readonly HookStatus[] = [];
  #lastTimeMillis = 0;
  #notBeforeMillis: number;

  /** No series begins before `notBeforeMillis`: receivers may have counted, and told others, before this was made. */
  constructor(notBeforeMillis = 0) {
    this.#notBeforeMillis = notBeforeMillis;
    this.pods = new PodAccumulator(notBeforeMillis);
  }

  get series(): ReadonlyMap<string, DropSeries> {
    return this.#series;
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
    this.pods.resume();
  }

  add(batch: DropBatch): void {
    const startTimeMillis = Math.max(batch.startTimeMillis, this.#notBeforeMillis);
    for (const { attributes, drops, bytes } of batch.rows) {
      const known = this.#series.get(attributes.key);
      if (known === undefined) {
        this.#series.set(attributes.key, { attributes, startTimeMillis, drops, bytes });
        continue;
      }
      known.drops += drops;
      if (bytes !== undefined) known.bytes = (known.bytes ?? 0) + bytes;
    }
    for (const { slot, count } of batch.losses) {
      const known = this.#losses.get(slot);
      if (known === undefined) this.#losses.set(slot, { slot, startTimeMillis, count });
      else known.count += count;
    }
    this.pods.add(batch);
    if (batch.hooks.length > 0) this.#hooks = batch.hooks;
    this.#lastTimeMillis = Math.max(this.#lastTimeMillis, batch.timeMillis);
  }
}
