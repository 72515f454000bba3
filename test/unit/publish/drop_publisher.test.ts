import { setImmediate } from 'node:timers/promises';
import { ValueType } from '@opentelemetry/api';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { DropAccumulator } from '../../../src/metrics/drop_accumulator.ts';
import { DropPublisher } from '../../../src/publish/drop_publisher.ts';
import { type MetricNames, NAMINGS } from '../../../src/publish/naming.ts';
import { batch, row, ruleDrop, START } from '../metrics/fixtures.ts';

function make(names: MetricNames = 'opentelemetry', accumulator = new DropAccumulator()) {
  const publisher = new DropPublisher({ accumulator, naming: NAMINGS[names], resource: resourceFromAttributes({ a: 'b' }) });
  return { accumulator, publisher };
}

function metric({ scopeMetrics }: ResourceMetrics, name: string) {
  expect(scopeMetrics).toHaveLength(1);
  return scopeMetrics[0]?.metrics.find(({ descriptor }) => descriptor.name === name);
}

const points = (metrics: ResourceMetrics, name: string) =>
  (metric(metrics, name)?.dataPoints ?? []).map(({ attributes, value, startTime, endTime }) => ({
    attributes,
    value,
    start: hrTimeToMilliseconds(startTime),
    end: hrTimeToMilliseconds(endTime),
  }));

