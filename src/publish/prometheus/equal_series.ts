import type { Histogram } from '@opentelemetry/sdk-metrics';
import type { Family } from './families.ts';
import type { PrometheusLabels } from './labels.ts';

type Value = number | Histogram;

/**
 * A family with one series for each set of labels: attributes that differ may be the same labels, and Prometheus keeps one of two
 * samples of a series. Sums are added, of gauges the last one counts.
 */
export function withoutEquals(family: Family, labels: PrometheusLabels): Family {
  const places = new Map<string, number>();
  const attributes: Family['attributes'][number][] = [];
  const values: Value[] = [];
  const startMillis: (number | undefined)[] = [];
  for (const [index, each] of family.attributes.entries()) {
    const value = family.values[index];
    if (value === undefined) continue;
    const identity = labels.identity(each);
    const place = places.get(identity);
    if (place === undefined) {
      places.set(identity, values.length);
      attributes.push(each);
      values.push(value);
      startMillis.push(family.startMillis[index]);
    } else if (family.additive) {
      values[place] = sum(values[place] as Value, value);
      startMillis[place] = earlier(startMillis[place], family.startMillis[index]);
    } else {
      attributes[place] = each;
      values[place] = value;
      startMillis[place] = family.startMillis[index];
    }
  }
  return { ...family, attributes, values, startMillis };
}

function earlier(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

/** Histograms of one metric have the same boundaries. If they don't, the first is kept. */
function sum(a: Value, b: Value): Value {
  if (typeof a === 'number' || typeof b === 'number') return typeof a === 'number' && typeof b === 'number' ? a + b : a;
  const { boundaries, counts } = a.buckets;
  if (boundaries.join() !== b.buckets.boundaries.join()) return a;
  return {
    ...a,
    buckets: { boundaries, counts: counts.map((count, index) => count + (b.buckets.counts[index] ?? 0)) },
    count: a.count + b.count,
    ...(a.sum === undefined || b.sum === undefined ? {} : { sum: a.sum + b.sum }),
  };
}
