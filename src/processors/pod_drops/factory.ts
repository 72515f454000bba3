import type { ProcessorFactory } from '../../component/factory.ts';
import { configSchema, type PodDropsConfig } from './config.ts';

export const podDropsFactory: ProcessorFactory<PodDropsConfig> = {
  type: 'pod_drops',
  description: 'Counts drops by pod, in series of their own beside those of the node; needs k8s_attributes before it.',
  schema: configSchema,
  async create(settings, config, next) {
    const { PodDrops } = await import('./processor.ts');
    return new PodDrops(settings, config, next);
  },
  advise(config, before) {
    const kubernetes = before.find(({ type }) => type === 'k8s_attributes');
    if (kubernetes === undefined) return ['sees no pods: put k8s_attributes before it'];
    const advice: string[] = [];
    if (config.context === 'local' && !asksForOneNode(kubernetes.config)) {
      advice.push('counts the pods of all nodes with context: local: set filter::node_from_env_var of k8s_attributes');
    }
    if (!tellsUid(kubernetes.config)) {
      advice.push("can't tell when a pod has ended: add k8s.pod.uid to extract::metadata of k8s_attributes");
    }
    return advice;
  },
};

function tellsUid(config: unknown): boolean {
  const metadata = section(config, 'extract')?.metadata;
  return !Array.isArray(metadata) || metadata.includes('k8s.pod.uid');
}

/** Told by the keys that a user writes: components don't know one another. */
function asksForOneNode(config: unknown): boolean {
  const filter = section(config, 'filter') ?? {};
  return Boolean(filter.node ?? filter.node_from_env_var);
}

function section(config: unknown, key: string): Readonly<Record<string, unknown>> | undefined {
  const value = typeof config === 'object' && config !== null ? (config as Record<string, unknown>)[key] : undefined;
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}
