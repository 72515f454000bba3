import { hrTimeToMilliseconds } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { DropAccumulator } from '../../../src/metrics/drop_accumulator.ts';
import { AttributeSet, type AttributeValue } from '../../../src/pdata/attributes.ts';
import type { PodRead } from '../../../src/pdata/batch.ts';
import { DropPublisher } from '../../../src/publish/drop_publisher.ts';
import { type MetricNames, NAMINGS } from '../../../src/publish/naming.ts';
import { batch, row, START } from '../metrics/fixtures.ts';

const SECOND = 1000;
const WEB = { reason: 'A', direction: 'ingress', class: 'policy', 'k8s.pod.name': 'web' };

function make(names: MetricNames = 'opentelemetry', accumulator = new DropAccumulator()) {
  const naming = NAMINGS[names];
  const publisher = new DropPublisher({ accumulator, naming, resource: resourceFromAttributes({}) });
  const read = (seconds: number, pods?: Partial<PodRead>) => {
    const brought = pods === undefined ? {} : { pods: { rows: [], ended: [], ...pods } };
    accumulator.add(batch([], { timeMillis: START + seconds * SECOND, ...brought }));
  };
  const points = async (what: 'count' | 'bytes' = 'count') => {
    const { scopeMetrics } = await publisher.collect();
    const metric = scopeMetrics.flatMap(({ metrics }) => metrics).find((each) => each.descriptor.name === naming.pods[what].name);
    return (metric?.dataPoints ?? []).map(({ attributes, value, startTime }) => ({
      attributes,
      value,
      start: (hrTimeToMilliseconds(startTime) - START) / SECOND,
    }));
  };
  return { accumulator, publisher, read, points };
}

const set = (attributes: Record<string, AttributeValue>) => new AttributeSet(attributes);

