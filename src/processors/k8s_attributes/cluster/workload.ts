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
 * Adds the attribute of the workload that `owner` stands for: the Deployment of a ReplicaSet and the CronJob of a Job, where they are
 * asked for. Where the ReplicaSet or Job isn't known (yet, or any more, or because it may not be listed) its name tells, as
 * it does in the Collector. Adds none for a kind that is none of Kubernetes' own.
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
