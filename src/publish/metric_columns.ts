import type { Attributes } from '@opentelemetry/api';
import {
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type MetricDescriptor,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';

/**
 * A metric with its series by column: the nth series has the nth item of each. A text of 10,000 series is made from this at every
 * scrape, so nothing in it is an object of one series and one scrape.
 */
export interface MetricColumns {
  readonly descriptor: Pick<MetricDescriptor, 'name' | 'unit' | 'description'>;
  /** `other`: one that Prometheus' text has no type for. */
  readonly kind: 'counter' | 'up_down_counter' | 'gauge' | 'histogram' | 'other';
  /** The same objects at each scrape, as long as their series are there. The same array where all are. */
  readonly attributes: readonly Attributes[];
  /** Undefined for a series that is none of this metric's. */
  readonly values: readonly (number | Histogram | undefined)[];
  /** When each series began, in milliseconds since the epoch; undefined if that is not before the read. */
  readonly startMillis: readonly (number | undefined)[];
}

/** What one exporter publishes, in the order in which it does. */
export interface Published {
  /** Of the resource. */
  readonly attributes: Attributes;
  readonly metrics: readonly MetricColumns[];
}

/** How many values there are, over all metrics. */
export function countValues({ metrics }: Published): number {
  let count = 0;
  for (const { values } of metrics) for (const value of values) if (value !== undefined) count++;
  return count;
}

/** What the SDK has collected. */
export function columnsOf({ resource, scopeMetrics }: ResourceMetrics): Published {
  const metrics = scopeMetrics.flatMap((scope) => scope.metrics.map(metricColumns));
  return { attributes: resource.attributes as Attributes, metrics };
}

function metricColumns(metric: MetricData): MetricColumns {
  const kind = kindOf(metric);
  const points: readonly DataPoint<number | Histogram>[] =
    kind === 'other' ? [] : (metric.dataPoints as DataPoint<number | Histogram>[]);
  return {
    descriptor: metric.descriptor,
    kind,
    attributes: points.map(({ attributes }) => attributes),
    values: points.map(({ value }) => value),
    startMillis: points.map(({ startTime, endTime }) => {
      const [start, end] = [wholeMillis(startTime), wholeMillis(endTime)];
      return start > end ? undefined : start;
    }),
  };
}

function kindOf(metric: MetricData): MetricColumns['kind'] {
  switch (metric.dataPointType) {
    case DataPointType.HISTOGRAM:
      return 'histogram';
    case DataPointType.GAUGE:
      return 'gauge';
    case DataPointType.SUM:
      return metric.isMonotonic ? 'counter' : 'up_down_counter';
    default:
      return 'other';
  }
}

function wholeMillis([seconds, nanos]: readonly [number, number]): number {
  return seconds * 1000 + Math.trunc(nanos / 1e6);
}
