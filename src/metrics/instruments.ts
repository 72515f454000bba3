import type { Observable } from '@opentelemetry/api';
import {
  type Counter,
  type Gauge,
  type Histogram,
  type Meter,
  type MetricOptions,
  type UpDownCounter,
  ValueType,
} from '@opentelemetry/api';
import type { MetricDefinition } from './definitions.ts';

type Counted = MetricDefinition & { readonly kind: 'counter' };
type Gauged = MetricDefinition & { readonly kind: 'gauge' };
type Measured = MetricDefinition & { readonly kind: 'histogram' };

/** A counter that is added to. */
export function counter(meter: Meter, definition: Counted): Counter {
  return meter.createCounter(definition.name, options(definition));
}

/** A counter whose value is observed at each collection. */
export function observableCounter(meter: Meter, definition: Counted): Observable {
  return meter.createObservableCounter(definition.name, options(definition));
}

/** A gauge that is set. */
export function gauge(meter: Meter, definition: Gauged): Gauge {
  return meter.createGauge(definition.name, options(definition));
}

/** A gauge whose value is observed at each collection. An attribute set that was observed once stays: see HookProducer. */
export function observableGauge(meter: Meter, definition: Gauged): Observable {
  return meter.createObservableGauge(definition.name, options(definition));
}

/** A gauge that is added to and taken from: several components of one id add up. */
export function upDownCounter(meter: Meter, definition: Gauged): UpDownCounter {
  return meter.createUpDownCounter(definition.name, options(definition));
}

/** A histogram with the definition's buckets. */
export function histogram(meter: Meter, definition: Measured): Histogram {
  return meter.createHistogram(definition.name, options(definition));
}

/** Without `INT` the SDK sends doubles. */
function options({ unit, description, integer, boundaries }: MetricDefinition): MetricOptions {
  const advice = boundaries === undefined ? {} : { advice: { explicitBucketBoundaries: [...boundaries] } };
  return { unit, description, valueType: integer ? ValueType.INT : ValueType.DOUBLE, ...advice };
}
