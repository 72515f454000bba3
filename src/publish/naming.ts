import { DROPS, type MetricDefinition, POD_DROPS, RETINA_DROPS, RETINA_POD_DROPS } from '../metrics/definitions.ts';
import { AttributeSet, type AttributeValue } from '../pdata/attributes.ts';
import { OVERFLOW } from '../pdata/overflow.ts';
import { BARE_POD, WORKLOADS } from '../pdata/workloads.ts';

/** The choices of `metric_names`. */
export const METRIC_NAMES = ['opentelemetry', 'retina'] as const;
export type MetricNames = (typeof METRIC_NAMES)[number];

type CounterDefinition = MetricDefinition & { readonly kind: 'counter' };

/** How rows of one sort are named and labelled on their way out. */
export interface SeriesNaming {
  readonly count: CounterDefinition;
  readonly bytes: CounterDefinition;
  /** The attributes that are published; sets that become equal are one series, their sum. */
  publish(attributes: AttributeSet): AttributeSet;
  /** Whether a published series ends when all its parts have ended. If there can only be few, it stays. */
  readonly ends: boolean;
}

/** How the node's rows, and those of pods, are named and labelled on their way out. */
export interface Naming extends SeriesNaming {
  readonly pods: SeriesNaming;
  /** Whether Prometheus sees them as gauges, without `_total`. */
  readonly gauges: boolean;
  /** Whether an attribute of this name is published, under whatever label. */
  shows(attribute: string): boolean;
}

export const NAMINGS: Readonly<Record<MetricNames, Naming>> = {
  opentelemetry: {
    ...DROPS,
    gauges: false,
    shows: () => true,
    publish: (attributes) => attributes,
    ends: true,
    pods: { ...POD_DROPS, publish: withoutBarePod, ends: true },
  },
  retina: {
    ...RETINA_DROPS,
    gauges: true,
    shows: isRetinas,
    publish: retinaLabels,
    ends: false,
    pods: { ...RETINA_POD_DROPS, publish: retinaPodLabels, ends: true },
  },
};

/** Retina knows a reason and a direction, and of directions no `forward`. */
function retinaLabels(attributes: AttributeSet): AttributeSet {
  const labels: Record<string, AttributeValue> = { reason: attributes.get('reason') ?? '' };
  const direction = attributes.get('direction') ?? 'unknown';
  labels.direction = direction === 'forward' ? 'unknown' : direction;
  return new AttributeSet(labels);
}

const SIDES = ['', 'source.', 'destination.'] as const;

function withoutBarePod(attributes: AttributeSet): AttributeSet {
  return SIDES.reduce((set, side) => set.without(`${side}${BARE_POD}`), attributes);
}

const RETINA_POD_LABELS: Readonly<Record<string, string>> = {
  'k8s.pod.ip': 'ip',
  'k8s.namespace.name': 'namespace',
  'k8s.pod.name': 'podname',
  'k8s.service.name': 'service',
  'cloud.availability_zone': 'zone',
};

function isRetinas(attribute: string): boolean {
  if (['reason', 'direction', 'destination.port', 'network.transport', OVERFLOW].includes(attribute)) return true;
  const name = attribute.replace(/^(source|destination)\./, '');
  return Object.hasOwn(RETINA_POD_LABELS, name) || Object.hasOwn(WORKLOADS, name);
}

/** Retina's advanced labels; in its remote context each has `source_` or `destination_` before it. */
function retinaPodLabels(attributes: AttributeSet): AttributeSet {
  const labels: Record<string, AttributeValue> = { ...retinaLabels(attributes).values };
  const overflow = attributes.get(OVERFLOW);
  if (overflow !== undefined) labels[OVERFLOW] = overflow;
  const isRemote = Object.keys(attributes.values).some((name) => /^(source|destination)\.(k8s|cloud)\./.test(name));
  for (const [name, value] of Object.entries(attributes.values)) {
    if (name === 'destination.port') labels[isRemote ? 'destination_port' : 'port'] = value;
    if (name === 'network.transport') labels.protocol = value;
    const [, side = '', rest = ''] = /^(source\.|destination\.|)(.*)$/.exec(name) ?? [];
    const prefix = side.replace('.', '_');
    const label = RETINA_POD_LABELS[rest];
    if (label !== undefined) labels[`${prefix}${label}`] = value;
    const kind = WORKLOADS[rest];
    if (kind !== undefined) {
      labels[`${prefix}workload_kind`] = kind;
      labels[`${prefix}workload_name`] = value;
    } else if (rest === BARE_POD) {
      labels[`${prefix}workload_kind`] = value;
      labels[`${prefix}workload_name`] = attributes.get(`${side}k8s.pod.name`) ?? '';
    }
  }
  return new AttributeSet(labels);
}
