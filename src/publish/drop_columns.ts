import type { Attributes } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { COUNTING, type MetricDefinition } from '../metrics/definitions.ts';
import type { DropAccumulator } from '../metrics/drop_accumulator.ts';
import type { MetricColumns, Published } from './metric_columns.ts';
import type { Naming, SeriesNaming } from './naming.ts';
import { type PublishedSeries, PublishedView } from './published_view.ts';

/**
 * The series of one exporter, for a text. The content and order are those that DropPublisher collects with the SDK (a test compares them).
 * But the SDK creates several objects per series at each collection, and these are columns over the accumulator.
 */
export class DropColumns {
  readonly #accumulator: DropAccumulator;
  readonly #naming: Naming;
  readonly #resource: Resource;
  readonly #node: PublishedView;
  readonly #pods: PublishedView;

  constructor({ accumulator, naming, resource }: { accumulator: DropAccumulator; naming: Naming; resource: Resource }) {
    this.#accumulator = accumulator;
    this.#naming = naming;
    this.#resource = resource;
    this.#node = PublishedView.of(accumulator.map, naming);
    this.#pods = PublishedView.of(accumulator.pods.map, naming.pods);
  }

  /** The current values. Later changes don't affect them. */
  collect(): Published {
    const { lastTimeMillis, pods } = this.#accumulator;
    const metrics = [
      ...seriesColumns(this.#node.look(), this.#naming, lastTimeMillis),
      this.#losses(lastTimeMillis),
      this.#hooks(),
      ...seriesColumns(this.#pods.look(), this.#naming.pods, pods.lastTimeMillis),
    ];
    const shown = metrics.filter(({ values }) => values.some((value) => value !== undefined));
    return { attributes: this.#resource.attributes as Attributes, metrics: shown };
  }

  #losses(endMillis: number): MetricColumns {
    const losses = [...this.#accumulator.losses.values()];
    return {
      descriptor: COUNTING.lost,
      kind: 'counter',
      attributes: losses.map(({ attributes }) => attributes),
      values: losses.map(({ count }) => count),
      startMillis: losses.map(({ startTimeMillis }) => begun(startTimeMillis, endMillis)),
    };
  }

  #hooks(): MetricColumns {
    const { hooks } = this.#accumulator;
    return {
      descriptor: COUNTING.hookAttached,
      kind: 'gauge',
      attributes: hooks.map(({ hook, rung, why }) => ({ hook, rung, why })),
      values: hooks.map(({ attached }) => (attached ? 1 : 0)),
      startMillis: [],
    };
  }
}

/** One metric of drops and one of bytes. */
function seriesColumns(series: PublishedSeries, { count, bytes }: SeriesNaming, endMillis: number): readonly MetricColumns[] {
  const { attributes } = series;
  const startMillis = series.startMillis.map((start) => begun(start, endMillis));
  const of = (descriptor: MetricDefinition, values: MetricColumns['values']): MetricColumns => {
    return { descriptor, kind: 'counter', attributes, values, startMillis };
  };
  return [of(count, series.drops), of(bytes, series.bytes)];
}

/** Undefined if the clock was set back since. */
function begun(startMillis: number, endMillis: number): number | undefined {
  return Math.trunc(startMillis) > Math.trunc(endMillis) ? undefined : startMillis;
}
