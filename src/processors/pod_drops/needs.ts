import type { Need, Supply } from '../../component/joints.ts';
import type { Label, PodDropsConfig } from './config.ts';

/** Where the value of a label comes from, if not from what is always known of a pod. */
const SOURCES: Readonly<Partial<Record<Label, { readonly supply: Supply; readonly add: string }>>> = {
  ip: { supply: 'k8s.pod.ip', add: 'k8s.pod.ip to extract::metadata of k8s_attributes' },
  service: { supply: 'k8s.service.name', add: 'k8s.service.name to extract::metadata of k8s_attributes' },
  zone: { supply: 'cloud.availability_zone', add: 'cloud.availability_zone to extract::metadata of k8s_attributes' },
  port: { supply: 'destination.port', add: 'flows: {ports: true} to the receiver' },
};

/** What `pod_drops` needs of the stages before it. */
export function podNeeds({ context, labels, source, destination }: PodDropsConfig): readonly Need[] {
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
