import { z } from 'zod';
import { METRIC_NAMES } from '../publish/naming.ts';
import { retrySettings } from './retry_settings.ts';

/** What every exporter that pushes has, whatever carries its messages. */
export const pushSettings = z.strictObject({
  retry_on_failure: retrySettings.prefault({}),
  temporality: z
    .enum(['cumulative', 'delta'])
    .default('cumulative')
    .describe('Counters since their start, or what was added since the last push that was acknowledged.'),
  metric_names: z.enum(METRIC_NAMES).default('opentelemetry').describe("Names and labels: the OpenTelemetry ones, or Retina's."),
});

export type PushSettings = z.infer<typeof pushSettings>;
