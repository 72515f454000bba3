import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PrometheusText } from '../../../../src/publish/prometheus/text.ts';
import { arbitraryMetrics } from '../../../support/prometheus/arbitrary_metrics.ts';
import { PARSERS_MISSING, PythonParsers, promtoolCheck, type Sample } from '../../../support/prometheus/parsers.ts';

/** What promtool advises on the wording of a name, which is not ours here. */
const STYLE = /snake_case|camelCase|_total|_count|_sum|_bucket|_info|unit|suffix|metric type|help text/;

/** The samples of a page without those labels that are none to Prometheus. */
function series(samples: readonly Sample[]): string[] {
  return samples.map(({ name, labels }) => {
    const shown = Object.entries(labels).filter(([, value]) => value !== '');
    return `${name} ${JSON.stringify(shown.sort())}`;
  });
}

/** Bounds of buckets are floating point numbers in OpenMetrics alone. */
function canonical(shown: string): string {
  return shown.replace(/\["le","(\d+)"\]/, '["le","$1.0"]');
}

/** Counts of all counters that are published under a name. */
function counted({ scopeMetrics }: ResourceMetrics, writer: PrometheusText): number {
  let sum = 0;
  for (const metric of scopeMetrics.flatMap(({ metrics }) => metrics)) {
    const alone = {
      resource: { attributes: {} } as ResourceMetrics['resource'],
      scopeMetrics: [{ scope: { name: '' }, metrics: [metric] }],
    };
    if (!/^# TYPE .* counter$/m.test(writer.write(alone))) continue;
    for (const { value } of metric.dataPoints) sum += value as number;
  }
  return sum;
}

describe.skipIf(PARSERS_MISSING)('a page of whatever names, attributes and values', () => {
  let python: PythonParsers;
  beforeAll(() => {
    python = new PythonParsers();
  });
  afterAll(() => python.stop());

  test.each([
    [false, {}],
    [true, {}],
    [true, { cluster: 'ea"st\\\n', id: 'x', zone_1: '', _: 'é' }, 'my_ns_'],
  ])(
    'passes promtool and the official parsers, resource labels %s, constant labels %j',
    async (resourceLabels: boolean, constLabels: Readonly<Record<string, string>>, namespace = '') => {
      await fc.assert(
        fc.asyncProperty(arbitraryMetrics, async (metrics) => {
          const told: string[] = [];
          const writer = new PrometheusText({
            namespace,
            isOnEverySeries: () => resourceLabels,
            constLabels,
            warn: (message) => told.push(message),
          });
          const page = writer.write(metrics);
          expect(writer.write(metrics)).toBe(page);
          const openMetrics = writer.write(metrics, 'openmetrics');

          const { refused, advice } = promtoolCheck(page);
          expect(refused, advice.join('\n')).toBe(false);
          expect(advice.filter((line) => !STYLE.test(line))).toEqual([]);

          const samples = await python.parse(page, 'prometheus');
          expect(new Set(series(samples)).size).toBe(samples.length);
          expect(samples.flatMap(({ labels }) => Object.keys(labels)).filter((label) => label.startsWith('__'))).toEqual([]);
          expect(new Set(told).size).toBe(told.length);

          // OpenMetrics has the same and, of what has a beginning, when that was. A histogram without a sum has no count there.
          const open = await python.parse(openMetrics, 'openmetrics');
          const created = open.filter(({ name, type }) => type !== 'gauge' && name.endsWith('_created'));
          const begun = open.filter(({ name, labels }) => name.endsWith('_total') || labels.le === '+Inf');
          expect(created.length).toBe(begun.filter(({ type }) => type !== 'gauge').length);
          const rest = series(open.filter((sample) => !created.includes(sample))).map(canonical);
          expect(series(samples).map(canonical)).toEqual(expect.arrayContaining(rest));

          const total = samples.filter(({ type }) => type === 'counter').reduce((sum, { value }) => sum + value, 0);
          if (told.every((message) => !message.includes('left out:'))) expect(total).toBe(counted(metrics, new PrometheusText()));
        }),
        { numRuns: 40 },
      );
    },
    120_000,
  );
});
