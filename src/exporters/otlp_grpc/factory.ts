import { authenticatorUses } from '../../component/auth_settings.ts';
import type { ExporterFactory } from '../../component/factory.ts';
import { pushNeeds } from '../../otlp/needs.ts';
import { NAMINGS } from '../../publish/naming.ts';
import { configSchema, type OtlpGrpcConfig } from './config.ts';
import { HINTS, IGNORED } from './hints.ts';

export const otlpGrpcFactory: ExporterFactory<OtlpGrpcConfig> = {
  type: 'otlp_grpc',
  aliases: ['otlp'],
  description: 'Pushes over OTLP/gRPC, to an OpenTelemetry Collector for instance, at every collection_interval.',
  schema: configSchema,
  hints: HINTS,
  ignored: IGNORED,
  needs: pushNeeds,
  publishesResource: true,
  publishes: ({ metric_names }, attribute) => NAMINGS[metric_names].shows(attribute),
  authenticators: ({ auth }) => authenticatorUses('client', auth),
  async create(settings, config) {
    const { OtlpGrpcExporter } = await import('./exporter.ts');
    return new OtlpGrpcExporter(settings, config);
  },
};
