import type { ProcessorFactory } from '../../component/factory.ts';
import type { Need, Supply } from '../../component/joints.ts';
import { configSchema, type Label, type PodDropsConfig, readAttributes } from './config.ts';

/** The source of a label's value, if it isn't always known for a pod. */
const SOURCES: Readonly<Partial<Record<Label, { readonly supply: Supply; readonly add: string }>>> = {
  ip: { supply: 'k8s.pod.ip', add: 'k8s.pod.ip to extract::metadata of k8s_attributes' },
  service: { supply: 'k8s.service.name', add: 'k8s.service.name to extract::metadata of k8s_attributes' },
  zone: { supply: 'cloud.availability_zone', add: 'cloud.availability_zone to extract::metadata of k8s_attributes' },
  port: { supply: 'destination.port', add: 'flows: {ports: true} to the receiver' },
};

export const podDropsFactory: ProcessorFactory<PodDropsConfig> = {
  type: 'pod_drops',
  description: 'Counts drops by pod, in series of their own beside those of the node; needs k8s_attributes before it.',
  schema: configSchema,
  async create(settings, config, next) {
    const { PodDrops } = await import('./processor.ts');
    return new PodDrops(settings, config, next);
  },
  needs: podNeeds,
  reads: readAttributes,
};

/** What `pod_drops` needs of the stages before it. */
function podNeeds({ context, labels, source, destination }: PodDropsConfig): readonly Need[] {
  const needs: Need[] = [
    { supply: 'pods', otherwise: 'mistake', message: 'sees no pods, and never has a series: put k8s_attributes before it' },
    {
      supply: 'k8s.pod.uid',
      otherwise: 'warning',
      message: "can't tell when a pod has ended: add k8s.pod.uid to extract::metadata of k8s_attributes",
    },
  ];
  if (context === 'local') {
    const message = 'counts the pods of all nodes with context: local: set filter::node_from_env_var of k8s_attributes';
    needs.push({ supply: 'pods of one node', otherwise: 'warning', message });
  }
  const wanted = context === 'local' ? labels : [...source, ...destination];
  for (const label of new Set(wanted)) {
    const from = SOURCES[label];
    if (from === undefined) continue;
    needs.push({ supply: from.supply, otherwise: 'warning', message: `has nothing for the label ${label}: add ${from.add}` });
  }
  return needs;
}
