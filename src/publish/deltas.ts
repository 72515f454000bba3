import { setImmediate as turn } from 'node:timers/promises';
import type { Attributes, HrTime } from '@opentelemetry/api';
import { hrTimeToMilliseconds, millisToHrTime } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type MetricData,
  type ResourceMetrics,
  type ScopeMetrics,
  type SumMetricData,
} from '@opentelemetry/sdk-metrics';

type Scope = ScopeMetrics['scope'];
type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** How far the counts of one series have been taken. */
interface Taken {
  value: number;
  endTime: HrTime;
  /** Of the last metrics in which the series was. */
  round: number;
}

/** The deltas of one metric that wait, by the attributes object of their series. */
interface Waiting {
  readonly scope: Scope;
  readonly metric: SumMetricData;
  readonly points: Map<Attributes, Writable<DataPoint<number>>>;
}

/** Points that are taken in one turn of the event loop. */
const SLICE = 4096;

/** Deltas of ended series can only wait, never be joined by further ones. Beyond so many of them, the oldest are given up. */
const MOST_ENDED = 20_000;

/**
 * Turns cumulative sums into deltas, each of which is taken once. What is taken waits until {@link cut}: a later delta of the same
 * series is added to it. Deltas of 0 are left out. Other metrics, such as gauges, are passed on as they were last.
 *
 * A series is recognized by its attributes object, which is the same as long as the series lives. So what is known of a series ends with
 * it, and a series of the same attributes that begins later is another one.
 */
export class Deltas {
  readonly #taken = new Map<string, WeakMap<Attributes, Taken>>();
  readonly #waiting = new Map<string, Waiting>();
  #others: ScopeMetrics[] = [];
  #resource: ResourceMetrics['resource'] | undefined;
  #round = 0;
  #living = 0;

  /**
   * Takes what was added since the last call, which is over. Takes turns with the event loop: what is cut meanwhile has some of it.
   * Returns how many deltas of ended series were given up.
   */
  async take({ resource, scopeMetrics }: ResourceMetrics): Promise<number> {
    this.#resource = resource;
    this.#round++;
    this.#living = 0;
    this.#others = [];
    for (const { scope, metrics } of scopeMetrics) {
      const others: MetricData[] = [];
      for (const metric of metrics) {
        if (metric.dataPointType === DataPointType.SUM && metric.isMonotonic) await this.#takeSum(scope, metric);
        else others.push(metric);
      }
      if (others.length > 0) this.#others.push({ scope, metrics: others });
    }
    return this.#giveUpEnded();
  }

  /** Data points that wait. */
  get points(): number {
    let points = 0;
    for (const waiting of this.#waiting.values()) points += waiting.points.size;
    for (const { metrics } of this.#others) for (const { dataPoints } of metrics) points += dataPoints.length;
    return points;
  }

  /** What waits, which nothing changes from now on; undefined if nothing does. */
  cut(): ResourceMetrics | undefined {
    if (this.#resource === undefined || this.points === 0) return undefined;
    const scopes: { scope: Scope; metrics: MetricData[] }[] = [];
    const add = (scope: Scope, metrics: readonly MetricData[]) => {
      const known = scopes.find((each) => each.scope.name === scope.name && each.scope.version === scope.version);
      if (known === undefined) scopes.push({ scope, metrics: [...metrics] });
      else known.metrics.push(...metrics);
    };
    for (const { scope, metric, points } of this.#waiting.values()) {
      if (points.size === 0) continue;
      add(scope, [{ ...metric, aggregationTemporality: AggregationTemporality.DELTA, dataPoints: [...points.values()] }]);
    }
    for (const { scope, metrics } of this.#others) add(scope, metrics);
    this.#waiting.clear();
    this.#others = [];
    // The agent's identity may change before the message is sent again.
    return { resource: resourceFromAttributes({ ...this.#resource.attributes }), scopeMetrics: scopes };
  }

  async #takeSum(scope: Scope, metric: SumMetricData): Promise<void> {
    this.#living += metric.dataPoints.length;
    for (let from = 0; from < metric.dataPoints.length; from += SLICE) {
      if (from > 0) await turn();
      this.#takePoints(scope, metric, metric.dataPoints.slice(from, from + SLICE));
    }
  }

  #takePoints(scope: Scope, metric: SumMetricData, points: readonly DataPoint<number>[]): void {
    const { name } = metric.descriptor;
    const taken = this.#taken.get(name) ?? new WeakMap<Attributes, Taken>();
    this.#taken.set(name, taken);
    const waiting = this.#waiting.get(name) ?? { scope, metric: { ...metric, dataPoints: [] }, points: new Map() };
    this.#waiting.set(name, waiting);
    for (const { attributes, value, startTime, endTime } of points) {
      const before = taken.get(attributes);
      const delta = value - (before?.value ?? 0);
      const began = before?.endTime ?? startTime;
      const ends = delta === 0 ? endTime : after(began, endTime);
      if (before === undefined) taken.set(attributes, { value, endTime: ends, round: this.#round });
      else Object.assign(before, { value, endTime: ends, round: this.#round });
      if (delta === 0) continue;
      const point = waiting.points.get(attributes);
      if (point === undefined) {
        waiting.points.set(attributes, { attributes, startTime: beginning(began, ends), endTime: ends, value: delta });
        continue;
      }
      point.value += delta;
      point.startTime = beginning(point.startTime, ends);
      point.endTime = ends;
    }
  }

  /** Series that live bound the deltas of living ones. */
  #giveUpEnded(): number {
    let excess = this.points - this.#living - MOST_ENDED;
    let givenUp = 0;
    for (const [name, { points }] of this.#waiting) {
      for (const attributes of points.keys()) {
        if (excess <= 0) return givenUp;
        if (this.#taken.get(name)?.get(attributes)?.round === this.#round) continue;
        points.delete(attributes);
        excess--;
        givenUp++;
      }
    }
    return givenUp;
  }
}

/** The clock may have been set back: an interval begins before it ends. */
function beginning(startTime: HrTime, endTime: HrTime): HrTime {
  return isLater(startTime, endTime) ? millisToHrTime(hrTimeToMilliseconds(endTime) - 1) : startTime;
}

/** Two reads may be made within a millisecond, and a backend drops a delta that doesn't end after the one before. */
function after(began: HrTime, endTime: HrTime): HrTime {
  const isSame = began[0] === endTime[0] && Math.trunc(began[1] / 1e6) === Math.trunc(endTime[1] / 1e6);
  return isSame ? [began[0], began[1] + 1] : endTime;
}

function isLater(a: HrTime, b: HrTime): boolean {
  return a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);
}
