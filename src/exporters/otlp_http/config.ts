import { z } from 'zod';
import { httpClientSettings } from '../../otlp/http/client_settings.ts';
import { pushSettings } from '../../otlp/push_settings.ts';

export const configSchema = z
  .strictObject({
    ...httpClientSettings.shape,
    ...pushSettings.shape,
  })
  .refine(({ endpoint, metrics_endpoint }) => endpoint !== undefined || metrics_endpoint !== undefined, {
    path: ['endpoint'],
    message: 'is required, or metrics_endpoint',
  });

export type OtlpHttpConfig = z.infer<typeof configSchema>;
