import type { MetricColumns } from '../metric_columns.ts';
import { metricName } from './names.ts';

/** The metrics that are one to Prometheus. */
export interface Family extends Pick<MetricColumns, 'attributes' | 'values' | 'startMillis'> {
  /** Without the suffix of its type. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly unit: string;
  /** Whether the values of two series make one by being added. */
  readonly additive: boolean;
  /** Whether several metrics are in it, so that attributes may be there twice. */
  readonly joined: boolean;
}

export interface FamilyOptions {
  /** What each name begins with. */
  readonly prefix: string;
  /** Metrics, by their OpenTelemetry name, that are shown as gauges though they are counters. */
  readonly gauges: ReadonlySet<string>;
  /** Called for each metric that is left out. */
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
 * Groups metrics by their Prometheus name. Prometheus rejects a page with duplicate names: equal metrics are merged, and a metric whose
 * name is already used by a different one is left out.
 */
export function familiesOf(metrics: readonly MetricColumns[], { prefix, gauges, warn }: FamilyOptions): Iterable<Family> {
  const families = new Map<string, Family>();
  const taken = new Set(TARGET.map((name) => `${prefix}${name}`));
  for (const metric of metrics) {
    const { name } = metric.descriptor;
    const family = familyOf(metric, prefix, gauges);
    if (family === undefined) {
      warn(name, `the metric ${name} is left out: the text has no type for it`);
      continue;
    }
    const known = families.get(family.name);
    if (known?.type === family.type && known.additive === family.additive) {
      families.set(family.name, join(known, family));
      continue;
    }
    const samples = SUFFIXES[family.type].map((suffix) => `${family.name}${suffix}`);
    if (samples.some((sample) => taken.has(sample))) {
      warn(name, `the metric ${name} is left out: another has the name ${family.name}`);
      continue;
    }
    for (const sample of samples) taken.add(sample);
    families.set(family.name, family);
  }
  return families.values();
}

function join(one: Family, other: Family): Family {
  return {
    ...one,
    attributes: [...one.attributes, ...other.attributes],
    values: [...one.values, ...other.values],
    startMillis: [...one.startMillis, ...other.startMillis],
    joined: true,
  };
}

function familyOf(
  { descriptor, kind, ...columns }: MetricColumns,
  prefix: string,
  gauges: ReadonlySet<string>,
): Family | undefined {
  const { name, description: help, unit } = descriptor;
  const shown = metricName(`${prefix}${name}`);
  const common = { ...columns, name: shown, help, unit, joined: false };
  switch (kind) {
    case 'histogram':
      return { ...common, type: 'histogram', additive: true };
    case 'gauge':
      return { ...common, type: 'gauge', additive: false };
    case 'up_down_counter':
      return { ...common, type: 'gauge', additive: true };
    case 'counter':
      return gauges.has(name)
        ? { ...common, type: 'gauge', additive: true }
        : { ...common, name: shown.replace(/(?<=.)_total$/, ''), type: 'counter', additive: true };
    case 'other':
      return undefined;
  }
}
