import { z } from 'zod';
import { httpClientSettings } from '../../otlp/http/client_settings.ts';
import { retrySettings } from '../../otlp/retry_settings.ts';
import { METRIC_NAMES } from '../../publish/naming.ts';

export const configSchema = z
  .strictObject({
    ...httpClientSettings.shape,
    retry_on_failure: retrySettings.prefault({}),
    metric_names: z
      .enum(METRIC_NAMES)
      .default('opentelemetry')
      .describe("Names and labels: the OpenTelemetry ones, or Retina's."),
  })
  .refine(({ endpoint, metrics_endpoint }) => endpoint !== undefined || metrics_endpoint !== undefined, {
    path: ['endpoint'],
    message: 'is required, or metrics_endpoint',
  });

export type OtlpHttpConfig = z.infer<typeof configSchema>;
