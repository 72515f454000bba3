import type { ExtensionFactory } from '../../component/factory.ts';
import { type BasicAuthConfig, configSchema } from './config.ts';

export const basicAuthFactory: ExtensionFactory<BasicAuthConfig> = {
  type: 'basicauth',
  description: 'Logs in with a name and a password for exporters, or demands them of those who scrape.',
  schema: configSchema,
  async create(settings, config) {
    const { BasicAuth } = await import('./extension.ts');
    return new BasicAuth(settings, config);
  },
  authenticates: ({ htpasswd, client_auth }) => ({
    client: client_auth !== undefined || 'has no client_auth, which an exporter needs',
    server: htpasswd !== undefined || 'has no htpasswd, which an endpoint needs',
  }),
  async diagnose(id, config) {
    const { readCredentials } = await import('./credentials.ts');
    const subject = `extension ${id}`;
    try {
      await readCredentials(config);
      return [{ subject, status: 'ok', message: 'its credentials can be used' }];
    } catch (error) {
      return [{ subject, status: 'fail', message: (error as Error).message }];
    }
  },
};
