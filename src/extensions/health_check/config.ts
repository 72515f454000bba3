import { z } from 'zod';
import { listenEndpoint } from '../../component/schema.ts';
import { serverSettings } from '../../component/server_settings.ts';

export const configSchema = z.strictObject({
  endpoint: listenEndpoint('localhost:13134').describe('Address to listen on, as host:port.'),
  path: z.string().startsWith('/', 'must begin with "/"').default('/').describe('Path of the health check.'),
  ...serverSettings.shape,
});

export type HealthCheckConfig = z.infer<typeof configSchema>;
