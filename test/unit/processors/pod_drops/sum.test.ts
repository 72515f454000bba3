import { hrTimeToMilliseconds } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DropAccumulator } from '../../../../src/metrics/drop_accumulator.ts';
import { AttributeSet } from '../../../../src/pdata/attributes.ts';
import type { DropBatch } from '../../../../src/pdata/batch.ts';
import { DropPublisher } from '../../../../src/publish/drop_publisher.ts';
import { type MetricNames, NAMINGS } from '../../../../src/publish/naming.ts';
import { PrometheusText } from '../../../../src/publish/prometheus/text.ts';
import { flow, flowBatch } from '../../../support/flows.ts';
import { row, START_MILLIS } from '../../../support/rows.ts';
import { NODE, pod, podDrops, UNKNOWN, WORLD } from './pods.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const ENDS = [...NAMES.map((name) => pod(name)), WORLD, UNKNOWN, NODE];
const SETS = (['ingress', 'egress', 'forward', 'unknown'] as const).map(
  (direction) => new AttributeSet({ reason: 'NO_SOCKET', direction, class: 'error' }),
);

const step = fc.record({
  flows: fc.array(
    fc.record({
      source: fc.nat(7),
      destination: fc.nat(7),
      set: fc.nat(3),
      transport: fc.constantFrom('tcp', 'udp', ''),
      drops: fc.nat(5),
    }),
    { maxLength: 6 },
  ),
  overflow: fc.nat(3),
  ended: fc.subarray(NAMES, { maxLength: 2 }),
  seconds: fc.integer({ min: 1, max: 30 }),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function toBatch({ flows, overflow, ended }: Step, timeMillis: number): DropBatch {
  const rows = flows.map(({ source, destination, set, transport, drops }) =>
    flow('', '', {
      source: ENDS[source] as (typeof ENDS)[number],
      destination: ENDS[destination] as (typeof ENDS)[number],
      attributes: SETS[set] as AttributeSet,
      transport,
      drops,
      bytes: drops * 10,
    }),
  );
  const lost =
    overflow === 0 ? [] : [row({ reason: 'NO_SOCKET', direction: 'ingress', class: 'error' }, overflow, overflow * 10)];
  const given = flowBatch(rows, { overflow: lost, timeMillis });
  return { ...given, flows: { ...(given.flows as NonNullable<typeof given.flows>), endedPods: ended.map((n) => `uid-${n}`) } };
}

/** What is to be counted, without looking at how it is done. */
function expected(steps: readonly Step[], context: string): number {
  let sum = 0;
  for (const { flows, overflow } of steps) {
    sum += overflow;
    for (const { source, destination, drops } of flows) {
      const sides = Number(source < NAMES.length) + Number(destination < NAMES.length);
      sum += context === 'local' ? sides * drops : Math.min(sides, 1) * drops;
    }
  }
  return sum;
}

describe('the sum of all that was ever published of pods', () => {
  test.each([
    ['local', 'opentelemetry'],
    ['local', 'retina'],
    ['remote', 'opentelemetry'],
    ['remote', 'retina'],
  ])('is that of the drops, whatever ends and finds no room: %s, %s', async (context, names) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.constantFrom(1, 3, 100),
        fc.constantFrom('0s', '20s'),
        fc.subarray(['network.transport']),
        async (steps, max_series, metric_expiration, attributes) => {
          const { consume } = podDrops({ context, max_series, metric_expiration, attributes });
          const accumulator = new DropAccumulator();
          const naming = NAMINGS[names as MetricNames];
          const publisher = new DropPublisher({ accumulator, naming, resource: resourceFromAttributes({}) });
          /** The last value of each series, by attributes and start time. */
          const last = new Map<string, number>();
          let timeMillis = START_MILLIS;
          for (const each of steps) {
            timeMillis += each.seconds * 1000;
            accumulator.add(consume(toBatch(each, timeMillis)));
            const collected = await publisher.collect();
            const metrics = collected.scopeMetrics.flatMap((scope) => scope.metrics);
            const points = metrics.find(({ descriptor }) => descriptor.name === naming.pods.count.name)?.dataPoints ?? [];
            for (const { attributes, startTime, value } of points) {
              const key = `${JSON.stringify(attributes)} ${hrTimeToMilliseconds(startTime)}`;
              expect(value as number).toBeGreaterThanOrEqual(last.get(key) ?? 0);
              last.set(key, value as number);
            }
            expect(new Set(points.map(({ attributes }) => JSON.stringify(attributes))).size).toBe(points.length);
            new PrometheusText().write(collected);
          }
          expect([...last.values()].reduce((a, b) => a + b, 0)).toBe(expected(steps, context));
        },
      ),
      { numRuns: 60 },
    );
  });
});
