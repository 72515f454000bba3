import type { ExporterFactory } from '../../component/factory.ts';
import { configSchema, type DebugConfig } from './config.ts';

export const debugFactory: ExporterFactory<DebugConfig> = {
  type: 'debug',
  description: 'Prints new drops on standard output, once per collection_interval.',
  schema: configSchema,
  async create(settings, config) {
    const { DebugExporter } = await import('./exporter.ts');
    return new DebugExporter(settings, config);
  },
};
