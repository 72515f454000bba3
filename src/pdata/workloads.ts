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
 * Set to `Pod` where the name of a pod stands for its workload too, for want of another. It tells Retina's names apart, and
 * is not published.
 */
export const BARE_POD = 'k8s.workload.kind';
