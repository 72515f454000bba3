import type { ExtensionFactory } from '../../component/factory.ts';
import { SERVER_HINTS } from '../../component/server_settings.ts';
import { configSchema, type HealthCheckConfig } from './config.ts';

export const healthCheckFactory: ExtensionFactory<HealthCheckConfig> = {
  type: 'health_check',
  description: 'Returns 200 while every receiver is attached, else 503, for probes.',
  schema: configSchema,
  hints: SERVER_HINTS,
  async create(settings, config) {
    const { HealthCheck } = await import('./extension.ts');
    return new HealthCheck(settings, config);
  },
  claims: ({ endpoint }) => [{ path: ['endpoint'], endpoint }],
  async diagnose(id, config) {
    const { endpointFinding } = await import('../../http/endpoint_finding.ts');
    return [await endpointFinding(config.endpoint, `extensions::${id}::endpoint`, 'fail')];
  },
};
