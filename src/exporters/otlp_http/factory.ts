import { authenticatorUses } from '../../component/auth_settings.ts';
import type { ExporterFactory } from '../../component/factory.ts';
import { isLoopback } from '../../component/host_name.ts';
import { targetOf } from '../../otlp/http/client_settings.ts';
import { pushNeeds } from '../../otlp/needs.ts';
import { NAMINGS } from '../../publish/naming.ts';
import { configSchema, type OtlpHttpConfig } from './config.ts';
import { HINTS, IGNORED } from './hints.ts';

const IN_CLEAR = 'sends credentials without TLS, and whoever is on the way can read them: use an https:// endpoint';

export const otlpHttpFactory: ExporterFactory<OtlpHttpConfig> = {
  type: 'otlp_http',
  aliases: ['otlphttp'],
  description: 'Pushes over OTLP/HTTP, to an OpenTelemetry Collector for instance, at every collection_interval.',
  schema: configSchema,
  hints: HINTS,
  ignored: IGNORED,
  needs: pushNeeds,
  publishesResource: true,
  publishes: ({ metric_names }, attribute) => NAMINGS[metric_names].shows(attribute),
  authenticators: (config) => {
    const uses = authenticatorUses('client', config.auth);
    const { protocol, hostname } = targetOf(config);
    return protocol === 'https:' || isLoopback(hostname) ? uses : uses.map((use) => ({ ...use, warning: IN_CLEAR }));
  },
  async create(settings, config) {
    const { OtlpHttpExporter } = await import('./exporter.ts');
    return new OtlpHttpExporter(settings, config);
  },
};
