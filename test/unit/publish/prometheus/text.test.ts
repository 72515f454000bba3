import { type Attributes, ValueType } from '@opentelemetry/api';
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
import { PrometheusText, type PrometheusTextOptions } from '../../../../src/publish/prometheus/text.ts';
import { PullReader } from '../../../../src/publish/pull_reader.ts';

/** Text with what must be escaped, and what must not. */
const text = fc.string({ unit: fc.constantFrom('a', 'Z', '9', '.', '_', '-', '"', '\\', '\n', '\r', ' ', 'ß', '{', '=', '😀') });
/** Where names are legal, no two become equal, and no value is empty, the serializer writes what Prometheus takes. */
const sorted = <T>(values: Record<string, T>) => Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
const label = fc.stringMatching(/^[a-z]{1,4}(\.[a-z]{1,4})?$/).filter((shown) => shown !== 'le');
const attributes = fc
  .dictionary(
    label,
    fc.oneof(
      text.filter((shown) => shown !== ''),
      fc.integer(),
      fc.boolean(),
    ),
    { maxKeys: 4 },
  )
  .map(sorted);
const value = fc.oneof(fc.nat(Number.MAX_SAFE_INTEGER), fc.double(), fc.constantFrom(Infinity, -Infinity, Number.NaN));
const name = fc.stringMatching(/^[a-z][a-z0-9._-]{0,12}$/);

const metric = fc
  .record({
    name,
    description: text,
    unit: fc.constantFrom('', '1', 'By', '{drop}', 'a\\b'),
    isMonotonic: fc.boolean(),
    isSum: fc.boolean(),
    points: fc.uniqueArray(fc.record({ attributes, value }), {
      minLength: 1,
      maxLength: 4,
      selector: (point) => JSON.stringify(Object.entries(point.attributes).map(([key, shown]) => [key, String(shown)])),
    }),
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
    resource: fc
      .dictionary(
        fc.stringMatching(/^[A-Z]{1,8}$/),
        text.filter((shown) => shown !== ''),
        { maxKeys: 3 },
      )
      .map(sorted),
    metrics: fc.uniqueArray(metric, { selector: ({ descriptor }) => published(descriptor.name), minLength: 1, maxLength: 5 }),
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
    const writer = new PrometheusText({ isOnEverySeries: () => resourceLabels });
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

  it('writes histograms too, the buckets first', async () => {
    const reader = new PullReader();
    const meter = new MeterProvider({ readers: [reader] }).getMeter('dropreason');
    meter.createCounter('before').add(1, { a: 'b' });
    meter.createHistogram('time', { unit: 's', advice: { explicitBucketBoundaries: [1, 2] } }).record(1.5, { id: 'x' });
    meter.createCounter('after').add(1.5);
    const { resourceMetrics } = await reader.collect();
    const lines = (page: string) => page.split('\n').sort();
    const resource = resourceFromAttributes({ host: 'h' });
    const metrics = { ...resourceMetrics, resource };
    expect(lines(new PrometheusText().write(metrics))).toEqual(lines(serialize(metrics, false)));
    expect(new PrometheusText().write(metrics)).toContain(
      'time_bucket{id="x",le="1"} 0\ntime_bucket{id="x",le="2"} 1\ntime_bucket{id="x",le="+Inf"} 1\ntime_sum{id="x"} 1.5\ntime_count{id="x"} 1\n',
    );
    expect(new PrometheusText({ isOnEverySeries: () => true }).write(metrics)).toContain(
      'time_bucket{id="x",host="h",le="1"} 0\n',
    );
  });
});

/** A page of counters of these attributes, in one metric, and what was told of it. */
function page(resource: Attributes, points: readonly Attributes[], options: PrometheusTextOptions = {}) {
  const told: string[] = [];
  const writer = new PrometheusText({ ...options, warn: (message) => told.push(message) });
  const time: [number, number] = [1_700_000_000, 123_456_789];
  const metrics: ResourceMetrics = {
    resource: resourceFromAttributes(resource),
    scopeMetrics: [
      {
        scope: { name: 'dropreason' },
        metrics: [
          {
            descriptor: { name: 'drops', description: 'Of "them".', unit: '1', valueType: ValueType.INT },
            aggregationTemporality: AggregationTemporality.CUMULATIVE,
            dataPointType: DataPointType.SUM,
            isMonotonic: true,
            dataPoints: points.map((attributes, index) => ({ attributes, value: index + 1, startTime: time, endTime: time })),
          },
        ],
      },
    ],
  };
  writer.write(metrics);
  return { text: writer.write(metrics), open: writer.write(metrics, 'openmetrics'), told };
}

