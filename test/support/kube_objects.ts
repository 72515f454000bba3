import type { KubeObject } from './kube_api/fake_kube_api.ts';

/** Objects in the API server's JSON, with few fields besides the relevant ones. */
type Given = Readonly<Record<string, unknown>>;

export interface PodGiven {
  readonly uid?: string;
  readonly namespace?: string;
  readonly ips?: readonly string[];
  readonly node?: string;
  readonly phase?: string;
  readonly start?: string;
  readonly hostNetwork?: boolean;
  /** Of its container, such as `{ hostPort: 9100 }`. */
  readonly ports?: readonly Given[];
  /** `Kind/name/uid`. */
  readonly owner?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A running pod of namespace `shop` on node `n1`, with the uid `uid-<name>`. */
export function podObject(name: string, given: PodGiven = {}): KubeObject {
  const { uid = `uid-${name}`, namespace = 'shop', ips = [], node = 'n1', phase = 'Running', hostNetwork, owner } = given;
  return {
    metadata: {
      name,
      namespace,
      uid,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...(given.labels && { labels: given.labels }),
      ...(given.annotations && { annotations: given.annotations }),
      ...owned(owner),
    },
    spec: {
      nodeName: node,
      containers: [{ name: 'main', image: 'x', ...(given.ports && { ports: given.ports }) }],
      ...(hostNetwork && { hostNetwork }),
    },
    status: {
      phase,
      ...(ips.length > 0 && { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
      ...(given.start && { startTime: given.start }),
    },
  };
}

/** A ReplicaSet or a Job of namespace `shop`. */
export function ownerObject(name: string, uid: string, owner?: string): KubeObject {
  return { metadata: { name, namespace: 'shop', uid, ...owned(owner) }, spec: {} };
}

export function nodeObject(
  name: string,
  ips: readonly string[],
  labels: Readonly<Record<string, string>> = {},
  {
    podCIDRs,
    annotations,
  }: { readonly podCIDRs?: readonly string[]; readonly annotations?: Readonly<Record<string, string>> } = {},
): KubeObject {
  const addresses = [{ type: 'Hostname', address: name }, ...ips.map((address) => ({ type: 'InternalIP', address }))];
  return {
    metadata: { name, uid: `uid-${name}`, labels, ...(annotations && { annotations }) },
    ...(podCIDRs && { spec: { podCIDR: podCIDRs[0], podCIDRs } }),
    status: { addresses },
  };
}

export function namespaceObject(name: string, annotations: Readonly<Record<string, string>> = {}): KubeObject {
  return { metadata: { name, uid: `uid-ns-${name}`, annotations } };
}

export function serviceObject(name: string, clusterIPs: readonly string[], namespace = 'shop'): KubeObject {
  return { metadata: { name, namespace, uid: `uid-svc-${namespace}-${name}` }, spec: { clusterIP: clusterIPs[0], clusterIPs } };
}

export function sliceObject(service: string, ips: readonly string[], given: Given = {}): KubeObject {
  const { namespace = 'shop', name = `${service}-1` } = given as { namespace?: string; name?: string };
  return {
    metadata: { name, namespace, uid: `uid-slice-${namespace}-${name}`, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    endpoints: ips.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
  };
}

function owned(owner: string | undefined) {
  if (owner === undefined) return {};
  const [kind, name, uid] = owner.split('/');
  return { ownerReferences: [{ kind, name, uid, controller: true }] };
}
