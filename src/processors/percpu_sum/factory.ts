import type { ProcessorFactory } from '../../component/factory.ts';
import { configSchema, type PercpuSumConfig } from './config.ts';

export const percpuSumFactory: ProcessorFactory<PercpuSumConfig> = {
  type: 'percpu_sum',
  description: 'Sums over CPUs: one series where there would be one for each CPU.',
  schema: configSchema,
  async create(_settings, _config, next) {
    const { PercpuSum } = await import('./processor.ts');
    return new PercpuSum(next);
  },
};
