import type { HrTime } from '@opentelemetry/api';
import type { Histogram, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { withoutEquals } from './equal_points.ts';
import { type Family, familiesOf } from './families.ts';
import { escapeQuoted, escapeText, PrometheusLabels, withLabel } from './labels.ts';
import type { ScrapeFormat } from './scrape_format.ts';

export interface PrometheusTextOptions {
  /** Metrics (by their OpenTelemetry name) that are shown as gauges, without `_total`, though they are counters. */
  readonly gauges?: readonly string[];
  /** Puts the resource's attributes on every series, besides `target_info`. */
  readonly resourceLabels?: boolean;
  /** Is told once of each name that can't be shown as it is meant. */
  readonly warn?: (message: string) => void;
}

/**
 * Writes metrics in Prometheus' text format 0.0.4, or as OpenMetrics 1.0, which also has the time when each series began
 * (`_created`). Whatever names and values come, Prometheus takes the page. There are no scope labels, for there is one scope.
 * Labels are written once for each attributes object and then known: of 10,000 series the SDK's serializer takes 100 ms.
 */
export class PrometheusText {
  readonly #labels: PrometheusLabels;
  readonly #gauges: ReadonlySet<string>;
  readonly #warn: (message: string) => void;
  readonly #told = new Set<string>();

  constructor({ gauges = [], resourceLabels = false, warn = () => {} }: PrometheusTextOptions = {}) {
    this.#labels = new PrometheusLabels({ resourceLabels, warn });
    this.#gauges = new Set(gauges);
    this.#warn = warn;
  }

  write(metrics: ResourceMetrics, format: ScrapeFormat = 'prometheus'): string {
    return [...this.pieces(metrics, format)].join('');
  }

  /** The same text in pieces of some 64 kB, made as they are taken. */
  *pieces(metrics: ResourceMetrics, format: ScrapeFormat = 'prometheus'): Generator<string> {
    let piece = '';
    for (const text of this.#texts(metrics, format === 'openmetrics')) {
      piece += text;
      if (piece.length < PIECE) continue;
      yield piece;
      piece = '';
    }
    if (piece !== '') yield piece;
  }

  *#texts({ resource, scopeMetrics }: ResourceMetrics, isOpen: boolean): Generator<string> {
    this.#labels.take(resource.attributes);
    const [target, type] = isOpen ? ['target', 'info'] : ['target_info', 'gauge'];
    yield `# HELP ${target} Target metadata\n# TYPE ${target} ${type}\ntarget_info${this.#labels.ofResource()} 1\n`;
    const warn = (name: string, message: string) => this.#tell(name, message);
    for (const family of familiesOf(scopeMetrics, { gauges: this.#gauges, warn })) yield* this.#family(family, isOpen);
    if (isOpen) yield '# EOF\n';
  }

  *#family(family: Family, isOpen: boolean): Generator<string> {
    const { name, type } = family;
    const sample = type === 'counter' ? `${name}_total` : name;
    const hasCreated = isOpen && type !== 'gauge';
    let text = head(family, isOpen ? name : sample, isOpen);
    for (const { attributes, value, startTime, endTime } of withoutEquals(family, this.#labels)) {
      const labels = this.#labels.of(attributes);
      text += typeof value === 'number' ? `${sample}${labels} ${writeValue(value)}\n` : histogram(name, labels, value, isOpen);
      // A clock that was set back since would have it created in the future, which Prometheus takes for a fault.
      if (hasCreated && !isLater(startTime, endTime)) text += `${name}_created${labels} ${writeSeconds(startTime)}\n`;
      if (text.length < PIECE) continue;
      yield text;
      text = '';
    }
    yield text;
  }

  #tell(key: string, message: string): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#warn(message);
  }
}

/** Characters of a piece, about. */
const PIECE = 65_536;

function head({ type, help, unit }: Family, name: string, isOpen: boolean): string {
  const escaped = isOpen ? escapeQuoted : escapeText;
  // OpenMetrics wants a unit to be the end of the name, which ours is not.
  const units = isOpen || unit === '' ? '' : `# UNIT ${name} ${escaped(unit)}\n`;
  return `# HELP ${name} ${escaped(help || 'description missing')}\n${units}# TYPE ${name} ${type}\n`;
}

/** Buckets that are cumulative, by their upper bounds, which OpenMetrics writes as floating point numbers. */
function histogram(name: string, labels: string, { buckets, sum, count }: Histogram, isOpen: boolean): string {
  let text = '';
  let total = 0;
  for (const [index, boundary] of buckets.boundaries.entries()) {
    total += buckets.counts[index] ?? 0;
    if (boundary === Number.POSITIVE_INFINITY) continue;
    const bound = isOpen && Number.isInteger(boundary) ? boundary.toFixed(1) : String(boundary);
    text += `${name}_bucket${withLabel(labels, 'le', bound)} ${total}\n`;
  }
  text += `${name}_bucket${withLabel(labels, 'le', '+Inf')} ${count}\n`;
  if (sum !== undefined) text += `${name}_sum${labels} ${writeValue(sum)}\n`;
  // OpenMetrics has them together or not at all.
  return sum === undefined && isOpen ? text : `${text}${name}_count${labels} ${count}\n`;
}

function writeValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

function isLater([seconds, nanos]: HrTime, [thanSeconds, thanNanos]: HrTime): boolean {
  return seconds > thanSeconds || (seconds === thanSeconds && nanos > thanNanos);
}

/** In seconds since the epoch, to the millisecond: Prometheus knows no less. */
function writeSeconds([seconds, nanos]: HrTime): string {
  return `${seconds}.${String(Math.trunc(nanos / 1e6)).padStart(3, '0')}`;
}
