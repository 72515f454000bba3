import type { DataPoint, Histogram } from '@opentelemetry/sdk-metrics';
import type { Family } from './families.ts';
import type { PrometheusLabels } from './labels.ts';

type Point = DataPoint<number | Histogram>;

/**
 * The points of a family, with one for each set of labels: attributes that differ may be the same labels, and Prometheus keeps
 * one of two samples of a series. Sums are added, of gauges the last one counts. In the usual case these are the family's own.
 */
export function withoutEquals({ points, additive, joined }: Family, labels: PrometheusLabels): Iterable<Point> {
  if (!joined && labels.tellApart(points)) return points;
  const distinct = new Map<string, Point>();
  for (const point of points) {
    const identity = labels.identity(point.attributes);
    const known = distinct.get(identity);
    distinct.set(identity, known === undefined || !additive ? point : add(known, point));
  }
  return distinct.values();
}

function add(a: Point, b: Point): Point {
  const startTime = a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1];
  return { ...a, startTime: startTime <= 0 ? a.startTime : b.startTime, value: sum(a.value, b.value) };
}

/** Two histograms of one metric have the same boundaries; where they haven't, the first stays as it is. */
function sum(a: number | Histogram, b: number | Histogram): number | Histogram {
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
