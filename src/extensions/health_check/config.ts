import { z } from 'zod';
import { listenEndpoint } from '../../component/schema.ts';
import { serverSettings } from '../../component/server_settings.ts';

export const configSchema = z.strictObject({
  endpoint: listenEndpoint('localhost:13134').describe('Where to answer health checks.'),
  path: z.string().startsWith('/', 'must begin with "/"').default('/').describe('The path that is answered.'),
  ...serverSettings.shape,
});

export type HealthCheckConfig = z.infer<typeof configSchema>;
