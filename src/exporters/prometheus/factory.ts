import type { ExporterFactory } from '../../component/factory.ts';
import { formatEndpoint } from '../../component/schema.ts';
import { configSchema, type PrometheusConfig } from './config.ts';
import { HINTS, IGNORED } from './hints.ts';

export const prometheusFactory: ExporterFactory<PrometheusConfig> = {
  type: 'prometheus',
  description: 'Serves an endpoint for Prometheus to scrape. Each scrape reads the kernel first.',
  schema: configSchema,
  hints: HINTS,
  ignored: IGNORED,
  async create(settings, config) {
    const { PrometheusExporter } = await import('./exporter.ts');
    return new PrometheusExporter(settings, config);
  },
  scrapeUrl({ endpoint: { host, port } }) {
    const isEvery = host === '' || host === '0.0.0.0' || host === '::';
    return `http://${formatEndpoint({ host: isEvery ? 'localhost' : host, port })}/metrics`;
  },
  claims: ({ endpoint }) => [{ path: ['endpoint'], endpoint }],
  async diagnose(id, config) {
    const { endpointFinding } = await import('../../http/endpoint_finding.ts');
    return [await endpointFinding(config.endpoint, `exporters::${id}::endpoint`, 'fail')];
  },
};
