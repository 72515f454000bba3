import type { Owner, OwnerRecord } from './records.ts';
import type { Table } from './table.ts';

/** A kind of workload, and the kind that makes it in turn. */
interface Kind {
  readonly attribute: string;
  readonly above?: string;
}

const KINDS: Readonly<Record<string, Kind>> = {
  ReplicaSet: { attribute: 'k8s.replicaset.name', above: 'k8s.deployment.name' },
  Job: { attribute: 'k8s.job.name', above: 'k8s.cronjob.name' },
  StatefulSet: { attribute: 'k8s.statefulset.name' },
  DaemonSet: { attribute: 'k8s.daemonset.name' },
};

/**
 * Adds the attribute of the workload of `owner`: the Deployment of a ReplicaSet and the CronJob of a Job, if requested. If the ReplicaSet or
 * Job is unknown (not yet, not any more, or it may not be listed), its name is used, as in the Collector. Adds none for a kind outside
 * Kubernetes itself.
 */
export function addWorkload(
  values: Record<string, string>,
  owner: Owner | undefined,
  owners: Table<OwnerRecord>,
  isWanted: (attribute: string) => boolean,
): void {
  if (owner === undefined || !Object.hasOwn(KINDS, owner.kind)) return;
  const { attribute, above } = KINDS[owner.kind] as Kind;
  if (above !== undefined && isWanted(above)) {
    const name = owners.get(owner.uid)?.above ?? owner.guess;
    if (name !== '') {
      values[above] = name;
      return;
    }
  }
  if (isWanted(attribute)) values[attribute] = owner.name;
}
