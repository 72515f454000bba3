import { setImmediate as turn } from 'node:timers/promises';
import { ValueType } from '@opentelemetry/api';
import { millisToHrTime } from '@opentelemetry/core';
import { emptyResource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type CollectionResult,
  type DataPoint,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';
import type { PodAccumulator } from '../metrics/pod_accumulator.ts';
import { SCOPE } from './hook_producer.ts';
import type { SeriesNaming } from './naming.ts';
import { PublishedView } from './published_view.ts';

/** Series that become points before the event loop has its turn: some milliseconds. */
const SLICE = 1024;

/**
 * Publishes the series of pods as an observable counter would: cumulative, monotonic, integer sums. No instrument does: one
 * never forgets an attribute set, so that a pod which is gone would be published for ever.
 */
export class PodProducer implements MetricProducer {
  readonly #pods: PodAccumulator;
  readonly #view: PublishedView;
  readonly #naming: SeriesNaming;

  constructor(pods: PodAccumulator, naming: SeriesNaming) {
    this.#pods = pods;
    this.#view = PublishedView.of(pods.map, naming);
    this.#naming = naming;
  }

  /** The values are those of the call, though reads may come while it makes points of them. */
  async collect(): Promise<CollectionResult> {
    const endTime = millisToHrTime(this.#pods.lastTimeMillis);
    const count: DataPoint<number>[] = [];
    const bytes: DataPoint<number>[] = [];
    const shown = this.#view.look();
    for (const [index, attributes] of shown.attributes.entries()) {
      if (index % SLICE === SLICE - 1) await turn();
      const point = { startTime: millisToHrTime(shown.startMillis[index] as number), endTime, attributes };
      count.push({ ...point, value: shown.drops[index] as number });
      const ofBytes = shown.bytes[index];
      if (ofBytes !== undefined) bytes.push({ ...point, value: ofBytes });
    }
    const metrics = [metric(this.#naming.count, count), metric(this.#naming.bytes, bytes)];
    const filled = metrics.filter(({ dataPoints }) => dataPoints.length > 0);
    const scopeMetrics = filled.length === 0 ? [] : [{ scope: SCOPE, metrics: filled }];
    return { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] };
  }
}

function metric({ name, unit, description }: SeriesNaming['count'], dataPoints: DataPoint<number>[]): MetricData {
  return {
    descriptor: { name, unit, description, valueType: ValueType.INT },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.SUM,
    isMonotonic: true,
    dataPoints,
  };
}
