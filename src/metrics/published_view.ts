import type { AttributeSet } from '../pdata/attributes.ts';
import type { DropAccumulator, DropSeries } from './drop_accumulator.ts';
import type { Naming } from './naming.ts';

/** A series under the names it is published by: the sum of all series that those names make equal. */
export interface PublishedSeries {
  readonly attributes: AttributeSet;
  /** Of the earliest of them, in milliseconds since the epoch. */
  readonly startTimeMillis: number;
  readonly drops: number;
  readonly bytes: number | undefined;
}

interface Sum {
  attributes: AttributeSet;
  startTimeMillis: number;
  drops: number;
  bytes: number | undefined;
}

/** An accumulator as seen through a naming. Attributes are renamed once per series, sums are made at each look. */
export class PublishedView {
  readonly accumulator: DropAccumulator;
  readonly naming: Naming;
  readonly #sums = new Map<string, Sum>();
  readonly #sumOf = new Map<DropSeries, Sum>();

  constructor(accumulator: DropAccumulator, naming: Naming) {
    this.accumulator = accumulator;
    this.naming = naming;
  }

  /** The series as they stand now. The objects are the same at each look, so that their attributes are too. */
  look(): Iterable<PublishedSeries> {
    for (const sum of this.#sums.values()) {
      sum.drops = 0;
      sum.bytes = undefined;
    }
    for (const series of this.accumulator.series.values()) {
      const sum = this.#sumOf.get(series) ?? this.#join(series);
      sum.drops += series.drops;
      if (series.bytes !== undefined) sum.bytes = (sum.bytes ?? 0) + series.bytes;
    }
    return this.#sums.values();
  }

  #join(series: DropSeries): Sum {
    const attributes = this.naming.publish(series.attributes);
    let sum = this.#sums.get(attributes.key);
    if (sum === undefined) {
      sum = { attributes, startTimeMillis: series.startTimeMillis, drops: 0, bytes: undefined };
      this.#sums.set(attributes.key, sum);
    }
    sum.startTimeMillis = Math.min(sum.startTimeMillis, series.startTimeMillis);
    this.#sumOf.set(series, sum);
    return sum;
  }
}
