import { type HrTime, ValueType } from '@opentelemetry/api';
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
import type { AttributeValue } from '../pdata/attributes.ts';
import { SCOPE } from './hook_producer.ts';
import type { SeriesNaming } from './naming.ts';
import type { PodAccumulator, PodSeries } from './pod_accumulator.ts';

/** A series as it is published: the sum of those that the names make equal. */
interface Sum {
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly startTime: HrTime;
  readonly parts: PodSeries[];
  /** What parts had counted that have ended: the sum goes on without them, and never falls. */
  endedDrops: number;
  endedBytes: number | undefined;
}

/**
 * Publishes the series of pods as an observable counter would: cumulative, monotonic, integer sums. No instrument does: one
 * never forgets an attribute set, so that a pod which is gone would be published for ever.
 */
export class PodProducer implements MetricProducer {
  readonly #pods: PodAccumulator;
  readonly #naming: SeriesNaming;
  readonly #sums = new Map<string, Sum>();
  readonly #known = new Set<PodSeries>();

  constructor(pods: PodAccumulator, naming: SeriesNaming) {
    this.#pods = pods;
    this.#naming = naming;
  }

  collect(): Promise<CollectionResult> {
    this.#leave();
    for (const series of this.#pods.series.values()) if (!this.#known.has(series)) this.#join(series);
    const endTime = millisToHrTime(Date.now());
    const count: DataPoint<number>[] = [];
    const bytes: DataPoint<number>[] = [];
    for (const { attributes, startTime, parts, endedDrops, endedBytes } of this.#sums.values()) {
      let drops = endedDrops;
      let sumOfBytes = endedBytes;
      for (const part of parts) {
        drops += part.drops;
        sumOfBytes = plus(sumOfBytes, part.bytes);
      }
      count.push({ startTime, endTime, attributes, value: drops });
      if (sumOfBytes !== undefined) bytes.push({ startTime, endTime, attributes, value: sumOfBytes });
    }
    const metrics = [metric(this.#naming.count, count), metric(this.#naming.bytes, bytes)];
    const shown = metrics.filter(({ dataPoints }) => dataPoints.length > 0);
    const scopeMetrics = shown.length === 0 ? [] : [{ scope: SCOPE, metrics: shown }];
    return Promise.resolve({ resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] });
  }

  /** Before new ones join, so that a series which ended and came back begins anew. */
  #leave(): void {
    for (const [key, sum] of this.#sums) {
      for (let i = sum.parts.length - 1; i >= 0; i--) {
        const part = sum.parts[i] as PodSeries;
        if (!part.ended) continue;
        sum.endedDrops += part.drops;
        sum.endedBytes = plus(sum.endedBytes, part.bytes);
        sum.parts.splice(i, 1);
        this.#known.delete(part);
      }
      if (sum.parts.length === 0) this.#sums.delete(key);
    }
  }

  #join(series: PodSeries): void {
    const { key, values } = this.#naming.publish(series.attributes);
    this.#known.add(series);
    const sum = this.#sums.get(key);
    if (sum !== undefined) {
      sum.parts.push(series);
      return;
    }
    const startTime = millisToHrTime(series.startTimeMillis);
    this.#sums.set(key, { attributes: values, startTime, parts: [series], endedDrops: 0, endedBytes: undefined });
  }
}

function plus(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);
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
