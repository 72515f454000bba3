import { ValueType } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  DataPointType,
  MeterProvider,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrometheusText } from '../../../src/metrics/prometheus_text.ts';
import { PullReader } from '../../../src/metrics/pull_reader.ts';

/** Text with what must be escaped, and what must not. */
const text = fc.string({ unit: fc.constantFrom('a', 'Z', '9', '.', '_', '-', '"', '\\', '\n', '\r', ' ', 'ß', '{', '=', '😀') });
const attributes = fc.dictionary(text, fc.oneof(text, fc.integer(), fc.boolean()), { maxKeys: 4 });
const value = fc.oneof(fc.nat(Number.MAX_SAFE_INTEGER), fc.double(), fc.constantFrom(Infinity, -Infinity, Number.NaN));
const name = fc.stringMatching(/^[a-z][a-z0-9._-]{0,12}$/);

const metric = fc
  .record({
    name,
    description: text,
    unit: fc.constantFrom('', '1', 'By', '{drop}', 'a\\b'),
    isMonotonic: fc.boolean(),
    isSum: fc.boolean(),
    points: fc.array(fc.record({ attributes, value }), { minLength: 1, maxLength: 4 }),
  })
  .map(({ name: metricName, description, unit, isMonotonic, isSum, points }): MetricData => {
    const time: [number, number] = [1, 0];
    const common = {
      descriptor: { name: metricName, description, unit, valueType: ValueType.INT },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPoints: points.map((point) => ({ ...point, startTime: time, endTime: time })),
    };
    return isSum
      ? { ...common, dataPointType: DataPointType.SUM, isMonotonic }
      : { ...common, dataPointType: DataPointType.GAUGE };
  });

const collected = fc
  .record({
    resource: fc.dictionary(fc.stringMatching(/^[a-z.]{1,8}$/), text, { maxKeys: 3 }),
    metrics: fc.uniqueArray(metric, { selector: ({ descriptor }) => published(descriptor.name), maxLength: 5 }),
  })
  .map(({ resource, metrics }): ResourceMetrics => {
    return {
      resource: resourceFromAttributes(resource),
      scopeMetrics: [{ scope: { name: 'dropreason', version: '1' }, metrics }],
    };
  });

/** No two metrics have one name in Prometheus: the agent's own have not. */
function published(metricName: string): string {
  return metricName
    .replace(/[^a-z0-9_]/g, '_')
    .replace(/_{2,}/g, '_')
    .replace(/_total$/, '');
}

/** What the SDK's serializer makes of it. */
function serialize(metrics: ResourceMetrics, resourceLabels: boolean): string {
  const serialized = new PrometheusSerializer('', false, resourceLabels ? /^/ : undefined, false, true).serialize(metrics);
  return serialized.endsWith('\n') ? serialized : `${serialized}\n`;
}

describe('PrometheusText', () => {
  it.each([false, true])('writes what PrometheusSerializer does, byte for byte, resource labels %s', (resourceLabels) => {
    const writer = new PrometheusText({ resourceLabels });
    fc.assert(
      fc.property(collected, (metrics) => {
        const expected = serialize(metrics, resourceLabels);
        expect(writer.write(metrics)).toBe(expected);
        // Labels that are known from the first time are the same at the second.
        expect(writer.write(metrics)).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('shows as gauges the counters that are to be', () => {
    fc.assert(
      fc.property(collected, (metrics) => {
        const gauges = metrics.scopeMetrics.flatMap((scope) => scope.metrics.map(({ descriptor }) => descriptor.name));
        const shown = metrics.scopeMetrics.map(({ scope, metrics: all }) => ({
          scope,
          metrics: all.map((each) => ({ ...each, dataPointType: DataPointType.GAUGE }) as MetricData),
        }));
        expect(new PrometheusText({ gauges }).write(metrics)).toBe(serialize({ ...metrics, scopeMetrics: shown }, false));
      }),
      { numRuns: 100 },
    );
  });

  it('writes histograms too', async () => {
    const reader = new PullReader();
    const meter = new MeterProvider({ readers: [reader] }).getMeter('dropreason');
    meter.createCounter('before').add(1, { a: 'b' });
    meter.createHistogram('time', { unit: 's', advice: { explicitBucketBoundaries: [1, 2] } }).record(1.5, { id: 'x' });
    meter.createCounter('after').add(1.5);
    const { resourceMetrics } = await reader.collect();
    expect(new PrometheusText().write(resourceMetrics)).toBe(serialize(resourceMetrics, false));
    expect(new PrometheusText({ resourceLabels: true }).write(resourceMetrics)).toBe(serialize(resourceMetrics, true));
  });
});
