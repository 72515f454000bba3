import type { MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';

/** How many data points there are, over all metrics. */
export function countPoints({ scopeMetrics }: ResourceMetrics): number {
  let points = 0;
  for (const { metrics } of scopeMetrics) for (const { dataPoints } of metrics) points += dataPoints.length;
  return points;
}

/**
 * Splits metrics into parts of at most `most` points each, in order. A receiver accepts 4 MiB per message by default, about 17,000
 * points.
 */
export function splitPoints({ resource, scopeMetrics }: ResourceMetrics, most: number): ResourceMetrics[] {
  const parts: ResourceMetrics[] = [];
  let room = 0;
  for (const { scope, metrics } of scopeMetrics) {
    for (const metric of metrics) {
      for (let from = 0; from < metric.dataPoints.length; ) {
        if (room === 0) {
          parts.push({ resource, scopeMetrics: [] });
          room = most;
        }
        const dataPoints = metric.dataPoints.slice(from, from + room);
        const part = parts.at(-1) as ResourceMetrics;
        let last = part.scopeMetrics.at(-1);
        if (last?.scope !== scope) {
          last = { scope, metrics: [] };
          part.scopeMetrics.push(last);
        }
        last.metrics.push({ ...metric, dataPoints } as MetricData);
        from += dataPoints.length;
        room -= dataPoints.length;
      }
    }
  }
  return parts;
}
