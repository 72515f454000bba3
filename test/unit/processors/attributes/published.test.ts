import { resourceFromAttributes } from '@opentelemetry/resources';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyActions } from '../../../../src/component/attribute_action.ts';
import { DropAccumulator } from '../../../../src/metrics/drop_accumulator.ts';
import { AttributeSet } from '../../../../src/pdata/attributes.ts';
import { configSchema } from '../../../../src/processors/attributes/config.ts';
import { AttributesProcessor } from '../../../../src/processors/attributes/processor.ts';
import { DropColumns } from '../../../../src/publish/drop_columns.ts';
import { METRIC_NAMES, type MetricNames, NAMINGS } from '../../../../src/publish/naming.ts';
import { batch, START_MILLIS } from '../../../support/rows.ts';
import { makeSettings } from '../../../support/settings.ts';

/** Series that come and go, and what a read brings of each: drops, or that it ends. */
const NAMES = ['reason', 'direction', 'class', 'nic'] as const;
const series = fc.record({
  reason: fc.constantFrom('A', 'B'),
  direction: fc.constantFrom('ingress', 'forward', 'unknown'),
  class: fc.constantFrom('error', 'call'),
  nic: fc.constantFrom('eth0', 'eth1'),
});
const event = fc.record({ series, drops: fc.nat(9), ends: fc.boolean() });
const reads = fc.array(fc.array(event, { maxLength: 8 }), { minLength: 2, maxLength: 12 });
const deletion = fc.constantFrom(...NAMES).map((key) => ({ key, action: 'delete' }));
const setting = fc.record({
  key: fc.constantFrom(...NAMES, 'cluster'),
  action: fc.constantFrom('insert', 'update', 'upsert'),
  value: fc.constantFrom('A', 'ingress', 'x'),
});
const actions = fc.array(fc.oneof(deletion, setting), { minLength: 1, maxLength: 3 });

interface Event {
  readonly series: Readonly<Record<string, string>>;
  readonly drops: number;
  readonly ends: boolean;
}

interface Shown {
  readonly value: number;
  readonly startMillis: number | undefined;
}

const sets = new Map<string, AttributeSet>();

/** The same object for the same series at each read, as the receiver and pod_drops have it. */
function setOf(values: Event['series']): AttributeSet {
  const made = new AttributeSet(values);
  const known = sets.get(made.key) ?? made;
  sets.set(made.key, known);
  return known;
}

/** Some exporter's accumulator behind the processor, and what is published of it. */
function pipeline(kind: 'rows' | 'pods', names: MetricNames, given: readonly object[]) {
  const accumulator = new DropAccumulator();
  const naming = kind === 'pods' ? NAMINGS[names].pods : NAMINGS[names];
  const columns = new DropColumns({ accumulator, naming: NAMINGS[names], resource: resourceFromAttributes({}) });
  const config = configSchema.parse({ actions: given });
  const processor = new AttributesProcessor(makeSettings(), config, { consume: (each) => accumulator.add(each) });
  let read = 0;
  return {
    keyOf: (values: Event['series']) => naming.publish(new AttributeSet(applyActions(values, config.actions))).key,
    read(events: readonly Event[]): Map<string, Shown> {
      const rows = events.map(({ series: values, drops }) => {
        return { attributes: setOf(values), drops, bytes: values.class === 'call' ? undefined : drops };
      });
      const ended = events.filter(({ ends }) => ends).map(({ series: values }) => setOf(values));
      read++;
      const time = { timeMillis: START_MILLIS + 1_000 * read, steadyMillis: 1_000 * read };
      processor.consume(kind === 'rows' ? batch(rows, { ...time, ended }) : batch([], { ...time, pods: { rows, ended } }));
      const metric = columns.collect().metrics.find(({ descriptor }) => descriptor.name === naming.count.name);
      const shown = metric?.attributes.map((each, index) => {
        const value = { value: metric.values[index] as number, startMillis: metric.startMillis[index] };
        return [new AttributeSet(each as AttributeSet['values']).key, value] as const;
      });
      return new Map(shown);
    },
  };
}

/**
 * What who looks at every read has seen: the increases of all series are all drops, no value falls, and no series begins anew while one of
 * those that it is made of goes on.
 */
function check(kind: 'rows' | 'pods', names: MetricNames, given: readonly object[], reads: readonly (readonly Event[])[]): void {
  const { keyOf, read } = pipeline(kind, names, given);
  const dropped = new Map<string, number>();
  const increases = new Map<string, number>();
  const living = new Map<string, string>();
  let before = new Map<string, Shown>();
  for (const events of reads) {
    const ends = new Set(events.filter((each) => each.ends).map(({ series: values }) => setOf(values).key));
    const going = new Set([...living].filter(([part]) => !ends.has(part)).map(([, key]) => key));
    for (const { series: values, drops } of events) dropped.set(keyOf(values), (dropped.get(keyOf(values)) ?? 0) + drops);
    const shown = read(events);
    for (const [key, { value, startMillis }] of shown) {
      const last = before.get(key);
      if (going.has(key)) expect(startMillis).toBe(last?.startMillis);
      const base = last?.startMillis === startMillis ? (last?.value ?? 0) : 0;
      expect(value).toBeGreaterThanOrEqual(base);
      increases.set(key, (increases.get(key) ?? 0) + value - base);
    }
    for (const key of going) expect(shown.has(key)).toBe(true);
    expect(increases).toEqual(dropped);
    for (const { series: values } of events) living.set(setOf(values).key, keyOf(values));
    for (const part of ends) living.delete(part);
    before = shown;
  }
}

test.each(METRIC_NAMES.flatMap((names) => (['rows', 'pods'] as const).map((kind) => [names, kind] as const)))(
  'under the names of %s, %s are the exact sums of what they were made of, and none falls before its last part has ended',
  (names, kind) => {
    fc.assert(
      fc.property(actions, reads, (given, all) => check(kind, names, given, all)),
      { numRuns: 300 },
    );
  },
);
