import { z } from 'zod';
import { authSettings } from '../../component/auth_settings.ts';
import { httpClientSettings } from '../../otlp/http/client_settings.ts';
import { pushSettings } from '../../otlp/push_settings.ts';

export const configSchema = z
  .strictObject({
    ...httpClientSettings.shape,
    auth: authSettings.optional().describe('How to log in.'),
    ...pushSettings.shape,
  })
  .refine(({ endpoint, metrics_endpoint }) => endpoint !== undefined || metrics_endpoint !== undefined, {
    path: ['endpoint'],
    message: 'is required, or metrics_endpoint',
  });

export type OtlpHttpConfig = z.infer<typeof configSchema>;
