import { AggregationTemporality, DataPointType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AttributeSet } from '../../../../src/pdata/attributes.ts';
import type { FlowRow } from '../../../../src/pdata/flow.ts';
import { flow, flowBatch, rowsOf } from '../../../support/flows.ts';
import { podObject } from '../../../support/kube_objects.ts';
import { row } from '../../../support/rows.ts';
import { makeSettings, quietHost } from '../../../support/settings.ts';
import { Stage } from './stage.ts';

/** Reads the processor's own metrics. */
class Reader extends MetricReader {
  constructor() {
    super({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE });
  }

  /** By name, with the term behind it where there is one. */
  async values(): Promise<Record<string, number>> {
    const { resourceMetrics } = await this.collect();
    const values: Record<string, number> = {};
    for (const { descriptor, dataPoints, dataPointType } of resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)) {
      if (dataPointType !== DataPointType.SUM) continue;
      for (const { attributes, value } of dataPoints) {
        const name = descriptor.name.replace('dropreason.processor.', '');
        values[attributes.term === undefined ? name : `${name} ${attributes.term}`] = value;
      }
    }
    return values;
  }

  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

const ADDRESSES = ['10.0.0.1', '10.0.0.2', 'fd00::1', '1.1.1.1', '1.1.1.2', '127.0.0.1', ''];
const address = fc.constantFrom(...ADDRESSES);
const aFlow = fc
  .record({ from: address, to: address, drops: fc.nat(50), bytes: fc.option(fc.nat(5_000), { nil: undefined }), port: fc.nat(2) })
  .map(({ from, to, ...given }) => flow(from, to, given));

const step = fc.oneof(
  fc.record({ kind: fc.constant('read' as const), flows: fc.array(aFlow, { maxLength: 12 }), overflow: fc.nat(3) }),
  fc.record({ kind: fc.constant('put' as const), pod: fc.nat(2), ip: address, phase: fc.constantFrom('Running', 'Failed') }),
  fc.record({ kind: fc.constant('remove' as const), pod: fc.nat(2) }),
  fc.record({ kind: fc.constant('clock' as const), millis: fc.constantFrom(0, 1, 999, 1_000, 5_000, 6_000, 130_000) }),
  fc.record({ kind: fc.constant('sync' as const) }),
);

const sums = (rows: Iterable<{ drops: number; bytes: number | undefined }>) => {
  const all = { drops: 0, bytes: 0 };
  for (const { drops, bytes } of rows) {
    all.drops += drops;
    all.bytes += bytes ?? 0;
  }
  return all;
};

test('published + pending + overflow = node after every read, in drops and bytes, in our sums and in the own metrics', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const reader = new Reader();
      const meter = new MeterProvider({ readers: [reader] }).getMeter('test');
      const settings = Object.assign(makeSettings('k8s_attributes'), { meter });
      const stage = new Stage({}, { settings, mostWaiting: 6 });
      await stage.processor.start(quietHost);
      const node = { drops: 0, bytes: 0 };
      const check = async (isOver: boolean) => {
        const handed = stage.sink.batches.flatMap(({ flows }) => flows ?? []);
        const published = sums(handed.flatMap(rowsOf));
        const overflow = sums(handed.flatMap((read) => read.overflow));
        const own = await reader.values();
        const pending = { drops: own.pending ?? 0, bytes: own['pending.bytes'] ?? 0 };
        expect(published.drops + pending.drops + overflow.drops).toBe(node.drops);
        expect(published.bytes + pending.bytes + overflow.bytes).toBe(node.bytes);
        for (const unit of ['drops', 'bytes'] as const) {
          expect(own[`flow.${unit} published`] ?? 0).toBe(published[unit]);
          expect(own[`flow.${unit} overflow`] ?? 0).toBe(overflow[unit]);
          expect(own[`flow.${unit} node`] ?? 0).toBe(node[unit]);
        }
        if (isOver) expect(pending).toEqual({ drops: 0, bytes: 0 });
      };
      for (const each of steps) {
        if (each.kind === 'put') {
          stage.put('pods', podObject(`p${each.pod}`, { ips: each.ip === '' ? [] : [each.ip], phase: each.phase }));
        } else if (each.kind === 'remove') stage.remove('pods', `uid-p${each.pod}`);
        else if (each.kind === 'clock') stage.nowMillis += each.millis;
        else if (each.kind === 'sync') stage.sync();
        else {
          const overflow = each.overflow === 0 ? [] : [row({ reason: 'NO_SOCKET', direction: 'ingress' }, each.overflow, 60)];
          const given = flowBatch(each.flows, { overflow });
          node.drops += given.flows?.node.drops ?? 0;
          node.bytes += given.flows?.node.bytes ?? 0;
          stage.consume(given);
          await check(false);
        }
      }
      await stage.processor.shutdown(100);
      await check(true);
    }),
    { numRuns: 200 },
  );
});

test('sets and rows are what they were: no batch is changed in place', async () => {
  const stage = await Stage.synced();
  const before = flowBatch([flow('10.0.0.1', '1.1.1.1', { drops: 2 }), flow('10.0.0.1', '1.1.1.1', { drops: 3 })]);
  const copy = structuredClone(rowsOf(before.flows).map(({ drops, bytes }) => [drops, bytes]));
  const attributes: (AttributeSet | undefined)[] = rowsOf(before.flows).map((each: FlowRow) => each.source.attributes) ?? [];
  stage.consume(before);
  stage.nowMillis += 10_000;
  stage.consume(before);
  expect(rowsOf(before.flows).map(({ drops, bytes }) => [drops, bytes])).toEqual(copy);
  expect(rowsOf(before.flows).map((each) => each.source.attributes)).toEqual(attributes);
});
