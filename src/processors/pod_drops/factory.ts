import type { ProcessorFactory } from '../../component/factory.ts';
import { configSchema, type PodDropsConfig } from './config.ts';
import { podNeeds } from './needs.ts';

export const podDropsFactory: ProcessorFactory<PodDropsConfig> = {
  type: 'pod_drops',
  description: 'Counts drops by pod, in series of their own beside those of the node; needs k8s_attributes before it.',
  schema: configSchema,
  async create(settings, config, next) {
    const { PodDrops } = await import('./processor.ts');
    return new PodDrops(settings, config, next);
  },
  needs: podNeeds,
};
