import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { DataPointType, type MetricData, type ResourceMetrics } from '@opentelemetry/sdk-metrics';

/** The media type of what {@link PrometheusText} writes. */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface PrometheusTextOptions {
  /** Metrics (by their OpenTelemetry name) that are shown as gauges, without `_total`, though they are counters. */
  readonly gauges?: readonly string[];
  /** Puts the resource's attributes on every series, besides `target_info`. */
  readonly resourceLabels?: boolean;
}

/** Writes metrics in Prometheus' text format, without scope labels: there is one scope. */
export class PrometheusText {
  readonly #serializer: PrometheusSerializer;
  readonly #gauges: ReadonlySet<string>;

  constructor({ gauges = [], resourceLabels = false }: PrometheusTextOptions = {}) {
    this.#serializer = new PrometheusSerializer('', false, resourceLabels ? /^/ : undefined, false, true);
    this.#gauges = new Set(gauges);
  }

  write({ resource, scopeMetrics }: ResourceMetrics): string {
    const shown = scopeMetrics.map(({ scope, metrics }) => ({ scope, metrics: metrics.map((metric) => this.#show(metric)) }));
    const text = this.#serializer.serialize({ resource, scopeMetrics: shown });
    return text.endsWith('\n') ? text : `${text}\n`;
  }

  #show(metric: MetricData): MetricData {
    if (metric.dataPointType !== DataPointType.SUM || !this.#gauges.has(metric.descriptor.name)) return metric;
    const { descriptor, aggregationTemporality, dataPoints } = metric;
    return { descriptor, aggregationTemporality, dataPointType: DataPointType.GAUGE, dataPoints };
  }
}
