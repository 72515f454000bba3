import type { ExporterFactory } from '../../component/factory.ts';
import { configSchema, type FileConfig } from './config.ts';

export const fileFactory: ExporterFactory<FileConfig> = {
  type: 'file',
  description: 'Writes the flows of every read as JSON lines, to a file, standard output, a FIFO or a Unix socket.',
  schema: configSchema,
  hints: {
    format: 'the output is JSON lines; remove it',
    compression: 'the output is not compressed; remove it',
    append: 'lines are added to a file that is there; remove it',
    flush_interval: 'lines are written when flows are read; remove it',
    'rotation::max_days': 'files set aside are kept by their number: set max_backups',
  },
  async create(settings, config) {
    const { FileExporter } = await import('./exporter.ts');
    return new FileExporter(settings, config);
  },
  needs: () => [
    {
      supply: 'flows',
      otherwise: 'mistake',
      message: 'has no flows to write, and never writes a line: set mode: advanced on a receiver of this pipeline',
    },
  ],
  claims: ({ path }) => [{ path: ['path'], file: path }],
};
