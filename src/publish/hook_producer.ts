import { ValueType } from '@opentelemetry/api';
import { millisToHrTime } from '@opentelemetry/core';
import { emptyResource } from '@opentelemetry/resources';
import { AggregationTemporality, type CollectionResult, DataPointType, type MetricProducer } from '@opentelemetry/sdk-metrics';
import { VERSION } from '../component/version.ts';
import { COUNTING } from '../metrics/definitions.ts';
import type { DropAccumulator } from '../metrics/drop_accumulator.ts';

/** The scope that our metrics are published under. */
export const SCOPE = { name: 'dropreason', version: VERSION };

/**
 * Publishes the current state of the hooks. An instrument can't: it never forgets an attribute set, so a hook on a lower rung would also
 * stay attached on the higher one forever.
 */
export class HookProducer implements MetricProducer {
  readonly #accumulator: DropAccumulator;

  constructor(accumulator: DropAccumulator) {
    this.#accumulator = accumulator;
  }

  collect(): Promise<CollectionResult> {
    const { name, unit, description } = COUNTING.hookAttached;
    const now = millisToHrTime(this.#accumulator.lastTimeMillis);
    const dataPoints = this.#accumulator.hooks.map(({ hook, attached, rung, why }) => ({
      startTime: now,
      endTime: now,
      attributes: { hook, rung, why },
      value: attached ? 1 : 0,
    }));
    const metric = {
      descriptor: { name, unit, description, valueType: ValueType.INT },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.GAUGE as const,
      dataPoints,
    };
    const scopeMetrics = dataPoints.length === 0 ? [] : [{ scope: SCOPE, metrics: [metric] }];
    return Promise.resolve({ resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] });
  }
}
