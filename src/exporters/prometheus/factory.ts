import { authenticatorUses } from '../../component/auth_settings.ts';
import type { ExporterFactory } from '../../component/factory.ts';
import { formatEndpoint } from '../../component/schema.ts';
import { exposure } from '../../component/server_settings.ts';
import { NAMINGS } from '../../publish/naming.ts';
import { configSchema, type PrometheusConfig } from './config.ts';
import { HINTS, IGNORED } from './hints.ts';

export const prometheusFactory: ExporterFactory<PrometheusConfig> = {
  type: 'prometheus',
  description: 'Serves an endpoint for Prometheus to scrape. Each scrape reads the kernel first.',
  schema: configSchema,
  hints: HINTS,
  ignored: IGNORED,
  publishesResource: true,
  publishes: ({ metric_names }, attribute) => NAMINGS[metric_names].shows(attribute),
  async create(settings, config) {
    const { PrometheusExporter } = await import('./exporter.ts');
    return new PrometheusExporter(settings, config);
  },
  scrapeTarget({ endpoint: { host, port }, tls, auth }) {
    const isEvery = host === '' || host === '0.0.0.0' || host === '::';
    const scheme = tls === undefined ? 'http' : 'https';
    return {
      url: `${scheme}://${formatEndpoint({ host: isEvery ? 'localhost' : host, port })}/metrics`,
      requires: [
        ...(tls?.client_ca_file === undefined ? [] : ['a client certificate']),
        ...(auth === undefined ? [] : [`credentials (auth: ${auth.authenticator})`]),
      ],
    };
  },
  authenticators: ({ auth }) => authenticatorUses('server', auth),
  claims: (config) => [{ path: ['endpoint'], endpoint: config.endpoint, exposure: exposure(config) }],
  async diagnose(id, config) {
    const { endpointFindings } = await import('../../http/endpoint_finding.ts');
    const configPath = `exporters::${id}::endpoint`;
    return endpointFindings({ endpoint: config.endpoint, settings: config, configPath, otherwise: 'fail' });
  },
};
