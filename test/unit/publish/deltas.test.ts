import { setImmediate as turn } from 'node:timers/promises';
import type { SumMetricData } from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { DropAccumulator } from '../../../src/metrics/drop_accumulator.ts';
import type { DropBatch } from '../../../src/pdata/batch.ts';
import type { DropRow } from '../../../src/pdata/drop_row.ts';
import { Deltas } from '../../../src/publish/deltas.ts';
import { DropPublisher } from '../../../src/publish/drop_publisher.ts';
import { NAMINGS } from '../../../src/publish/naming.ts';
import { batch, makeService, row, ruleDrop, START } from '../metrics/fixtures.ts';

/** Deltas of an accumulator's counters. */
function lab() {
  const accumulator = new DropAccumulator();
  const { resource } = makeService().settings('a');
  const publisher = new DropPublisher({ accumulator, naming: NAMINGS.opentelemetry, resource });
  const deltas = new Deltas();
  /** A read at that second, which is taken at once. */
  const read = async (second: number, rows: readonly DropRow[], more: Partial<DropBatch> = {}) => {
    accumulator.add(batch(rows, { timeMillis: START + 1000 * second, ...more }));
    return deltas.take(await publisher.collect());
  };
  /** What is cut: value, and start and end in nanoseconds since START. */
  const cut = () => {
    const metrics = deltas.cut()?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
    const counts = metrics.find(({ descriptor }) => descriptor.name === 'dropreason.drop.count') as SumMetricData | undefined;
    const nanos = ([seconds, rest]: readonly [number, number]) => (seconds - START / 1000) * 1e9 + rest;
    return counts?.dataPoints.map(({ value, startTime, endTime }) => [value, nanos(startTime), nanos(endTime)]) ?? [];
  };
  return { read, cut, deltas };
}

describe('Deltas', () => {
  it('begin where the last read was that found nothing, and grow while they wait', async () => {
    const { read, cut } = lab();
    await read(1, [ruleDrop(3, 30)]);
    expect(cut()).toEqual([[3, 0, 1e9]]);
    await read(2, []);
    expect(cut()).toEqual([]);
    await read(3, [ruleDrop(1, 10)]);
    await read(4, []);
    await read(5, [ruleDrop(4, 10)]);
    expect(cut()).toEqual([[5, 2e9, 5e9]]);
  });

  it('never end at the same time, though two reads are within a millisecond', async () => {
    const { read, cut } = lab();
    await read(1, [ruleDrop(3, 30)]);
    expect(cut()).toEqual([[3, 0, 1e9]]);
    for (const nanos of [1, 2]) {
      await read(1, [ruleDrop(1, 10)]);
      expect(cut()).toEqual([[1, 1e9 + nanos - 1, 1e9 + nanos]]);
    }
    await read(2, [ruleDrop(1, 10)]);
    expect(cut()).toEqual([[1, 1e9 + 2, 2e9]]);
  });

  it('begin before they end, though the clock was set back', async () => {
    const { read, cut } = lab();
    await read(100, [ruleDrop(3, 30)]);
    await read(50, [ruleDrop(1, 10)]);
    expect(cut()).toEqual([[4, 0, 50e9]]);
    await read(20, [ruleDrop(1, 10)]);
    expect(cut()).toEqual([[1, 20e9 - 1e6, 20e9]]);
    await read(30, [ruleDrop(1, 10)]);
    expect(cut()).toEqual([[1, 20e9, 30e9]]);
  });

  it('of a series that ended and came back begin where it ended', async () => {
    const { read, cut } = lab();
    const { attributes } = ruleDrop(0, 0);
    await read(1, [ruleDrop(3, 30)]);
    await read(2, [ruleDrop(2, 20)], { ended: [attributes] });
    await read(3, []);
    expect(cut()).toEqual([[5, 0, 2e9]]);
    await read(4, [ruleDrop(7, 70)]);
    expect(cut()).toEqual([[7, 2e9, 4e9]]);
  });

  it('are each in one message, though one is cut while they are taken', async () => {
    const { read, cut } = lab();
    const rows = Array.from({ length: 10_000 }, (_, cpu) => row({ reason: 'A', cpu }, 1, 1));
    const reading = read(1, rows);
    let drops = 0;
    let cuts = 0;
    for (let isOver = false; !isOver; ) {
      isOver = await Promise.race([reading.then(() => true), turn(false)]);
      const values = cut();
      if (values.length > 0) cuts++;
      for (const [value = 0] of values) drops += value;
    }
    expect(drops).toBe(10_000);
    expect(cuts).toBeGreaterThan(1);
  });

  it('of series that have ended wait up to a bound; those of living ones without', async () => {
    const { read, deltas } = lab();
    const rows = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => row({ reason: `${from + index}` }, 1, 1));
    const living = rows(0, 3000);
    let givenUp = await read(1, living);
    for (let second = 2; second < 6; second++) {
      const ending = rows(10_000 * second, 3000);
      givenUp += await read(second, [...ending, ...living], { ended: ending.map(({ attributes }) => attributes) });
    }
    // A count and a size for each. Those that end with the last read are looked at once more.
    expect(givenUp).toBe(0);
    givenUp += await read(6, []);
    expect(deltas.points).toBe(2 * 3000 + 20_000);
    expect(givenUp).toBe(2 * 4 * 3000 - 20_000);
    const first = deltas.cut()?.scopeMetrics[0]?.metrics[0] as SumMetricData;
    const values = first.dataPoints.filter(({ attributes }) => Number(attributes.reason) < 3000).map(({ value }) => value);
    expect(values).toEqual(Array.from({ length: 3000 }, () => 5));
  });
});
