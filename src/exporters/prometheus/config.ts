import { z } from 'zod';
import { listenEndpoint } from '../../component/schema.ts';
import { serverSettings } from '../../component/server_settings.ts';
import { METRIC_NAMES } from '../../publish/naming.ts';

export const configSchema = z.strictObject({
  endpoint: listenEndpoint('localhost:9464').describe('Where to answer scrapes, at /metrics.'),
  metric_names: z.enum(METRIC_NAMES).default('opentelemetry').describe("Names and labels: the OpenTelemetry ones, or Retina's."),
  enable_open_metrics: z
    .boolean()
    .default(true)
    .describe(
      'Answers in OpenMetrics, with the time when each series began, a scraper that asks for it and not for plain text too.',
    ),
  resource_to_telemetry_conversion: z
    .strictObject({
      enabled: z.boolean().default(false).describe("Puts the resource's attributes on every series, besides target_info."),
    })
    .prefault({}),
  ...serverSettings.shape,
});

export type PrometheusConfig = z.infer<typeof configSchema>;
