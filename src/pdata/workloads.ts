/** The attributes that name a workload, with its kind as Kubernetes writes it. A pod has one of them, or none. */
export const WORKLOADS: Readonly<Record<string, string>> = {
  'k8s.deployment.name': 'Deployment',
  'k8s.statefulset.name': 'StatefulSet',
  'k8s.daemonset.name': 'DaemonSet',
  'k8s.cronjob.name': 'CronJob',
  'k8s.job.name': 'Job',
  'k8s.replicaset.name': 'ReplicaSet',
};

/**
 * Set to `Pod` if the name of a pod is used for its workload, because there is no other. It distinguishes Retina's names, and is not
 * published.
 */
export const BARE_POD = 'k8s.workload.kind';
