import type { ProcessorFactory } from '../../component/factory.ts';
import { configSchema, type K8sAttributesConfig } from './config.ts';
import { HINTS } from './hints.ts';

export const k8sAttributesFactory: ProcessorFactory<K8sAttributesConfig> = {
  type: 'k8s_attributes',
  aliases: ['k8sattributes'],
  description: 'Says which pod, workload, node or service is at each end of a flow.',
  schema: configSchema,
  hints: HINTS,
  async create(settings, config, next) {
    const { K8sAttributes } = await import('./processor.ts');
    return new K8sAttributes(settings, config, next);
  },
  reads: () => ['source.address', 'destination.address', 'destination.port', 'network.transport'],
  needs: () => [
    {
      supply: 'flows',
      otherwise: 'mistake',
      message: 'has no flows to look at, and nothing comes of it: set mode: advanced on a receiver of this pipeline',
    },
  ],
  supplies({ filter: { node, node_from_env_var }, extract: { metadata } }) {
    return [
      'pods',
      'k8s.namespace.name',
      'k8s.pod.name',
      ...(node === undefined && node_from_env_var === undefined ? [] : (['pods of one node'] as const)),
      ...metadata,
    ];
  },
  async diagnose(id, config) {
    const { diagnose } = await import('./diagnose.ts');
    return diagnose(id, config);
  },
};