describe('DropPublisher', () => {
  it('publishes cumulative, monotonic, integer sums that begin when the receiver began to count', async () => {
    const { accumulator, publisher } = make();
    accumulator.add(batch([ruleDrop(3, 300)]));
    const first = await publisher.collect();
    expect(metric(first, 'dropreason.drop.count')).toMatchObject({
      descriptor: { unit: '{drop}', valueType: ValueType.INT },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.SUM,
      isMonotonic: true,
    });
    accumulator.add(batch([ruleDrop(4, 400)]));
    const second = await publisher.collect();
    expect(points(second, 'dropreason.drop.count')).toMatchObject([
      { value: 7, start: START, attributes: { reason: 'IPTABLE_RULE_DROP', direction: 'ingress', class: 'policy' } },
    ]);
    expect(points(second, 'dropreason.drop.bytes')).toMatchObject([{ value: 700, start: START }]);
    expect(points(second, 'dropreason.drop.count')[0]?.end).toBeGreaterThan(START);
  });

  it('carries on after a reload: a new publisher over the same accumulator has the same value and start', async () => {
    const { accumulator, publisher } = make();
    accumulator.add(batch([ruleDrop(3, 300)]));
    await publisher.collect();
    accumulator.resume();
    const { publisher: next } = make('opentelemetry', accumulator);
    accumulator.add(batch([ruleDrop(1, 100)]));
    expect(points(await next.collect(), 'dropreason.drop.count')).toMatchObject([{ value: 4, start: START }]);
  });

  it.each(['opentelemetry', 'retina'] as const)('begins anew where the receiver does, by the names %s', async (names) => {
    const { accumulator, publisher } = make(names);
    const { count } = NAMINGS[names];
    const gone = row({ reason: 'NO_SOCKET', class: 'error' }, 5, 500);
    accumulator.add(batch([ruleDrop(70, 700), gone], { losses: [{ slot: 'nested', count: 3 }] }));
    await publisher.collect();
    const since = START + 60_000;
    const losses = [{ slot: 'nested', count: 0 }];
    accumulator.add(batch([ruleDrop(0, 0)], { losses, anew: true, startTimeMillis: since, timeMillis: since }));
    accumulator.add(batch([ruleDrop(20, 200)], { losses, startTimeMillis: since, timeMillis: since + 1_000 }));
    const metrics = await publisher.collect();
    expect(points(metrics, count.name)).toMatchObject([{ value: 20, start: since }]);
    expect(points(metrics, 'dropreason.receiver.lost')).toMatchObject([{ value: 0, start: since }]);
  });

  it('has no bytes for failed calls', async () => {
    const { accumulator, publisher } = make();
    accumulator.add(batch([row({ reason: 'TCP_CONNECT_BASIC', 'error.type': 'ECONNREFUSED', class: 'call' }, 2)]));
    const metrics = await publisher.collect();
    expect(points(metrics, 'dropreason.drop.count')).toMatchObject([{ value: 2 }]);
    expect(metric(metrics, 'dropreason.drop.bytes')).toBeUndefined();
  });

  it('has no limit of series and no overflow', async () => {
    const { accumulator, publisher } = make();
    for (const again of [1, 2]) {
      accumulator.add(batch(Array.from({ length: 5000 }, (_, inode) => row({ 'network.namespace.inode': inode }, again, again))));
    }
    const all = points(await publisher.collect(), 'dropreason.drop.count');
    expect(all).toHaveLength(5000);
    expect(all.every(({ value, start }) => value === 3 && start === START)).toBe(true);
  });

  it('sums the rows that Retina’s labels make equal, and knows no forward', async () => {
    const { accumulator, publisher } = make('retina');
    accumulator.add(
      batch([
        row({ reason: 'R', direction: 'forward', class: 'policy', cpu: 0 }, 1, 10),
        row({ reason: 'R', direction: 'forward', class: 'policy', cpu: 1 }, 2, 20),
        row({ reason: 'R', direction: 'unknown', class: 'policy', cpu: 1 }, 4, 40),
        row({ reason: 'R', direction: 'ingress', class: 'policy', cpu: 1 }, 8, 80),
        row({ reason: 'TCP_CONNECT_BASIC', direction: 'egress', class: 'call', 'error.type': 'ENETUNREACH' }, 16),
        row({ reason: 'TCP_CONNECT_BASIC', direction: 'egress', class: 'call', 'error.type': 'ETIMEDOUT' }, 32),
      ]),
    );
    const metrics = await publisher.collect();
    expect(points(metrics, 'networkobservability_drop_count')).toMatchObject([
      { attributes: { reason: 'R', direction: 'unknown' }, value: 7 },
      { attributes: { reason: 'R', direction: 'ingress' }, value: 8 },
      { attributes: { reason: 'TCP_CONNECT_BASIC', direction: 'egress' }, value: 48 },
    ]);
    expect(points(metrics, 'networkobservability_drop_bytes').map(({ value }) => value)).toEqual([70, 80]);
    expect(Object.keys(points(metrics, 'networkobservability_drop_count')[0]?.attributes ?? {})).toEqual(['direction', 'reason']);
    expect(metric(metrics, 'networkobservability_drop_count')).toMatchObject({
      dataPointType: DataPointType.SUM,
      isMonotonic: true,
    });
  });

  it('publishes losses, and hooks as they stand now only', async () => {
    const { accumulator, publisher } = make();
    const nat = { hook: 'nat', attached: true, rung: 'fexit', why: '', detail: '' };
    accumulator.add(batch([], { losses: [{ slot: 'nested', count: 2 }], hooks: [nat] }));
    await publisher.collect();
    accumulator.add(
      batch([], { losses: [{ slot: 'nested', count: 1 }], hooks: [{ ...nat, attached: false, rung: 'none', why: 'gone' }] }),
    );
    const metrics = await publisher.collect();
    expect(points(metrics, 'dropreason.receiver.lost')).toMatchObject([
      { attributes: { slot: 'nested' }, value: 3, start: START },
    ]);
    expect(points(metrics, 'dropreason.receiver.hook.attached')).toMatchObject([
      { attributes: { hook: 'nat', rung: 'none', why: 'gone' }, value: 0 },
    ]);
    expect(points(metrics, 'dropreason.receiver.hook.attached')).toHaveLength(1);
  });

  it('has the values and the time of the call, also where a read comes while many series are published', async () => {
    const { accumulator, publisher } = make();
    const rows = Array.from({ length: 5000 }, (_, pod) => row({ reason: 'A', pod }, 1, 10));
    const read = (timeMillis: number) =>
      batch([ruleDrop(1, 100)], { timeMillis, steadyMillis: timeMillis, pods: { rows, ended: [] } });
    accumulator.add(read(START + 10));
    const collected = publisher.collect();
    await setImmediate();
    accumulator.add(read(START + 20));
    const metrics = await collected;

    const told = ['dropreason.drop.count', 'dropreason.pod.drop.count'].flatMap((name) => points(metrics, name));
    expect(told).toHaveLength(5001);
    expect(told.filter(({ value, end }) => value !== 1 || end !== START + 10)).toEqual([]);
  });

  it('counts exactly near the largest safe integer', async () => {
    const { accumulator, publisher } = make();
    accumulator.add(batch([ruleDrop(1, Number.MAX_SAFE_INTEGER - 5)]));
    await publisher.collect();
    accumulator.add(batch([ruleDrop(1, 5)]));
    expect(points(await publisher.collect(), 'dropreason.drop.bytes')).toMatchObject([{ value: Number.MAX_SAFE_INTEGER }]);
  });
});
