import type { Meter } from '@opentelemetry/api';
import { LOG } from '../../metrics/definitions.ts';
import { observableCounter } from '../../metrics/instruments.ts';
import type { Log } from './logger.ts';

/** Counts lost log lines with `meter`. */
export function registerLogMetrics(meter: Meter, outputs: Log['outputs']): void {
  observableCounter(meter, LOG.lost).addCallback((result) => {
    for (const { path, lost } of outputs) result.observe(lost, { path });
  });
}
