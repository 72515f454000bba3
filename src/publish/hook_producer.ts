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
 * Publishes the hooks as they stand. No instrument does: one never forgets an attribute set, so that a hook which fell to
 * a lower rung would stay attached on the higher one for ever.
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
