const FLOWS_ALONE = 'a flow has two addresses and nothing else to find pods by; remove it';
const LABELS_ALONE = 'only labels can be extracted';

/** What the Collector's k8sattributesprocessor has and this processor hasn't. */
export const HINTS: Readonly<Record<string, string>> = {
  passthrough: 'flows have their addresses already; remove it, or leave the processor out',
  pod_association: FLOWS_ALONE,
  exclude: "leave pods out with pod_drops' namespaces, or with the filter processor",
  context: 'the current-context of the kubeconfig is taken; see kubectl config use-context',
  kube_config_path: 'set the environment variable KUBECONFIG',
  watch_sync_period: 'watches keep the state up to date; remove it',
  'filter::fields': 'filter by node, namespace or labels',
  'extract::annotations': `${LABELS_ALONE}; pod_drops knows the annotation retina.sh without it`,
  'extract::otel_annotations': LABELS_ALONE,
  'extract::service_attributes': 'k8s.service.name is the service by whose address a pod is reached; remove it',
  'extract::deployment_name_from_replicaset':
    'the name of a ReplicaSet is used only where the ReplicaSet is not known; remove it',
  'extract::labels::key_regex': 'each label makes series of its own: name it with key',
  'extract::labels::regex': 'the whole value is published; remove it',
};
