import { type DataPoint, DataPointType, type Histogram, type MetricData, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { metricName } from './names.ts';

/** The metrics that are one to Prometheus. */
export interface Family {
  /** Without the suffix of its type. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly unit: string;
  /** Whether the values of two series make one by being added. */
  readonly additive: boolean;
  readonly points: readonly DataPoint<number | Histogram>[];
  /** Whether several metrics are in it, so that attributes may be there twice. */
  readonly joined: boolean;
}

export interface FamilyOptions {
  /** Metrics, by their OpenTelemetry name, that are shown as gauges though they are counters. */
  readonly gauges: ReadonlySet<string>;
  /** Is told of a metric that is left out. */
  readonly warn: (name: string, message: string) => void;
}

/** What samples of a family are called besides its name, in either format. */
const SUFFIXES: Readonly<Record<Family['type'], readonly string[]>> = {
  counter: ['', '_total', '_created'],
  gauge: [''],
  histogram: ['', '_bucket', '_sum', '_count', '_created'],
};

/** Names that `target_info` takes. */
const TARGET = ['target', 'target_info'];

/**
 * Metrics by the name that Prometheus gets. It refuses a page that has a name twice: what is alike is put together, and what
 * has a name that another metric took before it is left out.
 */
export function familiesOf(scopeMetrics: ResourceMetrics['scopeMetrics'], { gauges, warn }: FamilyOptions): Iterable<Family> {
  const families = new Map<string, Family>();
  const taken = new Set(TARGET);
  for (const metric of scopeMetrics.flatMap(({ metrics }) => metrics)) {
    const family = familyOf(metric, gauges);
    if (family === undefined) {
      warn(metric.descriptor.name, `the metric ${metric.descriptor.name} is left out: the text has no type for it`);
      continue;
    }
    const known = families.get(family.name);
    if (known?.type === family.type && known.additive === family.additive) {
      families.set(family.name, { ...known, points: [...known.points, ...family.points], joined: true });
      continue;
    }
    const samples = SUFFIXES[family.type].map((suffix) => `${family.name}${suffix}`);
    if (samples.some((sample) => taken.has(sample))) {
      warn(metric.descriptor.name, `the metric ${metric.descriptor.name} is left out: another has the name ${family.name}`);
      continue;
    }
    for (const sample of samples) taken.add(sample);
    families.set(family.name, family);
  }
  return families.values();
}

function familyOf(metric: MetricData, gauges: ReadonlySet<string>): Family | undefined {
  const { name, description: help, unit } = metric.descriptor;
  const shown = metricName(name);
  const common = { name: shown, help, unit, joined: false };
  switch (metric.dataPointType) {
    case DataPointType.HISTOGRAM:
      return { ...common, type: 'histogram', additive: true, points: metric.dataPoints };
    case DataPointType.GAUGE:
      return { ...common, type: 'gauge', additive: false, points: metric.dataPoints };
    case DataPointType.SUM:
      return metric.isMonotonic && !gauges.has(name)
        ? { ...common, name: shown.replace(/(?<=.)_total$/, ''), type: 'counter', additive: true, points: metric.dataPoints }
        : { ...common, type: 'gauge', additive: true, points: metric.dataPoints };
    default:
      return undefined;
  }
}
