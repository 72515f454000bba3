import { resourceFromAttributes } from '@opentelemetry/resources';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DropAccumulator } from '../../../src/metrics/drop_accumulator.ts';
import { DropPublisher } from '../../../src/publish/drop_publisher.ts';
import { NAMINGS } from '../../../src/publish/naming.ts';
import { countPoints, splitPoints } from '../../../src/publish/points.ts';
import { batch, row } from '../metrics/fixtures.ts';

async function collected(series: number) {
  const accumulator = new DropAccumulator();
  accumulator.add(batch(Array.from({ length: series }, (_, cpu) => row({ cpu }, cpu, cpu))));
  const resource = resourceFromAttributes({});
  return new DropPublisher({ accumulator, naming: NAMINGS.opentelemetry, resource }).collect();
}

describe('splitPoints', () => {
  it('loses no point, doubles none, and makes no part larger than asked', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 50 }), async (series, most) => {
        const whole = await collected(series);
        const parts = splitPoints(whole, most);
        expect(parts.every((part) => countPoints(part) <= most && countPoints(part) > 0)).toBe(true);
        expect(parts).toHaveLength(Math.ceil(countPoints(whole) / most));
        const flat = (of: typeof parts) =>
          of.flatMap(({ scopeMetrics }) =>
            scopeMetrics.flatMap(({ metrics }) =>
              metrics.flatMap(({ descriptor, dataPoints }) => dataPoints.map((point) => [descriptor.name, point])),
            ),
          );
        expect(flat(parts)).toEqual(flat([whole]));
      }),
      { numRuns: 40 },
    );
  });
});
