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

type Labels = Readonly<Record<string, unknown>>;

/**
 * Writes metrics in Prometheus' text format, without scope labels: there is one scope, and a name is that of one metric. It
 * writes what PrometheusSerializer would, byte for byte, and leaves to it what is short: target_info and histograms. Labels
 * are written once for each attributes object and then known: of 10,000 series the serializer takes 100 ms and more.
 */
export class PrometheusText {
  readonly #resource = new PrometheusSerializer('', false, undefined, false, true);
  readonly #histograms: PrometheusSerializer;
  readonly #gauges: ReadonlySet<string>;
  readonly #resourceLabels: boolean;
  readonly #labels = new WeakMap<Labels, string>();

  constructor({ gauges = [], resourceLabels = false }: PrometheusTextOptions = {}) {
    this.#histograms = new PrometheusSerializer('', false, resourceLabels ? /^/ : undefined, true, true);
    this.#gauges = new Set(gauges);
    this.#resourceLabels = resourceLabels;
  }

  write(metrics: ResourceMetrics): string {
    return [...this.pieces(metrics)].join('');
  }

  /** The same text in pieces of some 64 kB, made as they are taken. */
  *pieces(metrics: ResourceMetrics): Generator<string> {
    let piece = '';
    for (const text of this.#texts(metrics)) {
      piece += text;
      if (piece.length < PIECE) continue;
      yield piece;
      piece = '';
    }
    if (piece !== '') yield piece;
  }

  *#texts({ resource, scopeMetrics }: ResourceMetrics): Generator<string> {
    const everywhere = this.#resourceLabels ? writeLabels(resource.attributes) : '';
    const alone = this.#resource.serialize({ resource, scopeMetrics: [] });
    if (scopeMetrics.every(({ metrics }) => metrics.length === 0)) {
      yield `${alone}\n`;
      return;
    }
    yield alone.replace(NOTHING, '');
    for (const { scope, metrics } of scopeMetrics) {
      for (const metric of metrics) {
        if (metric.dataPointType === DataPointType.SUM || metric.dataPointType === DataPointType.GAUGE) {
          yield* this.#write(metric, everywhere);
        } else yield this.#histograms.serialize({ resource, scopeMetrics: [{ scope, metrics: [metric] }] });
      }
    }
  }

  *#write(metric: MetricData, everywhere: string): Generator<string> {
    const isCounter =
      metric.dataPointType === DataPointType.SUM && metric.isMonotonic && !this.#gauges.has(metric.descriptor.name);
    const sanitized = sanitize(metric.descriptor.name);
    const name = isCounter && !sanitized.endsWith('_total') ? `${sanitized}_total` : sanitized;
    const { description, unit } = metric.descriptor;
    yield `# HELP ${name} ${escapeText(description || 'description missing')}\n`;
    if (unit !== '') yield `# UNIT ${name} ${escapeText(unit)}\n`;
    let text = `# TYPE ${name} ${isCounter ? 'counter' : 'gauge'}\n`;
    for (const { attributes, value } of metric.dataPoints) {
      const own = this.#labelsOf(attributes);
      const all = own === '' || everywhere === '' ? own + everywhere : `${own},${everywhere}`;
      text += `${name}${all === '' ? '' : `{${all}}`} ${writeValue(value as number)}\n`;
      if (text.length < PIECE) continue;
      yield text;
      text = '';
    }
    yield text;
  }

  #labelsOf(attributes: Labels): string {
    let labels = this.#labels.get(attributes);
    if (labels === undefined) {
      labels = writeLabels(attributes);
      this.#labels.set(attributes, labels);
    }
    return labels;
  }
}

/** Characters of a piece, about. */
const PIECE = 65_536;

/** What the serializer says where there is no metric. */
const NOTHING = /# no registered metrics$/;

function writeLabels(attributes: Labels): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${sanitize(name)}="${writeLabel(value)}"`)
    .join(',');
}

function sanitize(name: string): string {
  return name.replace(/[^a-z0-9_]/gi, '_').replace(/_{2,}/g, '_');
}

/** Text as it is, anything else as JSON. */
function writeLabel(value: unknown = ''): string {
  return escapeText(typeof value === 'string' ? value : JSON.stringify(value)).replace(/"/g, '\\"');
}

function escapeText(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
}

function writeValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
