import { AttributeSet, type AttributeValue } from '../pdata/attributes.ts';
import { DROPS, type MetricDefinition, RETINA_DROPS } from './definitions.ts';

/** The choices of `metric_names`. */
export const METRIC_NAMES = ['opentelemetry', 'retina'] as const;
export type MetricNames = (typeof METRIC_NAMES)[number];

type CounterDefinition = MetricDefinition & { readonly kind: 'counter' };

/** How rows are named and labelled on their way out. */
export interface Naming {
  readonly count: CounterDefinition;
  readonly bytes: CounterDefinition;
  /** Whether Prometheus sees them as gauges, without `_total`. */
  readonly gauges: boolean;
  /** The attributes that are published; sets that become equal are one series, their sum. */
  publish(attributes: AttributeSet): AttributeSet;
}

export const NAMINGS: Readonly<Record<MetricNames, Naming>> = {
  opentelemetry: { ...DROPS, gauges: false, publish: (attributes) => attributes },
  retina: { ...RETINA_DROPS, gauges: true, publish: retinaLabels },
};

/** Retina knows a reason and a direction, and of directions no `forward`. */
function retinaLabels(attributes: AttributeSet): AttributeSet {
  const labels: Record<string, AttributeValue> = { reason: attributes.get('reason') ?? '' };
  const direction = attributes.get('direction') ?? 'unknown';
  labels.direction = direction === 'forward' ? 'unknown' : direction;
  return new AttributeSet(labels);
}
