import type { Attributes, BatchObservableResult, HrTime, Observable } from '@opentelemetry/api';
import { millisToHrTime } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import { DataPointType, MeterProvider, type MetricData, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { COUNTING } from './definitions.ts';
import type { DropAccumulator, LossSeries } from './drop_accumulator.ts';
import { HookProducer, SCOPE } from './hook_producer.ts';
import { observableCounter } from './instruments.ts';
import type { Naming } from './naming.ts';
import { PodProducer } from './pod_producer.ts';
import { PublishedView } from './published_view.ts';
import { PullReader } from './pull_reader.ts';

/**
 * What one exporter publishes: observable counters over its accumulator, in a MeterProvider of its own, and the hooks.
 *
 * Drops are OpenTelemetry observable counters, as the agent promises; a series of the node lives as long as the agent
 * does, so that the SDK's never forgetting one does no harm. Its start time does: for an observable counter the SDK takes
 * the first observation, which comes after the drops that it tells of, so that a backend would not see them as an
 * increase, and after a reload it would move. {@link collect} puts each series' own start time in its place. The series of
 * pods end, so they come from a producer of their own.
 */
export class DropPublisher {
  readonly #accumulator: DropAccumulator;
  readonly #view: PublishedView;
  readonly #reader: PullReader;
  readonly #count: Observable;
  readonly #bytes: Observable;
  readonly #lost: Observable;
  readonly #lossAttributes = new Map<LossSeries, Attributes>();
  /** Names of the metrics that come with the start times that they are to have. */
  readonly #ownStartTimes: ReadonlySet<string>;
  /** Start times by the attributes object, which the SDK hands back as it was given. */
  readonly #startTimes = new Map<Attributes, HrTime>();

  constructor({ accumulator, naming, resource }: { accumulator: DropAccumulator; naming: Naming; resource: Resource }) {
    this.#accumulator = accumulator;
    this.#ownStartTimes = new Set([naming.pods.count.name, naming.pods.bytes.name]);
    this.#view = new PublishedView(accumulator, naming);
    const pods = new PodProducer(accumulator.pods, naming.pods);
    this.#reader = new PullReader({ metricProducers: [new HookProducer(accumulator), pods] });
    const meter = new MeterProvider({ resource, readers: [this.#reader] }).getMeter(SCOPE.name, SCOPE.version);
    this.#count = observableCounter(meter, naming.count);
    this.#bytes = observableCounter(meter, naming.bytes);
    this.#lost = observableCounter(meter, COUNTING.lost);
    meter.addBatchObservableCallback((result) => this.#observe(result), [this.#count, this.#bytes, this.#lost]);
  }

  /** Everything as it stands now: cumulative, monotonic, integer sums, and the gauge of the hooks. */
  async collect(): Promise<ResourceMetrics> {
    const { resourceMetrics, errors } = await this.#reader.collect();
    if (errors.length > 0) throw errors[0];
    return {
      resource: resourceMetrics.resource,
      scopeMetrics: resourceMetrics.scopeMetrics.map(({ scope, metrics }) => ({
        scope,
        metrics: metrics.map((metric) => this.#withStartTimes(metric)),
      })),
    };
  }

  #observe(result: BatchObservableResult): void {
    for (const { attributes, startTimeMillis, drops, bytes } of this.#view.look()) {
      if (!this.#startTimes.has(attributes.values)) this.#startTimes.set(attributes.values, millisToHrTime(startTimeMillis));
      result.observe(this.#count, drops, attributes.values);
      if (bytes !== undefined) result.observe(this.#bytes, bytes, attributes.values);
    }
    for (const loss of this.#accumulator.losses.values()) {
      let attributes = this.#lossAttributes.get(loss);
      if (attributes === undefined) {
        attributes = { slot: loss.slot };
        this.#lossAttributes.set(loss, attributes);
        this.#startTimes.set(attributes, millisToHrTime(loss.startTimeMillis));
      }
      result.observe(this.#lost, loss.count, attributes);
    }
  }

  #withStartTimes(metric: MetricData): MetricData {
    if (metric.dataPointType !== DataPointType.SUM || this.#ownStartTimes.has(metric.descriptor.name)) return metric;
    const dataPoints = metric.dataPoints.map((point) => ({
      ...point,
      startTime: this.#startTimes.get(point.attributes) ?? point.startTime,
    }));
    return { ...metric, dataPoints };
  }
}
