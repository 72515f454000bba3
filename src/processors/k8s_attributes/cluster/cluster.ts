import type { AttributeSet } from '../../../pdata/attributes.ts';
import { type AddressKey, IpAddress } from '../../../pdata/ip_address.ts';
import { AddressBook } from './address_book.ts';
import { Described } from './described.ts';
import type { Claim, Pod } from './pod.ts';
import { PodNetworks } from './pod_networks.ts';
import { Pods } from './pods.ts';
import type { Extracted, NamespaceRecord, NodeRecord, OwnerRecord, ServiceRecord } from './records.ts';
import { Table } from './table.ts';
import { addWorkload } from './workload.ts';

/** A port of a node's address; 0 if unknown. */
export interface PortOfNode {
  readonly transport: string;
  readonly port: number;
}

export interface ClusterOptions {
  /** Names of the attributes to show; `k8s.namespace.name` and `k8s.pod.name` are always shown. */
  readonly metadata: ReadonlySet<string>;
  /** Milliseconds on a clock that never steps. */
  readonly now: () => number;
}

/**
 * Finds the owner of an address, from the known pods, nodes and services, and its attributes. An address belongs to a pod, else to a node,
 * else to a service. A service may have endpoints without a known pod: pods that aren't watched, or addresses outside the
 * cluster.
 */
export class Cluster {
  readonly pods: Pods;
  readonly nodes: Table<NodeRecord>;
  readonly namespaces: Table<NamespaceRecord>;
  readonly services: Table<ServiceRecord>;
  readonly endpointSlices: Table<ServiceRecord>;
  /** ReplicaSets and Jobs. */
  readonly replicaSets: Table<OwnerRecord>;
  readonly jobs: Table<OwnerRecord>;
  /** Told of each pod that gets an address. */
  onClaim: ((claim: Claim) => void) | undefined;
  readonly #metadata: ReadonlySet<string>;
  readonly #nodeAddresses = new AddressBook<NodeRecord>((one, other) => compare(one.name, other.name));
  readonly #serviceAddresses = new AddressBook<ServiceRecord>(byName);
  readonly #endpoints = new AddressBook<ServiceRecord>(byName);
  readonly #podNetworks = new PodNetworks<NodeRecord>();
  readonly #nodesByName = new Map<string, NodeRecord>();
  readonly #namespacesByName = new Map<string, NamespaceRecord>();
  readonly #described = new WeakMap<object, Described>();
  /** Incremented when something changes that pods or nodes show in addition to their own attributes. */
  #version = 0;

