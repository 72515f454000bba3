import type { Attributes, Counter, Meter } from '@opentelemetry/api';
import type { Consumer } from '../../component/consumer.ts';
import { COUNTING } from '../../metrics/definitions.ts';
import { counter, observableGauge } from '../../metrics/instruments.ts';
import type { DropBatch, HookStatus } from '../../pdata/batch.ts';

/** Metrics about the quality of the counting, for the telemetry endpoint. Gets every batch in addition to the pipelines. */
export class CountingMetrics implements Consumer {
  readonly #lost: Counter;
  #hooks: readonly HookStatus[] = [];

  constructor(meter: Meter) {
    this.#lost = counter(meter, COUNTING.lost);
    observableGauge(meter, COUNTING.hookAttached).addCallback((result) => {
      for (const { hook, attached, rung, why } of this.#hooks) {
        result.observe(attached ? 1 : 0, { hook, rung, why } satisfies Attributes);
      }
    });
  }

  consume({ losses, hooks }: DropBatch): void {
    for (const { slot, count } of losses) this.#lost.add(count, { slot });
    if (hooks.length > 0) this.#hooks = hooks;
  }
}
