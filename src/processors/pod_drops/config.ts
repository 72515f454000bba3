import { z } from 'zod';
import { duration } from '../../component/schema.ts';
import { WORKLOADS } from '../../pdata/workloads.ts';

/** Labels for a side of a drop. */
export const LABELS = ['ip', 'namespace', 'podname', 'workload', 'service', 'port', 'zone'] as const;
export type Label = (typeof LABELS)[number];

/** What of the drop itself can become an attribute of a series. */
const ATTRIBUTES_OF_DROPS = ['network.transport'] as const;

const DEFAULT_LABELS: readonly Label[] = ['namespace', 'podname', 'workload'];

const labels = z.array(z.enum(LABELS)).superRefine((given, context) => {
  for (const [index, label] of given.entries()) {
    if (given.indexOf(label) < index) context.addIssue({ code: 'custom', path: [index], message: `"${label}" is listed twice` });
  }
});

const namespaceNames = z.array(z.string().min(1)).min(1);

const namespaces = z
  .strictObject({
    include: namespaceNames.optional().describe('Only pods of these namespaces.'),
    exclude: namespaceNames.optional().describe('No pods of these namespaces.'),
  })
  .refine(({ include, exclude }) => include === undefined || exclude === undefined, 'give include or exclude, not both');

export const configSchema = z
  .strictObject({
    context: z
      .enum(['local', 'remote'])
      .default('local')
      .describe('local: a drop counts once for each side that is a pod. remote: it counts once, with source and destination.'),
    labels: labels.min(1).optional().describe('Labels of the pod, with context: local. Default: namespace, podname, workload.'),
    source: labels.optional().describe('Labels of the source, with context: remote. Default: namespace, podname, workload.'),
    destination: labels.optional().describe('Labels of the destination, with context: remote. Default: the same.'),
    attributes: z
      .array(z.enum(ATTRIBUTES_OF_DROPS))
      .default([])
      .describe('Attributes of the series besides those of the pods: network.transport is the protocol, such as tcp or udp.'),
    namespaces: namespaces.prefault({}).describe('Pods whose drops are counted. Default: all.'),
    observe: z
      .enum(['all', 'annotated'])
      .default('all')
      .describe('annotated: only pods with the annotation retina.sh: observe, or in a namespace with it.'),
    metric_expiration: duration({ fallback: '2m' }).describe('How long to keep the series of a pod after it has ended.'),
    max_series: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(10_000)
      .describe(
        'The most series; what goes beyond is summed by reason and direction, in series with otel.metric.overflow="true".',
      ),
  })
  .superRefine(({ context: given, labels, source, destination }, context) => {
    const complain = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    if (given === 'local') {
      if (source !== undefined) complain('source', 'is for context: remote; with context: local write labels');
      if (destination !== undefined) complain('destination', 'is for context: remote; with context: local write labels');
      return;
    }
    if (labels !== undefined) complain('labels', 'is for context: local; with context: remote write source and destination');
    if (source?.includes('port')) complain('source', 'has no port: only destination ports are counted');
    if (source?.length === 0 && destination?.length === 0) complain('source', 'is empty, and so is destination: name a label');
  })
  .transform(({ labels = [...DEFAULT_LABELS], source = [...DEFAULT_LABELS], destination = [...DEFAULT_LABELS], ...rest }) => {
    return { ...rest, labels, source, destination };
  });

export type PodDropsConfig = z.output<typeof configSchema>;

/** The attribute of an end that each label shows, but for `workload` and `port`. */
export const ATTRIBUTES: Readonly<Partial<Record<Label, string>>> = {
  ip: 'k8s.pod.ip',
  namespace: 'k8s.namespace.name',
  podname: 'k8s.pod.name',
  service: 'k8s.service.name',
  zone: 'cloud.availability_zone',
};

/** Annotations that make a pod an observed one, at the pod or at its namespace. */
export const ANNOTATIONS = ['k8s.pod.annotations.retina.sh', 'k8s.namespace.annotations.retina.sh'] as const;

/** Everything that `pod_drops` looks at in a flow. */
export function readAttributes({ context, labels, source, destination, observe, attributes }: PodDropsConfig): string[] {
  const bySide = context === 'local' ? { source: labels, destination: labels } : { source, destination };
  const ofSides = Object.entries(bySide).flatMap(([side, wanted]) => {
    const shown = wanted.flatMap((label) => (label === 'workload' ? Object.keys(WORKLOADS) : (ATTRIBUTES[label] ?? [])));
    const asked = observe === 'annotated' ? ANNOTATIONS : [];
    const all = new Set(['k8s.namespace.name', 'k8s.pod.name', 'k8s.pod.uid', ...shown, ...asked]);
    return Array.from(all, (name) => `${side}.${name}`);
  });
  const port = [...bySide.source, ...bySide.destination].includes('port') ? ['destination.port'] : [];
  return ['reason', 'direction', ...attributes, ...port, ...ofSides];
}
