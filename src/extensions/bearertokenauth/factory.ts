import type { ExtensionFactory } from '../../component/factory.ts';
import { type BearerTokenAuthConfig, configSchema } from './config.ts';

export const bearerTokenAuthFactory: ExtensionFactory<BearerTokenAuthConfig> = {
  type: 'bearertokenauth',
  description: 'Sends a bearer token with what exporters push, or demands one of those who scrape.',
  schema: configSchema,
  async create(settings, config) {
    const { BearerTokenAuth } = await import('./extension.ts');
    return new BearerTokenAuth(settings, config);
  },
  authenticates: () => ({ client: true, server: true }),
  async diagnose(id, config) {
    if (config.filename === undefined) return [];
    const { readTokens } = await import('./tokens.ts');
    const subject = `extension ${id}`;
    try {
      const { digests } = await readTokens(config);
      return [{ subject, status: 'ok', message: `${config.filename} has ${digests.length === 1 ? 'a token' : 'tokens'}` }];
    } catch (error) {
      return [{ subject, status: 'fail', message: (error as Error).message }];
    }
  },
};
