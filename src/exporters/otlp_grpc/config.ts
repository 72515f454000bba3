import { z } from 'zod';
import { authSettings } from '../../component/auth_settings.ts';
import { grpcClientSettings, usesTls } from '../../otlp/grpc/client_settings.ts';
import { pushSettings } from '../../otlp/push_settings.ts';

export const configSchema = z
  .strictObject({
    ...grpcClientSettings.shape,
    auth: authSettings.optional().describe('How to log in; only over TLS.'),
    ...pushSettings.shape,
  })
  .refine((given) => given.auth === undefined || usesTls(given), {
    path: ['auth'],
    message: 'credentials are only sent over TLS: remove tls::insecure, or "http://" of the endpoint',
  });

export type OtlpGrpcConfig = z.infer<typeof configSchema>;
