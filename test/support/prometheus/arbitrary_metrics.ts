import { type Attributes, ValueType } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';

/** Text with what must be escaped, and what must not. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'Z', '9', '.', ';', '"', '\\', '\n', '\r', ' ', 'ß', '{', '}', '=', ',', '#', '😀') }),
  fc.string({ unit: 'binary', maxLength: 5 }),
);

/** Names that become equal, are special in Prometheus or invalid, and others. */
const name = fc.oneof(
  fc.constantFrom('a.b', 'a_b', 'a-b', 'a..b', '1st', '_1st', '', '.', '_', 'ß', 'x:y', 'teamName', 'class', '__proto__'),
  fc.constantFrom('__name__', '_name_', 'le', 'quantile', 'exported_le', 'job', 'instance', 'exported_job', '__meta_x'),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const attributes = fc
  .array(fc.tuple(name, fc.oneof(text, fc.integer(), fc.boolean(), fc.constantFrom('', 'x', '1'))), { maxLength: 4 })
  .map((entries): Attributes => Object.fromEntries(entries));

const metricName = fc.oneof(
  fc.constantFrom('m', 'm.total', 'm_total', 'm.count', 'm.sum', 'm.bucket', 'm.created', 'M', '1m', '', 'target', 'target.info'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }),
);

const time = fc.tuple(fc.nat(2_000_000_000), fc.nat(999_999_999));
const any = fc.oneof(fc.nat(Number.MAX_SAFE_INTEGER), fc.double(), fc.constantFrom(Infinity, -Infinity, Number.NaN));
const boundaries = fc.constantFrom([], [1, 2.5], [0.001, 10, 1e9]);

function points<T>(value: fc.Arbitrary<T>): fc.Arbitrary<DataPoint<T>[]> {
  const point = fc.record({ attributes, value, startTime: time });
  // The SDK never has duplicate attributes in a metric.
  return fc.uniqueArray(
    point.map((each) => ({ ...each, endTime: each.startTime })),
    { maxLength: 5, selector: (each) => JSON.stringify(Object.entries(each.attributes).sort()) },
  );
}

const metric = fc
  .record({
    descriptor: fc.record({
      name: metricName,
      description: text,
      unit: fc.constantFrom('', '1', 'By', '{drop}', 'a\\b', 'total'),
      valueType: fc.constant(ValueType.INT),
    }),
    bounds: boundaries,
  })
  .chain(({ descriptor, bounds }): fc.Arbitrary<MetricData> => {
    const common = { descriptor, aggregationTemporality: AggregationTemporality.CUMULATIVE };
    const histogram = fc
      .tuple(
        fc.array(fc.nat(1_000), { minLength: bounds.length + 1, maxLength: bounds.length + 1 }),
        fc.option(fc.nat(), { nil: undefined }),
      )
      .map(([counts, sum]): Histogram => {
        const count = counts.reduce((a, b) => a + b, 0);
        return { buckets: { boundaries: [...bounds], counts }, count, ...(sum === undefined ? {} : { sum }) } as Histogram;
      });
    return fc.oneof(
      points(fc.nat(1_000_000)).map((dataPoints) => ({
        ...common,
        dataPointType: DataPointType.SUM as const,
        isMonotonic: true,
        dataPoints,
      })),
      points(any).map((dataPoints) => ({ ...common, dataPointType: DataPointType.SUM as const, isMonotonic: false, dataPoints })),
      points(any).map((dataPoints) => ({ ...common, dataPointType: DataPointType.GAUGE as const, dataPoints })),
      points(histogram).map((dataPoints) => ({ ...common, dataPointType: DataPointType.HISTOGRAM as const, dataPoints })),
    );
  });

/** Arbitrary resources, metric names, attributes and values. Values of counters are natural numbers. */
export const arbitraryMetrics: fc.Arbitrary<ResourceMetrics> = fc
  .record({ resource: attributes, metrics: fc.array(metric, { maxLength: 5 }) })
  .map(({ resource, metrics }) => ({
    resource: resourceFromAttributes(resource),
    scopeMetrics: [{ scope: { name: 'dropreason', version: '1' }, metrics }],
  }));
