import type { ExporterFactory } from '../../component/factory.ts';
import { pushNeeds } from '../../otlp/needs.ts';
import { NAMINGS } from '../../publish/naming.ts';
import { configSchema, type OtlpHttpConfig } from './config.ts';
import { HINTS, IGNORED } from './hints.ts';

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
  async create(settings, config) {
    const { OtlpHttpExporter } = await import('./exporter.ts');
    return new OtlpHttpExporter(settings, config);
  },
};
