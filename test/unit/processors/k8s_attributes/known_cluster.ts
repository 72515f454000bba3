import type { AttributeValue } from '../../../../src/pdata/attributes.ts';
import { IpAddress } from '../../../../src/pdata/ip_address.ts';
import { Cluster } from '../../../../src/processors/k8s_attributes/cluster/cluster.ts';
import { configSchema } from '../../../../src/processors/k8s_attributes/config.ts';
import { watchedResources } from '../../../../src/processors/k8s_attributes/resources.ts';
import type { KubeObject } from '../../../support/kube_api/fake_kube_api.ts';

/** A cluster that is told of by hand, with a clock that is moved by hand. */
export class KnownCluster {
  readonly cluster: Cluster;
  nowMillis = 0;
  readonly #watched;

  constructor(config: unknown = {}, node?: string) {
    const parsed = configSchema.parse(config);
    this.cluster = new Cluster({ metadata: new Set(parsed.extract.metadata), now: () => this.nowMillis });
    this.#watched = watchedResources(parsed, node, this.cluster);
  }

  /** Tells what a watch would of these objects. */
  put(resource: string, ...objects: readonly KubeObject[]): void {
    for (const object of objects) {
      this.#use(resource, (record, events) => {
        const made = record(object);
        if (made === undefined) events.deleted(object.metadata.uid ?? '');
        else events.set(made);
      });
    }
  }

  /** Tells what a list would. */
  list(resource: string, ...objects: readonly KubeObject[]): void {
    this.#use(resource, (record, events) => events.replaced(objects.flatMap((object) => record(object) ?? [])));
  }

  remove(resource: string, uid: string): void {
    this.#use(resource, (_, events) => events.deleted(uid));
  }

  /** What is said of an address, in the order of names; undefined where it isn't known. */
  who(address: string): Readonly<Record<string, AttributeValue>> | undefined {
    this.cluster.pods.expire();
    return this.cluster.find(key(address))?.values;
  }

  pod(address: string): AttributeValue | undefined {
    return this.who(address)?.['k8s.pod.name'];
  }

  #use(
    resource: string,
    tell: <T extends { readonly uid: string }>(
      record: (object: unknown) => T | undefined,
      events: { replaced(all: readonly T[]): void; set(record: T): void; deleted(uid: string): void },
    ) => void,
  ): void {
    const watched = this.#watched.find(({ name }) => name === resource);
    if (watched === undefined) throw new Error(`${resource} is not watched`);
    watched.use((made, events) => tell(made.record, events));
  }
}

export function key(address: string) {
  const parsed = IpAddress.parse(address);
  if (parsed === undefined) throw new Error(`${address} is no address`);
  return parsed.key;
}
