import type { ExporterFactory } from '../../component/factory.ts';
import { configSchema, type FileConfig } from './config.ts';

export const fileFactory: ExporterFactory<FileConfig> = {
  type: 'file',
  description: 'Writes the flows of every read as JSON lines, to a file, standard output, a FIFO or a Unix socket.',
  schema: configSchema,
  async create(settings, config) {
    const { FileExporter } = await import('./exporter.ts');
    return new FileExporter(settings, config);
  },
};
