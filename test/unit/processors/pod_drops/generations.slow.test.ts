import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { describe, expect, test } from 'vitest';
import { DropAccumulator } from '../../../../src/metrics/drop_accumulator.ts';
import { DropPublisher } from '../../../../src/publish/drop_publisher.ts';
import { NAMINGS } from '../../../../src/publish/naming.ts';
import { PrometheusText } from '../../../../src/publish/prometheus/text.ts';
import { flow, flowBatch } from '../../../support/flows.ts';
import { START_MILLIS } from '../../../support/rows.ts';
import { newPod, podDrops, WORLD } from './pods.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

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
