import type { WatchEvents, WatchedResource } from '../../kubernetes/watched_resource.ts';
import type { Cluster } from './cluster/cluster.ts';
import {
  type ExtractedText,
  endpointSliceRecord,
  namespaceRecord,
  nodeRecord,
  ownerRecord,
  podRecord,
  serviceRecord,
} from './cluster/records.ts';
import type { K8sAttributesConfig } from './config.ts';

/** A resource and its listener. `use` connects them, because each has its own record type. */
export interface Watched {
  readonly name: string;
  /** Whether an address that isn't known may be one of these. */
  readonly hasAddresses: boolean;
  use<R>(watch: <T extends { readonly uid: string }>(resource: WatchedResource<T>, events: WatchEvents<T>) => R): R;
}

/** Retina's mark on a pod or a namespace to observe. Passed on from any of them, under the name that pod_drops expects. */
const RETINA = 'retina.sh';

/** The resources to watch for this configuration. */
export function watchedResources(config: K8sAttributesConfig, node: string | undefined, cluster: Cluster): Watched[] {
  const { filter, extract } = config;
  const wants = (...names: readonly string[]) => extract.metadata.some((name) => names.includes(name));
  const { namespace } = filter;
  const within = (group: string, plural: string) =>
    namespace === undefined ? `${group}/${plural}` : `${group}/namespaces/${namespace}/${plural}`;
  const texts = { pod: textsOf(config, 'pod'), namespace: textsOf(config, 'namespace'), node: textsOf(config, 'node') };

  const watched: Watched[] = [
    watch(
      true,
      {
        name: 'pods',
        path: within('/api/v1', 'pods'),
        query: podQuery(filter, node),
        record: (object) => podRecord(object, texts.pod),
      },
      cluster.pods,
    ),
    watch(
      false,
      {
        name: 'namespaces',
        path: '/api/v1/namespaces',
        query: namespace === undefined ? {} : { fieldSelector: `metadata.name=${namespace}` },
        record: (object) => namespaceRecord(object, texts.namespace),
      },
      cluster.namespaces,
    ),
  ];
  if (wants('k8s.node.name', 'cloud.availability_zone') || texts.node.length > 0) {
    const record = (object: unknown) => nodeRecord(object, texts.node);
    watched.push(watch(true, { name: 'nodes', path: '/api/v1/nodes', record }, cluster.nodes));
  }
  if (wants('k8s.service.name')) {
    const slices = within('/apis/discovery.k8s.io/v1', 'endpointslices');
    watched.push(
      watch(true, { name: 'services', path: within('/api/v1', 'services'), record: serviceRecord }, cluster.services),
      watch(true, { name: 'endpointslices', path: slices, record: endpointSliceRecord }, cluster.endpointSlices),
    );
  }
  if (wants('k8s.deployment.name')) {
    const record = (object: unknown) => ownerRecord(object, 'Deployment');
    watched.push(
      watch(false, { name: 'replicasets', path: within('/apis/apps/v1', 'replicasets'), record }, cluster.replicaSets),
    );
  }
  if (wants('k8s.cronjob.name')) {
    const record = (object: unknown) => ownerRecord(object, 'CronJob');
    watched.push(watch(false, { name: 'jobs', path: within('/apis/batch/v1', 'jobs'), record }, cluster.jobs));
  }
  return watched;
}

function watch<T extends { readonly uid: string }>(
  hasAddresses: boolean,
  resource: WatchedResource<T>,
  events: WatchEvents<T>,
): Watched {
  return { name: resource.name, hasAddresses, use: (consumer) => consumer(resource, events) };
}

function textsOf({ extract }: K8sAttributesConfig, from: 'pod' | 'namespace' | 'node'): ExtractedText[] {
  const labels = extract.labels.filter((each) => each.from === from);
  const texts: ExtractedText[] = labels.map(({ key, tag_name: name }) => {
    return { from: 'labels', key, attribute: name ?? `k8s.${from}.labels.${key}` };
  });
  if (from !== 'node') texts.push({ from: 'annotations', key: RETINA, attribute: `k8s.${from}.annotations.${RETINA}` });
  return texts;
}

function podQuery({ labels }: K8sAttributesConfig['filter'], node: string | undefined): Record<string, string> {
  const terms = labels.map(({ key, value, op }) => {
    if (op === 'exists') return key;
    if (op === 'does-not-exist') return `!${key}`;
    return `${key}${op === 'equals' ? '=' : '!='}${value}`;
  });
  return {
    ...(node === undefined ? {} : { fieldSelector: `spec.nodeName=${node}` }),
    ...(terms.length === 0 ? {} : { labelSelector: terms.join(',') }),
  };
}
