import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DropAccumulator } from '../../../../src/metrics/drop_accumulator.ts';
import { DropPublisher } from '../../../../src/metrics/drop_publisher.ts';
import { type MetricNames, NAMINGS } from '../../../../src/metrics/naming.ts';
import { PrometheusText } from '../../../../src/metrics/prometheus_text.ts';
import { AttributeSet } from '../../../../src/pdata/attributes.ts';
import type { DropBatch } from '../../../../src/pdata/batch.ts';
import { flow, flowBatch } from '../../../support/flows.ts';
import { row, START_MILLIS } from '../../../support/rows.ts';
import { NODE, newPod, pod, podDrops, UNKNOWN, WORLD } from './pods.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const ENDS = [...NAMES.map((name) => pod(name)), WORLD, UNKNOWN, NODE];
const SETS = (['ingress', 'egress', 'forward', 'unknown'] as const).map(
  (direction) => new AttributeSet({ reason: 'NO_SOCKET', direction, class: 'error' }),
);

const step = fc.record({
  flows: fc.array(fc.record({ source: fc.nat(7), destination: fc.nat(7), set: fc.nat(3), drops: fc.nat(5) }), { maxLength: 6 }),
  overflow: fc.nat(3),
  ended: fc.subarray(NAMES, { maxLength: 2 }),
  seconds: fc.integer({ min: 1, max: 30 }),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function toBatch({ flows, overflow, ended }: Step, timeMillis: number): DropBatch {
  const rows = flows.map(({ source, destination, set, drops }) =>
    flow('', '', {
      source: ENDS[source] as (typeof ENDS)[number],
      destination: ENDS[destination] as (typeof ENDS)[number],
      attributes: SETS[set] as AttributeSet,
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

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

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
        async (steps, max_series, metric_expiration) => {
          const { consume } = podDrops({ context, max_series, metric_expiration });
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

describe('pods that come and go', () => {
  test('leave the number of series and the memory where they were, after 50 generations of 1,000', async () => {
    const { consume } = podDrops({ metric_expiration: '30s', max_series: 3_000 });
    const accumulator = new DropAccumulator();
    const naming = NAMINGS.opentelemetry;
    const publisher = new DropPublisher({ accumulator, naming, resource: resourceFromAttributes({}) });
    const text = new PrometheusText();
    const sizes: number[] = [];
    const heap: number[] = [];
    let drops = 0;
    for (let generation = 0; generation < 50; generation++) {
      const names = Array.from({ length: 1_000 }, (_, i) => `pod-${generation}-${i}`);
      const rows = names.map((name) => flow('', '', { source: WORLD, destination: newPod(name) }));
      const endedPods = names.map((name) => `uid-pod-${generation - 1}-${name.split('-')[2]}`);
      const given = flowBatch(rows, { timeMillis: START_MILLIS + generation * 60_000 });
      accumulator.add(consume({ ...given, flows: { ...(given.flows as NonNullable<typeof given.flows>), endedPods } }));
      drops += rows.length;
      const scraped = text.write(await publisher.collect());
      sizes.push(scraped.match(/^dropreason_pod_drop_count_total\{/gm)?.length ?? 0);
      expect(scraped).not.toContain('otel_metric_overflow');
      expect(accumulator.pods.series.size).toBe(sizes.at(-1));
      collectGarbage();
      heap.push(process.memoryUsage().heapUsed);
    }
    expect(drops).toBe(50_000);
    // Pods are remembered for ten minutes, which are ten generations here; to keep one is 1 MB.
    expect((heap[49] ?? 0) - (heap[19] ?? 0)).toBeLessThan(4_000_000);
    expect(sizes.slice(2)).toEqual(Array.from({ length: 48 }, () => 2_000));
  });
});
