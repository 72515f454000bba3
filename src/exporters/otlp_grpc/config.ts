import { z } from 'zod';
import { grpcClientSettings } from '../../otlp/grpc/client_settings.ts';
import { retrySettings } from '../../otlp/retry_settings.ts';
import { METRIC_NAMES } from '../../publish/naming.ts';

export const configSchema = z.strictObject({
  ...grpcClientSettings.shape,
  retry_on_failure: retrySettings.prefault({}),
  metric_names: z.enum(METRIC_NAMES).default('opentelemetry').describe("Names and labels: the OpenTelemetry ones, or Retina's."),
});

export type OtlpGrpcConfig = z.infer<typeof configSchema>;