describe('labels', () => {
  it('get "_" before a digit, and for no name at all', () => {
    expect(page({ '1st': 'x' }, [{ '1st': 'x', '': 'y' }]).text).toMatch(
      /target_info\{_1st="x"\} 1\n[\s\S]*drops_total\{_1st="x",_="y"\} 1\n/,
    );
  });

  it('that become one have the values of all, in the order of their names, and that is said once', () => {
    const { text: shown, told } = page({ team_name: 'b', 'team.name': 'a' }, [{ 'x.y': 1, 'x-y': true }]);
    expect(shown).toContain('target_info{team_name="a;b"} 1\n');
    expect(shown).toContain('drops_total{x_y="true;1"} 1\n');
    expect(told).toEqual([
      'several attributes are the label team_name: their values are joined by ";"',
      'several attributes are the label x_y: their values are joined by ";"',
    ]);
  });

  it("of a series go before the resource's, and that is said once", () => {
    const { text: shown, told } = page({ class: 'gold', 'host.name': 'h', 'k8s.pod.name': 'agent' }, [{ class: 'error' }, {}], {
      isOnEverySeries: () => true,
    });
    expect(shown).toContain('drops_total{class="error",host_name="h",k8s_pod_name="agent"} 1\n');
    expect(shown).toContain('drops_total{class="gold",host_name="h",k8s_pod_name="agent"} 2\n');
    expect(told).toEqual(["the resource's class is left out of series that have a label of that name themselves"]);
  });

  it('that are constant are on every series, in the order of the series, the constant ones and the resource, but not on target_info', () => {
    const {
      text: shown,
      open,
      told,
    } = page({ 'host.name': 'h', cluster: 'west', team: 'net' }, [{ class: 'error' }, { zone: 'own' }, {}], {
      isOnEverySeries: (name) => name !== 'team',
      constLabels: { cluster: 'ea"st\\', zone: 'z', none: '' },
    });
    const everywhere = 'host_name="h",cluster="ea\\"st\\\\"';
    expect(shown).toContain('target_info{host_name="h",cluster="west",team="net"} 1\n');
    expect(shown).toContain(`drops_total{class="error",${everywhere},zone="z"} 1\n`);
    expect(shown).toContain(`drops_total{zone="own",${everywhere}} 2\n`);
    expect(shown).toContain(`drops_total{${everywhere},zone="z"} 3\n`);
    expect(open).toContain(`drops_created{zone="own",${everywhere}} `);
    expect(told).toEqual([
      "the resource's cluster is hidden by the constant label of that name",
      'the constant label zone is left out of series that have a label of that name themselves',
    ]);
  });

  it('that mean something to Prometheus are none of ours', () => {
    const { text: shown } = page({}, [{ __name__: 'a', le: '1', quantile: '2', job: 'j', instance: 'i' }]);
    expect(shown).toContain('drops_total{_name_="a",exported_le="1",exported_quantile="2",job="j",instance="i"} 1\n');
  });

  it('that are empty are left out', () => {
    expect(page({}, [{ a: '', b: 'x' }]).text).toContain('drops_total{b="x"} 1\n');
  });

  it('that are the same after all make one series', () => {
    const resourceLabels = page({ a: '1', c: '3' }, [{ a: '1', b: '2' }, { b: '2' }], { isOnEverySeries: () => true });
    expect(resourceLabels.text).toContain('drops_total{a="1",b="2",c="3"} 3\n');
    expect(page({}, [{ 'a.b': '1' }, { a_b: '1' }]).text).toContain('drops_total{a_b="1"} 3\n');
    expect(page({}, [{ a: '1' }, { a: 1, b: '' }, { a: '2' }]).text).toContain('drops_total{a="1"} 3\ndrops_total{a="2"} 3\n');
  });
});

describe('OpenMetrics', () => {
  it('has when a series began, and no unit', () => {
    expect(page({ a: 'b' }, [{ x: 'y' }]).open).toBe(
      '# HELP target Target metadata\n# TYPE target info\ntarget_info{a="b"} 1\n# HELP drops Of \\"them\\".\n# TYPE drops counter\n' +
        'drops_total{x="y"} 1\ndrops_created{x="y"} 1700000000.123\n# EOF\n',
    );
  });
});
