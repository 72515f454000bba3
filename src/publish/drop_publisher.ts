import type { Attributes, BatchObservableResult, HrTime, Observable } from '@opentelemetry/api';
import { hrTimeToMilliseconds, millisToHrTime } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import {
  DataPointType,
  MeterProvider,
  type MetricData,
  type MetricProducer,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { COUNTING } from '../metrics/definitions.ts';
import type { DropAccumulator } from '../metrics/drop_accumulator.ts';
import { observableCounter } from '../metrics/instruments.ts';
import { HookProducer, SCOPE } from './hook_producer.ts';
import type { Naming } from './naming.ts';
import { PodProducer } from './pod_producer.ts';
import { PublishedView } from './published_view.ts';
import { PullReader } from './pull_reader.ts';

/**
 * The metrics of one exporter, published with the SDK: observable counters over its accumulator, in a separate MeterProvider, and the hooks.
 *
 * Drops are OpenTelemetry observable counters, as the agent promises. The SDK uses the first observation as start time. That is later than
 * the drops it counts, so a backend would not see them as an increase, and it would change after a reload. So {@link collect} sets each
 * series' own start time. Also, an instrument never forgets a series: when some have ended, the instruments are recreated. The series of
 * pods, which change all the time, have a producer.
 */
export class DropPublisher {
  readonly #accumulator: DropAccumulator;
  readonly #naming: Naming;
  readonly #resource: Resource;
  readonly #view: PublishedView;
  readonly #producers: MetricProducer[];
  #reader: PullReader;
  /** Names of the metrics whose series are observed here. */
  readonly #observed: ReadonlySet<string>;
  /** Start times by the attributes object. The SDK returns the same object. */
  readonly #startTimes = new WeakMap<Attributes, HrTime>();

  constructor({ accumulator, naming, resource }: { accumulator: DropAccumulator; naming: Naming; resource: Resource }) {
    this.#accumulator = accumulator;
    this.#naming = naming;
    this.#resource = resource;
    this.#observed = new Set([naming.count.name, naming.bytes.name, COUNTING.lost.name]);
    this.#view = PublishedView.of(accumulator.map, naming);
    this.#producers = [new HookProducer(accumulator), new PodProducer(accumulator.pods, naming.pods)];
    this.#reader = this.#instruments();
  }

  /** The current values: cumulative, monotonic integer sums, and the gauge of the hooks. */
  async collect(): Promise<ResourceMetrics> {
    if (this.#view.settle()) this.#reader = this.#instruments();
    // A read may come meanwhile: its values are not in this.
    const endTime = millisToHrTime(this.#accumulator.lastTimeMillis);
    const { resourceMetrics, errors } = await this.#reader.collect();
    if (errors.length > 0) throw errors[0];
    return {
      resource: resourceMetrics.resource,
      scopeMetrics: resourceMetrics.scopeMetrics.map(({ scope, metrics }) => ({
        scope,
        metrics: metrics.map((metric) => this.#withTimes(metric, endTime)),
      })),
    };
  }

  #instruments(): PullReader {
    const reader = new PullReader({ metricProducers: this.#producers });
    const meter = new MeterProvider({ resource: this.#resource, readers: [reader] }).getMeter(SCOPE.name, SCOPE.version);
    const count = observableCounter(meter, this.#naming.count);
    const bytes = observableCounter(meter, this.#naming.bytes);
    const lost = observableCounter(meter, COUNTING.lost);
    meter.addBatchObservableCallback((result) => this.#observe(result, { count, bytes, lost }), [count, bytes, lost]);
    return reader;
  }

  #observe(result: BatchObservableResult, to: { count: Observable; bytes: Observable; lost: Observable }): void {
    const { attributes: all, startMillis, drops, bytes } = this.#view.look();
    for (const [index, attributes] of all.entries()) {
      this.#begins(attributes, startMillis[index] as number);
      result.observe(to.count, drops[index] as number, attributes);
      const ofBytes = bytes[index];
      if (ofBytes !== undefined) result.observe(to.bytes, ofBytes, attributes);
    }
    for (const { attributes, startTimeMillis, count } of this.#accumulator.losses.values()) {
      this.#begins(attributes, startTimeMillis);
      result.observe(to.lost, count, attributes);
    }
  }

  #begins(attributes: Attributes, startTimeMillis: number): void {
    const known = this.#startTimes.get(attributes);
    if (known !== undefined && hrTimeToMilliseconds(known) === startTimeMillis) return;
    this.#startTimes.set(attributes, millisToHrTime(startTimeMillis));
  }

  #withTimes(metric: MetricData, endTime: HrTime): MetricData {
    if (metric.dataPointType !== DataPointType.SUM || !this.#observed.has(metric.descriptor.name)) return metric;
    const dataPoints = metric.dataPoints.map((point) => ({
      ...point,
      endTime,
      startTime: this.#startTimes.get(point.attributes) ?? point.startTime,
    }));
    return { ...metric, dataPoints };
  }
}
