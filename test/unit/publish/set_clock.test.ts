import { hrTimeToMilliseconds } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { DropAccumulator } from '../../../src/metrics/drop_accumulator.ts';
import type { DropBatch } from '../../../src/pdata/batch.ts';
import { DropPublisher } from '../../../src/publish/drop_publisher.ts';
import { type MetricNames, NAMINGS } from '../../../src/publish/naming.ts';
import { PrometheusText } from '../../../src/publish/prometheus/text.ts';
import { batch, row, ruleDrop, START } from '../metrics/fixtures.ts';

const HOUR = 3_600_000;

function make(names: MetricNames = 'opentelemetry', accumulator = new DropAccumulator()) {
  const publisher = new DropPublisher({ accumulator, naming: NAMINGS[names], resource: resourceFromAttributes({}) });
  const points = async () => {
    const { scopeMetrics } = await publisher.collect();
    return scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ attributes, value, startTime, endTime }) => ({
          id: `${descriptor.name} ${JSON.stringify(attributes)}`,
          value: value as number,
          start: hrTimeToMilliseconds(startTime),
          time: hrTimeToMilliseconds(endTime),
        })),
      ),
    );
  };
  return { accumulator, publisher, points };
}

/** A read so long after the start, by a clock that is off by so much. */
const read = (seconds: number, offMillis: number, rows: DropBatch['rows'], more: Partial<DropBatch> = {}) =>
  batch(rows, {
    timeMillis: START + seconds * 1000 + offMillis,
    steadyMillis: seconds * 1000,
    ...more,
  });

describe('where the clock is set back', () => {
  it('a series that began after that begins there anew, at what it has; the others go on', async () => {
    const { accumulator, points } = make();
    const later = row({ reason: 'LATER' }, 2, 200);
    accumulator.add(read(10, 0, [ruleDrop(1, 100)]));
    accumulator.add(read(20, HOUR, [{ ...later, sinceMillis: START + HOUR + 15_000 }]));
    accumulator.add(read(30, 0, [later]));
    const [first, second] = (await points()).filter(({ id }) => id.startsWith('dropreason.drop.count '));
    expect(first).toMatchObject({ value: 1, start: START, time: START + 30_000 });
    expect(second).toMatchObject({ value: 4, start: START + 30_000, time: START + 30_000 });
    accumulator.add(read(40, 0, [later]));
    expect((await points()).map(({ start, time }) => [start - START, time - START])).toContainEqual([30_000, 40_000]);
  });

  it('a series that appears while the receiver began in the future begins at the read before', async () => {
    const { accumulator, points } = make();
    const began = { startTimeMillis: START + HOUR };
    accumulator.add(read(10, 0, [ruleDrop(1, 100)], began));
    accumulator.add(read(20, 0, [row({ reason: 'NEW' }, 1, 100)], began));
    const starts = (await points()).filter(({ id }) => id.includes('NEW')).map(({ start }) => start);
    expect(starts).toEqual([START + 10_000, START + 10_000]);
  });

  it('ended series are forgotten two minutes later, and not when the clock comes by again', () => {
    const accumulator = new DropAccumulator();
    const { attributes } = row({ reason: 'A' }, 0);
    accumulator.add(read(10, 0, [row({ reason: 'A' }, 1, 1)], { ended: [attributes] }));
    accumulator.add(read(129, 2 * HOUR, []));
    expect([...accumulator.map.lately()]).toHaveLength(1);
    accumulator.add(read(131, -HOUR, []));
    expect([...accumulator.map.lately()]).toEqual([]);
  });

  it('pods’ series go on ending with the processor that brought them, after a reload', () => {
    const accumulator = new DropAccumulator();
    const pods = { rows: [row({ 'k8s.pod.name': 'web' }, 1, 100)], ended: [] };
    accumulator.add(read(10, 0, [], { pods }));
    accumulator.resume();
    for (const seconds of [20, 30, 40]) accumulator.add(read(seconds, -HOUR, []));
    expect(accumulator.pods.series.size).toBe(0);
  });

  it('a _created in the future is left out until the time has come', () => {
    const point = (startMillis: number) => ({
      startTime: [startMillis / 1000, 0] as [number, number],
      endTime: [1_700_000_000, 0] as [number, number],
      attributes: {},
      value: 1,
    });
    const text = (startMillis: number) =>
      new PrometheusText().write(
        {
          resource: resourceFromAttributes({}),
          scopeMetrics: [
            {
              scope: { name: 'x' },
              metrics: [
                {
                  descriptor: { name: 'drops', description: 'x', unit: '', valueType: 0 },
                  aggregationTemporality: 1,
                  dataPointType: 3,
                  isMonotonic: true,
                  dataPoints: [point(startMillis)],
                },
              ],
            },
          ],
        },
        'openmetrics',
      );
    expect(text(1_700_000_000_000)).toContain('drops_created 1700000000.000\n');
    expect(text(1_700_000_001_000)).not.toContain('_created');
  });
});

const step = fc.record({
  seconds: fc.integer({ min: 1, max: 100 }),
  setMillis: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    fc.integer({ min: -2 * HOUR, max: 2 * HOUR }),
    fc.constantFrom(10 * 8_766 * HOUR, -10 * 8_766 * HOUR),
  ),
  series: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
  withSince: fc.boolean(),
  pods: fc.option(fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }), { nil: undefined }),
  ends: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
  resumes: fc.boolean(),
  startsAgain: fc.boolean(),
});

test.each(['opentelemetry', 'retina'] as const)(
  'whatever the clock is set to, nothing begins after its time: %s',
  async (names) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const { accumulator, points } = make(names);
        const of = (series: number) => row({ reason: `R${series}`, direction: 'ingress' }, 1, 100);
        const pod = (name: number) => row({ reason: 'R', direction: 'ingress', 'k8s.pod.name': `pod-${name}` }, 1, 100);
        let seconds = 0;
        let off = 0;
        let startTimeMillis = START;
        for (const each of steps) {
          seconds += each.seconds;
          off += each.setMillis;
          const timeMillis = START + seconds * 1000 + off;
          if (each.resumes) accumulator.resume();
          if (each.startsAgain) startTimeMillis = timeMillis - 500;
          const rows = each.series.map((id) => ({
            ...of(id),
            ...(each.withSince ? { sinceMillis: startTimeMillis + 100 } : {}),
          }));
          const pods = each.pods === undefined ? {} : { pods: { rows: each.pods.map(pod), ended: [] } };
          const ended = each.ends === undefined ? {} : { ended: [of(each.ends).attributes] };
          const losses = [{ slot: 'nested', count: 1 }];
          accumulator.add(batch(rows, { startTimeMillis, timeMillis, steadyMillis: seconds * 1000, losses, ...pods, ...ended }));
          for (const { id, start, time } of await points()) {
            expect(start, id).toBeLessThanOrEqual(time);
            expect(time, id).toBe(timeMillis);
          }
        }
      }),
    );
  },
);
