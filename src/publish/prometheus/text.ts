import type { Histogram, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { once } from '../../component/once.ts';
import { columnsOf, type MetricColumns, type Published } from '../metric_columns.ts';
import { withoutEquals } from './equal_series.ts';
import { type Family, familiesOf } from './families.ts';
import { escapeQuoted, escapeText, PrometheusLabels, withLabel } from './labels.ts';
import { metricName } from './names.ts';
import { numberText, PieceWriter } from './piece_writer.ts';
import type { ScrapeFormat } from './scrape_format.ts';
import { WrittenLabels } from './written_labels.ts';

export interface PrometheusTextOptions {
  /** Each metric's name begins with it and `_`, that of `target_info` too, as the Collector's do. */
  readonly namespace?: string;
  /** Metrics (by their OpenTelemetry name) that are shown as gauges, without `_total`, though they are counters. */
  readonly gauges?: readonly string[];
  /** Which of the resource's attributes are on every series, besides `target_info`; none by default. */
  readonly isOnEverySeries?: (attribute: string) => boolean;
  /** Labels with their values that are on every series, but not on `target_info`. */
  readonly constLabels?: Readonly<Record<string, string>>;
  /** Called once for each name that can't be shown as intended. */
  readonly warn?: (message: string) => void;
}

/** The labels of a page's series, by the array of their attributes: a metric of counts and one of bytes have the same. */
type LabelsOfPage = Map<MetricColumns['attributes'], WrittenLabels>;

/**
 * Writes metrics in Prometheus' text format 0.0.4, or as OpenMetrics 1.0, which also has the time when each series began
 * (`_created`). Whatever names and values come, Prometheus takes the page. There are no scope labels, for there is one scope.
 * Labels are written once for each series and kept as bytes: a scrape copies them, and writes numbers between them.
 */
export class PrometheusText {
  readonly #labels: PrometheusLabels;
  readonly #prefix: string;
  readonly #gauges: ReadonlySet<string>;
  readonly #warnOnce: (key: string, message: string) => void;
  /** By the name of the family that they were written for first. */
  readonly #written = new Map<string, WrittenLabels>();

  constructor({
    namespace = '',
    gauges = [],
    isOnEverySeries = () => false,
    constLabels = {},
    warn = () => {},
  }: PrometheusTextOptions = {}) {
    this.#prefix = namespace === '' ? '' : metricName(`${namespace}_`);
    this.#labels = new PrometheusLabels({ isOnEverySeries, constLabels, warn });
    this.#gauges = new Set(gauges);
    this.#warnOnce = once(warn);
  }

  /** What the SDK has collected, as one text. */
  write(metrics: ResourceMetrics, format: ScrapeFormat = 'prometheus'): string {
    const copies: Buffer[] = [];
    for (const piece of this.pieces(columnsOf(metrics), format)) copies.push(Buffer.from(piece));
    return Buffer.concat(copies).toString();
  }

  /** The text in pieces of some 128 kB, made as they are taken. Each is valid until the next but one is. */
  *pieces({ attributes, metrics }: Published, format: ScrapeFormat): Generator<Buffer> {
    if (this.#labels.take(attributes)) this.#written.clear();
    const isOpen = format === 'openmetrics';
    const writer = new PieceWriter();
    const prefix = this.#prefix;
    const [target, type] = isOpen ? [`${prefix}target`, 'info'] : [`${prefix}target_info`, 'gauge'];
    writer.text(
      `# HELP ${target} Target metadata\n# TYPE ${target} ${type}\n${prefix}target_info${this.#labels.ofResource()} 1\n`,
    );
    const labels: LabelsOfPage = new Map();
    for (const family of familiesOf(metrics, { prefix, gauges: this.#gauges, warn: this.#warnOnce }))
      yield* this.#family(family, labels, writer, isOpen);
    if (isOpen) writer.text('# EOF\n');
    if (!writer.isEmpty) yield writer.take();
  }

  *#family(whole: Family, known: LabelsOfPage, writer: PieceWriter, isOpen: boolean): Generator<Buffer> {
    let [family, labels] = [whole, this.#labelsOf(whole, known)];
    if (family.joined || !labels.areExact || this.#labels.areAmbiguous) {
      family = withoutEquals(family, this.#labels);
      labels = this.#labelsOf(family, known);
    }
    const { name, type, values, startMillis } = family;
    const sample = type === 'counter' ? `${name}_total` : name;
    const hasCreated = isOpen && type !== 'gauge';
    const [begin, created] = [Buffer.from(sample), Buffer.from(`${name}_created`)];
    writer.text(head(family, isOpen ? name : sample, isOpen));
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      if (value === undefined) continue;
      if (typeof value === 'number') writeSample(writer, begin, labels, index, value);
      else writer.text(histogram(name, labels.text(index), value, isOpen));
      // A clock that was set back since would have it created in the future, which Prometheus takes for a fault.
      const began = startMillis[index];
      if (hasCreated && began !== undefined) {
        writer.bytes(created);
        labels.writeTo(writer, index);
        writer.text(` ${writeSeconds(began)}\n`);
      }
      if (writer.isFull) yield writer.take();
    }
  }

  #labelsOf({ name, attributes }: Family, known: LabelsOfPage): WrittenLabels {
    let labels = known.get(attributes);
    if (labels !== undefined) return labels;
    labels = (this.#written.get(name) ?? WrittenLabels.NONE).with(attributes, this.#labels);
    this.#written.set(name, labels);
    known.set(attributes, labels);
    return labels;
  }
}

function writeSample(writer: PieceWriter, name: Buffer, labels: WrittenLabels, index: number, value: number): void {
  writer.bytes(name);
  labels.writeTo(writer, index);
  writer.space();
  writer.number(value);
  writer.newline();
}

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
  if (sum !== undefined) text += `${name}_sum${labels} ${numberText(sum)}\n`;
  // OpenMetrics has both or neither.
  return sum === undefined && isOpen ? text : `${text}${name}_count${labels} ${count}\n`;
}

/** In seconds since the epoch, to the millisecond: Prometheus knows no less. */
function writeSeconds(millis: number): string {
  return `${Math.trunc(millis / 1000)}.${String(Math.trunc(millis % 1000)).padStart(3, '0')}`;
}
