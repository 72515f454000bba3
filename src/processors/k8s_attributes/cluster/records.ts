import { type AddressKey, IpAddress } from '../../../pdata/ip_address.ts';
import { type HostPort, hostPortsOf } from './host_port.ts';
import type { ApiEndpointSlice, ApiMetadata, ApiNode, ApiObject, ApiPod, ApiService } from './objects.ts';
import { type Network, networksOf } from './pod_networks.ts';

/** A label or annotation of an object, and the attribute that shows it. */
export interface ExtractedText {
  readonly from: 'labels' | 'annotations';
  readonly key: string;
  readonly attribute: string;
}

/** Attributes from an object's labels and annotations, by name; undefined if there are none. */
export type Extracted = Readonly<Record<string, string>> | undefined;

/** Who made a pod. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  /** The name of its creator, guessed from its own name; '' if that isn't possible. See {@link guessAbove}. */
  readonly guess: string;
}

/** The record of a pod: about 300 bytes, while the object has 10 kB. */
export interface PodRecord {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  /** '' until it is scheduled. */
  readonly node: string;
  /** Its addresses; none once it has finished. */
  readonly addresses: readonly AddressKey[];
  /** Whether its addresses are its node's, whose network it uses. */
  readonly isOnHost: boolean;
  /** The ports of its node that are its own. */
  readonly hostPorts: readonly HostPort[];
  /** When its node took it on, in milliseconds since the epoch. */
  readonly startMillis: number;
  readonly owner: Owner | undefined;
  readonly extracted: Extracted;
}

/** A ReplicaSet or a Job, for who made it. */
export interface OwnerRecord {
  readonly uid: string;
  /** Name of the Deployment or the CronJob; '' if there is none. */
  readonly above: string;
}

export interface NodeRecord {
  readonly uid: string;
  readonly name: string;
  /** Of the node itself, those of its interfaces in the pods' network too as far as it is annotated with them. */
  readonly addresses: readonly AddressKey[];
  /** The networks of its pods. */
  readonly podCidrs: readonly Network[];
  /** '' without a label `topology.kubernetes.io/zone`. */
  readonly zone: string;
  readonly extracted: Extracted;
}

export interface NamespaceRecord {
  readonly uid: string;
  readonly name: string;
  readonly extracted: Extracted;
}

/** A service under its own addresses, or an EndpointSlice of it with the addresses of those behind it. */
export interface ServiceRecord {
  readonly uid: string;
  readonly namespace: string;
  readonly service: string;
  readonly addresses: readonly AddressKey[];
}

const ZONE = 'topology.kubernetes.io/zone';
const SERVICE_NAME = 'kubernetes.io/service-name';
/** A node's addresses in the pods' network, if the network's agent records them (Calico, Cilium). */
const INTERFACES = [
  'projectcalico.org/IPv4IPIPTunnelAddr',
  'projectcalico.org/IPv4VXLANTunnelAddr',
  'projectcalico.org/IPv6VXLANTunnelAddr',
  'projectcalico.org/IPv4WireguardInterfaceAddr',
  'projectcalico.org/IPv6WireguardInterfaceAddr',
  'network.cilium.io/ipv4-cilium-host',
  'network.cilium.io/ipv6-cilium-host',
];
/** Calico gives pods addresses from its own networks, whatever podCIDR is. */
const OWN_NETWORKS = ['projectcalico.org/IPv4Address', 'projectcalico.org/IPv6Address'];

/**
 * A pod without addresses, or that has lost them, is kept as only that. Undefined for a pod on the node's network without a port: its
 * packets can't be distinguished from the node's.
 */
export function podRecord(object: unknown, texts: readonly ExtractedText[]): PodRecord | undefined {
  const { metadata = {}, spec, status } = object as ApiPod;
  const isOnHost = spec?.hostNetwork === true;
  const hostPorts = hostPortsOf(spec);
  if (isOnHost && hostPorts.length === 0) return undefined;
  const uid = nameOf(metadata.uid);
  const isFinished = status?.phase === 'Succeeded' || status?.phase === 'Failed';
  const given = status?.podIPs?.map(({ ip }) => ip) ?? [];
  const addresses = isFinished ? [] : keysOf(given.length > 0 ? given : [status?.podIP]);
  if (addresses.length === 0) return { ...NOTHING, uid };
  return {
    uid,
    name: nameOf(metadata.name),
    namespace: nameOf(metadata.namespace),
    node: nameOf(spec?.nodeName),
    addresses,
    isOnHost,
    hostPorts,
    startMillis: Date.parse(status?.startTime ?? metadata.creationTimestamp ?? '') || 0,
    owner: ownerOf(metadata),
    extracted: extract(metadata, texts),
  };
}

/** A ReplicaSet or a Job; `kind` is what may have made it. */
export function ownerRecord(object: unknown, kind: string): OwnerRecord {
  const { metadata = {} } = object as ApiObject;
  const above = controllerOf(metadata);
  return { uid: nameOf(metadata.uid), above: above?.kind === kind ? nameOf(above.name) : '' };
}

