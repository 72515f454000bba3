import { authenticatorUses } from '../../component/auth_settings.ts';
import type { ExtensionFactory } from '../../component/factory.ts';
import { SERVER_HINTS, SERVER_IGNORED } from '../../component/server_settings.ts';
import { configSchema, type HealthCheckConfig } from './config.ts';

export const healthCheckFactory: ExtensionFactory<HealthCheckConfig> = {
  type: 'health_check',
  description: 'Returns 200 while every receiver is attached, else 503, for probes.',
  schema: configSchema,
  hints: SERVER_HINTS,
  ignored: SERVER_IGNORED,
  async create(settings, config) {
    const { HealthCheck } = await import('./extension.ts');
    return new HealthCheck(settings, config);
  },
  authenticators: ({ auth }) => authenticatorUses('server', auth),
  // No exposure: it says whether the agent works, and a kubelet has no credentials.
  claims: ({ endpoint }) => [{ path: ['endpoint'], endpoint }],
  async diagnose(id, config) {
    const { endpointFindings } = await import('../../http/endpoint_finding.ts');
    const configPath = `extensions::${id}::endpoint`;
    return endpointFindings({ endpoint: config.endpoint, settings: config, configPath, otherwise: 'fail' });
  },
};
