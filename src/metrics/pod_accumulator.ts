import type { DropBatch } from '../pdata/batch.ts';
import type { DropSeries } from './drop_accumulator.ts';

/** A series that may end. */
export interface PodSeries extends DropSeries {
  /** It is no longer among the series; its numbers are its last. */
  readonly ended: boolean;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Longer than any processor keeps rows back. */
const REMEMBERED_MILLIS = 120_000;

/**
 * The cumulative series that come and go, for one exporter. A series begins at the read before the one that it appeared in,
 * or before the oldest drop that a processor had kept back, but never before one of the same attributes has ended.
 */
export class PodAccumulator {
  readonly #series = new Map<string, Writable<PodSeries>>();
  /** When series ended that ended lately, by the key of their attributes, the first first. */
  readonly #ended = new Map<string, number>();
  #timeMillis = 0;
  #beforeMillis = 0;
  #readsSinceResume: number | undefined;
  readonly #notBeforeMillis: number;

  /** See {@link DropAccumulator}. */
  constructor(notBeforeMillis = 0) {
    this.#notBeforeMillis = notBeforeMillis;
  }

  get series(): ReadonlyMap<string, PodSeries> {
    return this.#series;
  }

  /**
   * Told after a reload: where no batch brings series of pods any more, those that there are have ended. One read may still
   * come on the way from before.
   */
  resume(): void {
    this.#readsSinceResume = 0;
  }

  add({ pods, timeMillis, startTimeMillis }: DropBatch): void {
    if (timeMillis > this.#timeMillis) {
      this.#beforeMillis = this.#timeMillis;
      this.#timeMillis = timeMillis;
      this.#lookForLost();
    }
    if (pods === undefined) return;
    this.#readsSinceResume = undefined;
    const before = Math.max(this.#beforeMillis === 0 ? startTimeMillis : this.#beforeMillis, this.#notBeforeMillis);
    const sinceMillis = Math.min(before, pods.sinceMillis ?? before);
    for (const { attributes, drops, bytes } of pods.rows) {
      const known = this.#series.get(attributes.key);
      if (known === undefined) {
        const begin = Math.max(sinceMillis, this.#ended.get(attributes.key) ?? 0);
        this.#series.set(attributes.key, { attributes, startTimeMillis: begin, drops, bytes, ended: false });
        continue;
      }
      known.drops += drops;
      if (bytes !== undefined) known.bytes = (known.bytes ?? 0) + bytes;
    }
    for (const { key } of pods.ended) this.#end(key);
    for (const [key, endedMillis] of this.#ended) {
      if (endedMillis + REMEMBERED_MILLIS > timeMillis) break;
      this.#ended.delete(key);
    }
  }

  #end(key: string): void {
    const series = this.#series.get(key);
    if (series === undefined) return;
    series.ended = true;
    this.#series.delete(key);
    this.#ended.delete(key);
    this.#ended.set(key, this.#timeMillis);
  }

  /** The processor that brought series may be gone since a reload. */
  #lookForLost(): void {
    if (this.#readsSinceResume === undefined) return;
    this.#readsSinceResume++;
    if (this.#readsSinceResume <= 2) return;
    this.#readsSinceResume = undefined;
    for (const key of [...this.#series.keys()]) this.#end(key);
  }
}