describe('the series of pods', () => {
  it('are cumulative, monotonic sums that begin at the read before the first that brought them', async () => {
    const { publisher, read, points } = make();
    read(1, {});
    read(11, { rows: [row(WEB, 2, 200)] });
    read(21, { rows: [row(WEB, 3, 300)] });
    expect(await points()).toEqual([{ attributes: set(WEB).values, value: 5, start: 1 }]);
    expect(await points('bytes')).toMatchObject([{ value: 500, start: 1 }]);
    const { scopeMetrics } = await publisher.collect();
    expect(scopeMetrics[0]?.metrics.at(0)).toMatchObject({
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.SUM,
      isMonotonic: true,
      descriptor: { unit: '{drop}' },
    });
  });

  it('begin when the receiver did where the first batch brings them', async () => {
    const { read, points } = make();
    read(1, { rows: [row(WEB, 2, 200)] });
    expect(await points()).toMatchObject([{ start: 0 }]);
  });

  it('begin before the oldest drop that was kept back, but not before one of the same attributes ended', async () => {
    const { read, points } = make();
    read(1, {});
    read(11, {});
    read(21, { rows: [row(WEB, 2, 200)], sinceMillis: START + SECOND });
    expect(await points()).toMatchObject([{ start: 1 }]);
    read(31, { ended: [set(WEB)] });
    read(41, { rows: [row(WEB, 1, 100)], sinceMillis: START + SECOND });
    expect(await points()).toMatchObject([{ start: 31, value: 1 }]);
  });

  it('begin alike where two pipelines bring one read', async () => {
    const { read, points } = make();
    read(1, {});
    read(11, { rows: [row(WEB, 1, 1)] });
    read(11, { rows: [row({ ...WEB, 'k8s.pod.name': 'db' }, 1, 1)] });
    expect((await points()).map(({ start }) => start)).toEqual([1, 1]);
  });

  it('are gone once they have ended, also for the exporter that takes over at a reload', async () => {
    const { accumulator, read, points } = make();
    read(1, { rows: [row(WEB, 2, 200)] });
    expect(await points()).toMatchObject([{ value: 2 }]);
    read(2, { ended: [set(WEB)] });
    expect(await points()).toEqual([]);
    const after = make('opentelemetry', accumulator);
    expect(await after.points()).toEqual([]);
    after.read(3, { rows: [row(WEB, 1, 100)] });
    expect(await after.points()).toMatchObject([{ value: 1, start: 2 }]);
  });

  it('are gone once they have ended, after what they counted last was published', async () => {
    const { accumulator, read, points } = make();
    read(1, { rows: [row(WEB, 2, 200)] });
    expect(await points()).toHaveLength(1);
    read(2, { rows: [row(WEB, 2, 200)], ended: [set(WEB)] });
    expect(await points()).toMatchObject([{ value: 4 }]);
    expect(await points()).toEqual([]);
    expect(accumulator.pods.series.size).toBe(0);
  });

  it('are gone where a reload has taken away what brought them, and stay where it has not', async () => {
    const { accumulator, read, points } = make();
    read(1, { rows: [row(WEB, 2, 200)] });
    accumulator.resume();
    for (const seconds of [2, 3, 4]) read(seconds, {});
    expect(await points()).toMatchObject([{ value: 2 }]);
    accumulator.resume();
    for (const seconds of [5, 6, 7]) read(seconds);
    expect(await points()).toEqual([]);
  });

  it('have no bytes where they are of calls', async () => {
    const { read, points } = make();
    read(1, { rows: [row({ ...WEB, class: 'call' }, 2)] });
    expect(await points()).toHaveLength(1);
    expect(await points('bytes')).toEqual([]);
  });

  it('do not show that a bare pod is its own workload, but to Retina’s names', async () => {
    const bare = { ...WEB, 'k8s.workload.kind': 'Pod' };
    const { accumulator, read, points } = make();
    read(1, { rows: [row(bare, 1, 1)] });
    expect(await points()).toMatchObject([{ attributes: WEB }]);
    expect((await points())[0]?.attributes).not.toHaveProperty('k8s.workload.kind');
    const retina = await make('retina', accumulator).points();
    expect(retina[0]?.attributes).toEqual({
      reason: 'A',
      direction: 'ingress',
      podname: 'web',
      workload_kind: 'Pod',
      workload_name: 'web',
    });
  });

  it('have Retina’s labels on both sides in the remote context', async () => {
    const { read, points } = make('retina');
    const attributes = {
      reason: 'A',
      direction: 'egress',
      class: 'policy',
      'source.k8s.namespace.name': 'shop',
      'source.k8s.deployment.name': 'web',
      'source.k8s.pod.ip': '10.0.0.1',
      'destination.k8s.namespace.name': 'world',
      'destination.k8s.service.name': 'front',
      'destination.cloud.availability_zone': 'a',
      'destination.port': 443,
      'network.transport': 'tcp',
    };
    read(1, { rows: [row(attributes, 1, 1)] });
    expect((await points())[0]?.attributes).toEqual({
      reason: 'A',
      direction: 'egress',
      source_namespace: 'shop',
      source_workload_kind: 'Deployment',
      source_workload_name: 'web',
      source_ip: '10.0.0.1',
      destination_namespace: 'world',
      destination_service: 'front',
      destination_zone: 'a',
      destination_port: 443,
      protocol: 'tcp',
    });
  });

  it('never fall where names make several equal and one of them ends', async () => {
    const { read, points } = make('retina');
    const forward = { ...WEB, direction: 'forward' };
    const unknown = { ...WEB, direction: 'unknown' };
    read(1, { rows: [row(forward, 5, 50), row(unknown, 2, 20)] });
    expect(await points()).toMatchObject([{ value: 7 }]);
    read(2, { ended: [set(forward)] });
    expect(await points()).toMatchObject([{ value: 7 }]);
    read(3, { rows: [row(unknown, 1, 10)] });
    expect(await points()).toMatchObject([{ value: 8 }]);
    expect(await points('bytes')).toMatchObject([{ value: 80 }]);
    read(4, { ended: [set(unknown)] });
    expect(await points()).toEqual([]);
  });
});
