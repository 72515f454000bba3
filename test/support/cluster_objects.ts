import { NODES, PODS, PORT, SERVICE } from './cluster_lab.ts';

/** Objects of the Kubernetes API by resource, for the cluster of the lab. Referenced objects come first. */
export type ClusterObjects = readonly (readonly [resource: string, object: ClusterObject])[];

/** An object of the cluster, complete enough for a real API server. */
export interface ClusterObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

const ips = ({ ipv4, ipv6 }: { readonly ipv4: string; readonly ipv6: string }) => [{ ip: ipv4 }, { ip: ipv6 }];

function owner(kind: string, apiVersion: string, name: string) {
  return [{ apiVersion, kind, name, uid: `uid-${name}`, controller: true }];
}

/** A running pod of the lab, with its status. */
export function podObject(pod: keyof typeof PODS, given: { readonly metadata?: object } = {}): ClusterObject {
  const { node, ipv4 } = PODS[pod];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: pod, namespace: 'shop', uid: `uid-${pod}`, labels: { app: pod }, ...given.metadata },
    spec: { nodeName: node, hostNetwork: false, containers: [{ name: 'c', image: 'i' }] },
    status: { phase: 'Running', podIP: ipv4, podIPs: ips(PODS[pod]), startTime: '2026-01-01T00:00:00Z' },
  };
}

/** `a1` of the Deployment front, `a2` of the StatefulSet db behind the service dns, `b1` without owner, and one on the host network. */
export const CLUSTER: ClusterObjects = [
  ...(Object.keys(NODES) as (keyof typeof NODES)[]).map(
    (name) =>
      [
        'nodes',
        {
          apiVersion: 'v1',
          kind: 'Node',
          metadata: { name, uid: `uid-${name}`, labels: { 'topology.kubernetes.io/zone': `zone-${name}` } },
          spec: {},
          status: { addresses: ips(NODES[name]).map(({ ip }) => ({ type: 'InternalIP', address: ip })) },
        },
      ] as const,
  ),
  ['namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', uid: 'uid-shop' } }],
  [
    'replicasets',
    {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: 'front-5d9c',
        namespace: 'shop',
        uid: 'uid-front-5d9c',
        ownerReferences: owner('Deployment', 'apps/v1', 'front'),
      },
      spec: {
        selector: { matchLabels: { app: 'a1' } },
        template: { metadata: { labels: { app: 'a1' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    },
  ],
  ['pods', podObject('a1', { metadata: { ownerReferences: owner('ReplicaSet', 'apps/v1', 'front-5d9c') } })],
  ['pods', podObject('a2', { metadata: { ownerReferences: owner('StatefulSet', 'apps/v1', 'db') } })],
  ['pods', podObject('b1')],
  [
    'pods',
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'proxy',
        namespace: 'kube-system',
        uid: 'uid-proxy',
        ownerReferences: owner('DaemonSet', 'apps/v1', 'proxy'),
      },
      spec: { nodeName: 'node-a', hostNetwork: true, containers: [{ name: 'c', image: 'i' }] },
      status: { phase: 'Running', podIP: NODES['node-a'].ipv4, podIPs: ips(NODES['node-a']), startTime: '2026-01-01T00:00:00Z' },
    },
  ],
  [
    'services',
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'dns', namespace: 'shop', uid: 'uid-dns' },
      spec: {
        clusterIP: SERVICE.ipv4,
        clusterIPs: [SERVICE.ipv4, SERVICE.ipv6],
        ipFamilies: ['IPv4', 'IPv6'],
        ipFamilyPolicy: 'RequireDualStack',
        ports: [{ port: PORT, protocol: 'UDP' }],
        selector: { app: 'a2' },
      },
    },
  ],
  ...(['ipv4', 'ipv6'] as const).map(
    (family) =>
      [
        'endpointslices',
        {
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: {
            name: `dns-${family}`,
            namespace: 'shop',
            uid: `uid-dns-${family}`,
            labels: { 'kubernetes.io/service-name': 'dns' },
          },
          addressType: family === 'ipv4' ? 'IPv4' : 'IPv6',
          endpoints: [
            {
              addresses: [PODS.a2[family]],
              conditions: { ready: true },
              targetRef: { kind: 'Pod', name: 'a2', namespace: 'shop', uid: 'uid-a2' },
            },
          ],
          ports: [{ port: PORT, protocol: 'UDP' }],
        },
      ] as const,
  ),
];
