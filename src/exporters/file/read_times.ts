import type { DropBatch } from '../../pdata/batch.ts';

/** Receivers of which the last reads are remembered: more than a configuration names, through some reloads. */
const MOST = 64;

interface ReadTime {
  readonly startTimeMillis: number;
  readonly timeMillis: number;
  readonly steadyMillis: number;
}

/** The time of each previous read. Outlives a reload. Receivers are distinguished by the start of their counting. */
export class ReadTimes {
  readonly #last = new Map<number, ReadTime>();

  /** The time that the deltas of this batch are of. A read that comes twice, through two pipelines, gets the same. */
  of({ startTimeMillis: began, timeMillis, steadyMillis }: DropBatch): ReadTime {
    const last = this.#last.get(began);
    if (last?.steadyMillis === steadyMillis) return last;
    // The clock may have been set back meanwhile.
    const time = { startTimeMillis: Math.min(last?.timeMillis ?? began, timeMillis), timeMillis, steadyMillis };
    this.#last.delete(began);
    this.#last.set(began, time);
    const [oldest] = this.#last.keys();
    if (this.#last.size > MOST && oldest !== undefined) this.#last.delete(oldest);
    return time;
  }
}
