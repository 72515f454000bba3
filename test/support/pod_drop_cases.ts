import { type Family, PODS, SERVICE, type Where, WORLD } from './cluster_lab.ts';
import type { Series } from './metrics_text.ts';

export const REASON = 'IPTABLE_RULE_DROP';
export const CONTEXTS = ['local', 'remote'] as const;
export const NAMES = ['opentelemetry', 'retina'] as const;
export type Context = (typeof CONTEXTS)[number];
export type Names = (typeof NAMES)[number];
/** Labels of a series other than the reason, as text: `direction=egress namespace=shop …`. */
export type Told = Readonly<Record<string, { readonly drops: number; readonly bytes: number }>>;

/** One way to drop a packet, and the expected report: the sides of local pods, and the two ends. */
export interface Case {
  readonly what: string;
  readonly from: Where;
  readonly to: Readonly<Record<Family, string>>;
  readonly at: Where;
  readonly chain: 'INPUT' | 'OUTPUT' | 'FORWARD';
  readonly direction: 'ingress' | 'egress' | 'forward';
  /** Of the pods on node-a. */
  readonly sides: readonly ('a1 egress' | 'a1 ingress' | 'a2 ingress')[];
  readonly ends: readonly [source: End, destination: End];
}
type End = 'a1' | 'a2' | 'b1' | 'node-a' | 'dns' | 'world';

export const CASES: readonly Case[] = [
  {
    what: 'pod to pod, at the source',
    from: 'a1',
    to: PODS.a2,
    at: 'a1',
    chain: 'OUTPUT',
    direction: 'egress',
    sides: ['a1 egress', 'a2 ingress'],
    ends: ['a1', 'a2'],
  },
  {
    what: 'pod to pod, forwarded',
    from: 'a1',
    to: PODS.a2,
    at: 'node-a',
    chain: 'FORWARD',
    direction: 'forward',
    sides: ['a1 egress', 'a2 ingress'],
    ends: ['a1', 'a2'],
  },
  {
    what: 'pod to pod, at the destination',
    from: 'a1',
    to: PODS.a2,
    at: 'a2',
    chain: 'INPUT',
    direction: 'ingress',
    sides: ['a1 egress', 'a2 ingress'],
    ends: ['a1', 'a2'],
  },
  {
    what: 'pod to a remote pod, forwarded here',
    from: 'a1',
    to: PODS.b1,
    at: 'node-a',
    chain: 'FORWARD',
    direction: 'forward',
    sides: ['a1 egress'],
    ends: ['a1', 'b1'],
  },
  {
    what: 'pod to a remote pod, forwarded there',
    from: 'a1',
    to: PODS.b1,
    at: 'node-b',
    chain: 'FORWARD',
    direction: 'forward',
    sides: ['a1 egress'],
    ends: ['a1', 'b1'],
  },
  {
    what: 'remote pod to a pod, at the destination',
    from: 'b1',
    to: PODS.a1,
    at: 'a1',
    chain: 'INPUT',
    direction: 'ingress',
    sides: ['a1 ingress'],
    ends: ['b1', 'a1'],
  },
  {
    what: 'pod to a service, translated',
    from: 'a1',
    to: SERVICE,
    at: 'node-a',
    chain: 'FORWARD',
    direction: 'forward',
    sides: ['a1 egress', 'a2 ingress'],
    ends: ['a1', 'a2'],
  },
  {
    what: 'pod to a service, at the source',
    from: 'a1',
    to: SERVICE,
    at: 'a1',
    chain: 'OUTPUT',
    direction: 'egress',
    sides: ['a1 egress'],
    ends: ['a1', 'dns'],
  },
  {
    what: 'the host to a pod, at the destination',
    from: 'node-a',
    to: PODS.a1,
    at: 'a1',
    chain: 'INPUT',
    direction: 'ingress',
    sides: ['a1 ingress'],
    ends: ['node-a', 'a1'],
  },
  {
    what: 'pod to the world, forwarded',
    from: 'a1',
    to: WORLD,
    at: 'node-a',
    chain: 'FORWARD',
    direction: 'forward',
    sides: ['a1 egress'],
    ends: ['a1', 'world'],
  },
];

