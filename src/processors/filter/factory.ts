import type { ProcessorFactory } from '../../component/factory.ts';
import { configSchema, type FilterConfig } from './config.ts';

export const filterFactory: ProcessorFactory<FilterConfig> = {
  type: 'filter',
  description: 'Keeps or drops rows by their attributes.',
  schema: configSchema,
  reads: ({ include, exclude }) => [include, exclude].flatMap((match) => match?.attributes.map(({ key }) => key) ?? []),
  async create(_settings, config, next) {
    const { Filter } = await import('./processor.ts');
    return new Filter(config, next);
  },
};