export function nodeRecord(object: unknown, texts: readonly ExtractedText[]): NodeRecord {
  const { metadata = {}, spec, status } = object as ApiNode;
  const isIp = (type: string | undefined) => type === 'InternalIP' || type === 'ExternalIP';
  const addresses = status?.addresses?.flatMap(({ type, address }) => (isIp(type) ? [address] : [])) ?? [];
  return {
    uid: nameOf(metadata.uid),
    name: nameOf(metadata.name),
    addresses: keysOf([...addresses, ...INTERFACES.map((name) => metadata.annotations?.[name])]),
    podCidrs: OWN_NETWORKS.some((name) => metadata.annotations?.[name] !== undefined) ? NONE : networksOf(spec),
    zone: nameOf(metadata.labels?.[ZONE]),
    extracted: extract(metadata, texts),
  };
}

export function namespaceRecord(object: unknown, texts: readonly ExtractedText[]): NamespaceRecord {
  const { metadata = {} } = object as ApiObject;
  return { uid: nameOf(metadata.uid), name: nameOf(metadata.name), extracted: extract(metadata, texts) };
}

/** Undefined for a service without an address (headless, or an external name). */
export function serviceRecord(object: unknown): ServiceRecord | undefined {
  const { metadata = {}, spec } = object as ApiService;
  const addresses = keysOf(spec?.clusterIPs ?? [spec?.clusterIP]);
  if (addresses.length === 0) return undefined;
  return { uid: nameOf(metadata.uid), namespace: nameOf(metadata.namespace), service: nameOf(metadata.name), addresses };
}

/** Every endpoint, ready or not: one that isn't is still behind the service. Undefined for a slice of no service, and of names. */
export function endpointSliceRecord(object: unknown): ServiceRecord | undefined {
  const { metadata = {}, addressType, endpoints = [] } = object as ApiEndpointSlice;
  const service = nameOf(metadata.labels?.[SERVICE_NAME]);
  if (service === '' || addressType === 'FQDN') return undefined;
  // An API server writes null instead of an empty list.
  const addresses = keysOf((endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? []));
  return { uid: nameOf(metadata.uid), namespace: nameOf(metadata.namespace), service, addresses };
}

/** Of a name, by Kubernetes; of an annotation, what is shown of it. */
const MOST_CHARACTERS = 253;
const NONE: readonly never[] = [];
const NOTHING = {
  name: '',
  namespace: '',
  node: '',
  addresses: NONE,
  isOnHost: false,
  hostPorts: NONE,
  startMillis: 0,
  owner: undefined,
  extracted: undefined,
};

/**
 * A name, a uid or a label's value; '' if there is none. In Kubernetes none is longer than 253 characters.
 *
 * @throws Error if it is longer or not a string: its object can't be read.
 */
function nameOf(value: string | undefined = ''): string {
  if (typeof value !== 'string' || value.length > MOST_CHARACTERS) throw new Error('it has a name that is none of Kubernetes');
  return value;
}

/** Each once. Values that aren't addresses (`None`, a name) are left out. */
function keysOf(texts: readonly (string | undefined)[]): readonly AddressKey[] {
  const keys = texts.flatMap((text) => IpAddress.parse(text ?? '')?.key ?? []);
  return keys.length < 2 ? keys : [...new Set(keys)];
}

function controllerOf({ ownerReferences = [] }: ApiMetadata) {
  return ownerReferences.find(({ controller }) => controller === true) ?? ownerReferences[0];
}

function ownerOf(metadata: ApiMetadata): Owner | undefined {
  const { kind, name, uid } = controllerOf(metadata) ?? {};
  // A static pod is owned by its Node, which is no workload.
  if (kind === undefined || name === undefined || uid === undefined || kind === 'Node') return undefined;
  return {
    kind: nameOf(kind),
    name: nameOf(name),
    uid: nameOf(uid),
    guess: guessAbove(kind, name, metadata.labels?.['pod-template-hash']),
  };
}

/**
 * Who made a ReplicaSet or a Job, by its name: a Deployment's ReplicaSets end in `-` and the pods' label `pod-template-hash`,
 * a CronJob's Jobs in `-` and the minutes since 1970 for which they were due (8 digits).
 */
function guessAbove(kind: string, name: string, templateHash: string | undefined): string {
  if (kind === 'ReplicaSet' && templateHash !== undefined && name.endsWith(`-${templateHash}`)) {
    return name.slice(0, -templateHash.length - 1);
  }
  return kind === 'Job' ? (/^(.+)-\d{8}$/.exec(name)?.[1] ?? '') : '';
}

function extract(metadata: ApiMetadata, texts: readonly ExtractedText[]): Extracted {
  let extracted: Record<string, string> | undefined;
  for (const { from, key, attribute } of texts) {
    const value = metadata[from]?.[key];
    if (value === undefined) continue;
    extracted ??= {};
    // A copy: what slice returns would keep the whole text in memory.
    extracted[attribute] = value.length > MOST_CHARACTERS ? Buffer.from(value.slice(0, MOST_CHARACTERS)).toString() : value;
  }
  return extracted;
}
