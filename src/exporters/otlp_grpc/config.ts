import { z } from 'zod';
import { grpcClientSettings } from '../../otlp/grpc/client_settings.ts';
import { pushSettings } from '../../otlp/push_settings.ts';

export const configSchema = z.strictObject({
  ...grpcClientSettings.shape,
  ...pushSettings.shape,
});

export type OtlpGrpcConfig = z.infer<typeof configSchema>;