/** The published labels of an end, in both namings. */
const ENDS: Readonly<Record<End, Readonly<Record<Names, Readonly<Record<string, string>>>>>> = {
  a1: {
    opentelemetry: { k8s_namespace_name: 'shop', k8s_pod_name: 'a1', k8s_deployment_name: 'front' },
    retina: { namespace: 'shop', podname: 'a1', workload_kind: 'Deployment', workload_name: 'front' },
  },
  a2: {
    opentelemetry: { k8s_namespace_name: 'shop', k8s_pod_name: 'a2', k8s_statefulset_name: 'db', k8s_service_name: 'dns' },
    retina: { namespace: 'shop', podname: 'a2', workload_kind: 'StatefulSet', workload_name: 'db', service: 'dns' },
  },
  b1: {
    opentelemetry: { k8s_namespace_name: 'shop', k8s_pod_name: 'b1' },
    retina: { namespace: 'shop', podname: 'b1', workload_kind: 'Pod', workload_name: 'b1' },
  },
  'node-a': { opentelemetry: {}, retina: {} },
  dns: { opentelemetry: { k8s_namespace_name: 'shop', k8s_service_name: 'dns' }, retina: { namespace: 'shop', service: 'dns' } },
  world: {
    opentelemetry: { k8s_namespace_name: 'world', k8s_pod_name: 'world' },
    retina: { namespace: 'world', podname: 'world' },
  },
};

const METRICS: Readonly<Record<Names, { readonly count: string; readonly bytes: string }>> = {
  opentelemetry: { count: 'dropreason_pod_drop_count_total', bytes: 'dropreason_pod_drop_bytes_total' },
  retina: { count: 'networkobservability_adv_drop_count', bytes: 'networkobservability_adv_drop_bytes' },
};

const textOf = (labels: Readonly<Record<string, string>>) =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(' ');

/** The reported drops of the lab's pods, by labels. */
export function told(series: readonly Series[], names: Names): Told {
  const all: Record<string, { drops: number; bytes: number }> = {};
  for (const { labels, name, value } of series) {
    const { count, bytes } = METRICS[names];
    if ((name !== count && name !== bytes) || labels.reason !== REASON || labels.otel_metric_overflow !== undefined) continue;
    const { reason: _, class: __, ...rest } = labels;
    const known = Object.fromEntries(Object.entries(rest).filter(([, text]) => text !== ''));
    const key = textOf(known);
    const sum = all[key] ?? { drops: 0, bytes: 0 };
    all[key] = name === count ? { ...sum, drops: sum.drops + value } : { ...sum, bytes: sum.bytes + value };
  }
  return all;
}

export function rise(before: Told, after: Told): Told {
  const risen = Object.entries(after).map(([key, { drops, bytes }]) => {
    const was = before[key] ?? { drops: 0, bytes: 0 };
    return [key, { drops: drops - was.drops, bytes: bytes - was.bytes }] as const;
  });
  return Object.fromEntries(risen.filter(([, { drops, bytes }]) => drops !== 0 || bytes !== 0));
}

/** The expected increase of a case. */
export function due({ sides, ends, direction }: Case, context: Context, names: Names, drops: number, bytes: number): Told {
  if (context === 'local') {
    const rows = sides.map((side) => side.split(' ') as ['a1' | 'a2', string]);
    return Object.fromEntries(rows.map(([pod, way]) => [textOf({ direction: way, ...ENDS[pod][names] }), { drops, bytes }]));
  }
  const prefixed = (side: string, end: End) =>
    Object.entries(ENDS[end][names]).map(([name, value]) => [`${side}_${name}`, value] as const);
  const labels = Object.fromEntries([...prefixed('source', ends[0]), ...prefixed('destination', ends[1])]);
  return {
    [textOf({ direction: names === 'retina' && direction === 'forward' ? 'unknown' : direction, ...labels })]: { drops, bytes },
  };
}
