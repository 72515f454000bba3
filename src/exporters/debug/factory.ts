import type { ExporterFactory } from '../../component/factory.ts';
import { configSchema, type DebugConfig } from './config.ts';

export const debugFactory: ExporterFactory<DebugConfig> = {
  type: 'debug',
  description: 'Prints on standard output what was dropped, once per collection_interval; nothing when nothing was.',
  schema: configSchema,
  async create(settings, config) {
    const { DebugExporter } = await import('./exporter.ts');
    return new DebugExporter(settings, config);
  },
};
