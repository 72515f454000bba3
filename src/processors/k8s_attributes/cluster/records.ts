import { type AddressKey, IpAddress } from '../../../pdata/ip_address.ts';
import type { ApiEndpointSlice, ApiMetadata, ApiNode, ApiObject, ApiPod, ApiService } from './objects.ts';

/** A label or annotation of an object, and the attribute that shows it. */
export interface ExtractedText {
  readonly from: 'labels' | 'annotations';
  readonly key: string;
  readonly attribute: string;
}

/** Attributes that an object's labels and annotations give, by name; undefined where there are none. */
export type Extracted = Readonly<Record<string, string>> | undefined;

/** Who made a pod. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  /** The name of who made that, as its own name tells it; '' where it doesn't. See {@link guessAbove}. */
  readonly guess: string;
}

/** What is kept of a pod: about 300 bytes, where the object has 10 kB. */
export interface PodRecord {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  /** '' until it is scheduled. */
  readonly node: string;
  /** The addresses that are its own: none on the host's network, and none once it has finished. */
  readonly addresses: readonly AddressKey[];
  /** When its node took it on, in milliseconds since the epoch. */
  readonly startMillis: number;
  readonly owner: Owner | undefined;
  readonly extracted: Extracted;
}

/** A ReplicaSet or a Job, for who made it. */
export interface OwnerRecord {
  readonly uid: string;
  /** Name of the Deployment or the CronJob; '' where there is none. */
  readonly above: string;
}

export interface NodeRecord {
  readonly uid: string;
  readonly name: string;
  readonly addresses: readonly AddressKey[];
  /** '' where it has no label `topology.kubernetes.io/zone`. */
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

/** A pod that has no addresses of its own (any more) is kept as nothing but that. Undefined on the host's network. */
export function podRecord(object: unknown, texts: readonly ExtractedText[]): PodRecord | undefined {
  const { metadata = {}, spec, status } = object as ApiPod;
  if (spec?.hostNetwork === true) return undefined;
  const uid = metadata.uid ?? '';
  const isFinished = status?.phase === 'Succeeded' || status?.phase === 'Failed';
  const given = status?.podIPs?.map(({ ip }) => ip) ?? [];
  const addresses = isFinished ? [] : keysOf(given.length > 0 ? given : [status?.podIP]);
  if (addresses.length === 0) return { ...NOTHING, uid };
  return {
    uid,
    name: metadata.name ?? '',
    namespace: metadata.namespace ?? '',
    node: spec?.nodeName ?? '',
    addresses,
    startMillis: Date.parse(status?.startTime ?? metadata.creationTimestamp ?? '') || 0,
    owner: ownerOf(metadata),
    extracted: extract(metadata, texts),
  };
}

/** A ReplicaSet or a Job; `kind` is what may have made it. */
export function ownerRecord(object: unknown, kind: string): OwnerRecord {
  const { metadata = {} } = object as ApiObject;
  const above = controllerOf(metadata);
  return { uid: metadata.uid ?? '', above: above?.kind === kind ? (above.name ?? '') : '' };
}

export function nodeRecord(object: unknown, texts: readonly ExtractedText[]): NodeRecord {
  const { metadata = {}, status } = object as ApiNode;
  const isIp = (type: string | undefined) => type === 'InternalIP' || type === 'ExternalIP';
  const addresses = status?.addresses?.flatMap(({ type, address }) => (isIp(type) ? [address] : [])) ?? [];
  return {
    uid: metadata.uid ?? '',
    name: metadata.name ?? '',
    addresses: keysOf(addresses),
    zone: metadata.labels?.[ZONE] ?? '',
    extracted: extract(metadata, texts),
  };
}

export function namespaceRecord(object: unknown, texts: readonly ExtractedText[]): NamespaceRecord {
  const { metadata = {} } = object as ApiObject;
  return { uid: metadata.uid ?? '', name: metadata.name ?? '', extracted: extract(metadata, texts) };
}

/** Undefined for a service without an address of its own (headless, or a name outside). */
export function serviceRecord(object: unknown): ServiceRecord | undefined {
  const { metadata = {}, spec } = object as ApiService;
  const addresses = keysOf(spec?.clusterIPs ?? [spec?.clusterIP]);
  if (addresses.length === 0) return undefined;
  return { uid: metadata.uid ?? '', namespace: metadata.namespace ?? '', service: metadata.name ?? '', addresses };
}

/** Every endpoint, ready or not: one that isn't is still behind the service. Undefined for a slice of no service, and of names. */
export function endpointSliceRecord(object: unknown): ServiceRecord | undefined {
  const { metadata = {}, addressType, endpoints = [] } = object as ApiEndpointSlice;
  const service = metadata.labels?.[SERVICE_NAME];
  if (service === undefined || addressType === 'FQDN') return undefined;
  // An API server writes null for no endpoints at all.
  const addresses = keysOf((endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? []));
  return { uid: metadata.uid ?? '', namespace: metadata.namespace ?? '', service, addresses };
}

const NOTHING = { name: '', namespace: '', node: '', addresses: [], startMillis: 0, owner: undefined, extracted: undefined };

/** Each once; what is no address (`None`, a name) is left out. */
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
  return { kind, name, uid, guess: guessAbove(kind, name, metadata.labels?.['pod-template-hash']) };
}

/**
 * Who made a ReplicaSet or a Job, by its name: a Deployment's ReplicaSets end in `-` and the pods' label `pod-template-hash`,
 * a CronJob's Jobs in `-` and the minutes since 1970 for which they were due (8 digits).
 */
export function guessAbove(kind: string, name: string, templateHash: string | undefined): string {
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
    extracted[attribute] = value;
  }
  return extracted;
}