  constructor({ metadata, now }: ClusterOptions) {
    this.#metadata = metadata;
    this.pods = new Pods({ claimed: (claim) => this.onClaim?.(claim), deleting: (pod) => this.#describeAll(pod) }, now);
    const changed = () => void this.#version++;
    this.replicaSets = new Table(changed);
    this.jobs = new Table(changed);
    this.nodes = new Table((before, after) => {
      this.#version++;
      this.#nodeAddresses.change(before, after);
      this.#podNetworks.change(before, after);
      rename(this.#nodesByName, before, after);
    });
    this.namespaces = new Table((before, after) => {
      this.#version++;
      rename(this.#namespacesByName, before, after);
    });
    this.services = new Table((before, after) => this.#serviceAddresses.change(before, after));
    this.endpointSlices = new Table((before, after) => {
      this.#version++;
      this.#endpoints.change(before, after);
    });
  }

  /**
   * The attributes of the owner of this address: a pod, a node or a service; undefined if unknown. A port of a node's address belongs to a
   * pod if exactly one pod has it. Without a port, traffic of pods on the node's network can't be distinguished from the node's.
   */
  find(key: AddressKey, at?: PortOfNode): AttributeSet | undefined {
    const claim = this.pods.owner(key);
    if (claim !== undefined) return this.describe(claim);
    const node = this.#nodeAddresses.first(key);
    if (node !== undefined) {
      const pod = at && at.port !== 0 ? this.pods.atHostPort(node.name, at.transport, at.port, key) : undefined;
      return pod === undefined ? this.#describeNode(node) : this.describe(pod);
    }
    const service = this.#serviceAddresses.first(key);
    return service === undefined ? undefined : this.#describeService(service);
  }

  /** Whether the address is a node's, so that {@link find} may answer otherwise with a port. */
  isNode(key: AddressKey): boolean {
    return this.#nodeAddresses.first(key) !== undefined && this.pods.owner(key) === undefined;
  }

  /** The service with this address as endpoint, for an address that {@link find} doesn't know; undefined if there is none. */
  findBehindService(key: AddressKey): AttributeSet | undefined {
    const slice = this.#endpoints.first(key);
    return slice === undefined ? undefined : this.#describeService(slice);
  }

  /**
   * The node whose pod network contains the address, for an address without a known owner. The first two addresses of that network (of
   * flannel's device, and of the bridge) always belong to the node. The others do if `isCurrent`; else they may belong to new pods.
   */
  findInPodNetwork(key: AddressKey, isCurrent: boolean): AttributeSet | undefined {
    const found = this.#podNetworks.find(key);
    return found !== undefined && (isCurrent || found.isFirst) ? this.#describeNode(found.holder) : undefined;
  }

  /** What a pod shows under one of its addresses; of a deleted one, what it showed last. */
  describe(claim: Claim): AttributeSet {
    const { shown, pod } = claim;
    if (pod.deletedMillis !== undefined && shown.last !== undefined) return shown.last;
    return shown.at(this.#version) ?? shown.make(this.#version, this.#podValues(claim));
  }

  #podValues({ pod: { record }, key }: Claim): Record<string, string> {
    const values: Record<string, string> = { 'k8s.namespace.name': record.namespace, 'k8s.pod.name': record.name };
    const node = this.#nodesByName.get(record.node);
    this.#add(values, 'k8s.pod.uid', record.uid);
    this.#add(values, 'k8s.node.name', record.node);
    this.#add(values, 'cloud.availability_zone', node?.zone);
    if (this.#metadata.has('k8s.pod.ip')) values['k8s.pod.ip'] = IpAddress.ofKey(key).text;
    if (this.#metadata.has('k8s.service.name')) {
      const service = this.#endpoints.all(key).find(({ namespace }) => namespace === record.namespace);
      if (service !== undefined) values['k8s.service.name'] = service.service;
    }
    const owners = record.owner?.kind === 'Job' ? this.jobs : this.replicaSets;
    addWorkload(values, record.owner, owners, (attribute) => this.#metadata.has(attribute));
    addExtracted(values, node?.extracted);
    addExtracted(values, this.#namespacesByName.get(record.namespace)?.extracted);
    addExtracted(values, record.extracted);
    return values;
  }

  #describeNode(node: NodeRecord): AttributeSet {
    const shown = this.#of(node);
    const known = shown.at(this.#version);
    if (known !== undefined) return known;
    const values: Record<string, string> = {};
    this.#add(values, 'k8s.node.name', node.name);
    this.#add(values, 'cloud.availability_zone', node.zone);
    addExtracted(values, node.extracted);
    return shown.make(this.#version, values);
  }

  #describeService(record: ServiceRecord): AttributeSet {
    const shown = this.#of(record);
    const known = shown.at(this.#version);
    if (known !== undefined) return known;
    const { namespace, service } = record;
    const values: Record<string, string> = { 'k8s.namespace.name': namespace, 'k8s.service.name': service };
    addExtracted(values, this.#namespacesByName.get(namespace)?.extracted);
    return shown.make(this.#version, values);
  }

  #describeAll(pod: Pod): void {
    for (const claim of pod.claims) this.describe(claim);
  }

  #of(record: object): Described {
    const known = this.#described.get(record);
    if (known !== undefined) return known;
    const made = new Described();
    this.#described.set(record, made);
    return made;
  }

  #add(values: Record<string, string>, attribute: string, value: string | undefined): void {
    if (value !== undefined && value !== '' && this.#metadata.has(attribute)) values[attribute] = value;
  }
}

function addExtracted(values: Record<string, string>, extracted: Extracted): void {
  for (const attribute in extracted) values[attribute] = extracted[attribute] as string;
}

function rename<T extends { readonly name: string }>(byName: Map<string, T>, before: T | undefined, after: T | undefined): void {
  if (before !== undefined && byName.get(before.name) === before) byName.delete(before.name);
  if (after !== undefined) byName.set(after.name, after);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function byName(one: ServiceRecord, other: ServiceRecord): number {
  return compare(one.service, other.service) || compare(one.namespace, other.namespace);
}
