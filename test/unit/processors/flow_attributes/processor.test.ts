import { createNoopMeter } from '@opentelemetry/api';
import fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { DropAccumulator } from '../../../../src/metrics/drop_accumulator.ts';
import { AttributeSet } from '../../../../src/pdata/attributes.ts';
import type { DropBatch } from '../../../../src/pdata/batch.ts';
import type { DropRow } from '../../../../src/pdata/drop_row.ts';
import type { FlowRow } from '../../../../src/pdata/flow.ts';
import { configSchema } from '../../../../src/processors/flow_attributes/config.ts';
import { FlowAttributes } from '../../../../src/processors/flow_attributes/processor.ts';
import { NAMINGS } from '../../../../src/publish/naming.ts';
import { PublishedView } from '../../../../src/publish/published_view.ts';
import { flow, flowBatch } from '../../../support/flows.ts';
import { batch, row, Sink, START_MILLIS } from '../../../support/rows.ts';

const CALL = new AttributeSet({ reason: 'TCP_CONNECT_BASIC', direction: 'egress', class: 'call', 'error.type': 'ECONNREFUSED' });
const NO_SOCKET = new AttributeSet({ reason: 'NO_SOCKET', direction: 'ingress', class: 'error' });

function make(config: object = {}) {
  const sink = new Sink();
  const said: string[] = [];
  const kept = new Map<string, unknown>();
  const settings = {
    id: 'flow_attributes',
    logger: pino({ level: 'warn' }, { write: (line: string) => void said.push(line) }),
    meter: createNoopMeter(),
    keep: <T>(name: string, made: () => T): T => {
      if (!kept.has(name)) kept.set(name, made());
      return kept.get(name) as T;
    },
  };
  const again = (changed: object = {}) => new FlowAttributes(settings, configSchema.parse({ ...config, ...changed }), sink);
  return { sink, said, processor: again(), again };
}

/** Rows as text, such as `IPTABLE_RULE_DROP 10.0.0.1 > 10.0.0.2: 1`. */
function told(rows: readonly DropRow[]): string[] {
  return rows.map(({ attributes: { values }, drops }) => {
    const [source, destination] = [values['source.address'] ?? '-', values['destination.address'] ?? '-'];
    return `${values.reason} ${values['otel.metric.overflow'] === undefined ? `${source} > ${destination}` : 'overflow'}: ${drops}`;
  });
}

function sumsByReason(rows: readonly DropRow[]): Record<string, { drops: number; bytes: number }> {
  const sums: Record<string, { drops: number; bytes: number }> = {};
  for (const { attributes, drops, bytes = 0 } of rows) {
    const key = `${attributes.get('reason')} ${attributes.get('direction')}`;
    const sum = sums[key] ?? { drops: 0, bytes: 0 };
    sums[key] = { drops: sum.drops + drops, bytes: sum.bytes + bytes };
  }
  return sums;
}

describe('flow_attributes', () => {
  test('tells drops apart by the addresses of their flows', () => {
    const { sink, processor } = make();
    const flows = [
      flow('10.0.0.1', '10.0.0.2', { drops: 3 }),
      flow('10.0.0.1', '10.0.0.2', { netns: 7 }),
      flow('fd00::1', 'fd00::2'),
    ];
    processor.consume(flowBatch(flows));
    expect(told(sink.rows)).toEqual(['IPTABLE_RULE_DROP 10.0.0.1 > 10.0.0.2: 4', 'IPTABLE_RULE_DROP fd00::1 > fd00::2: 1']);
    expect(sink.rows[0]?.bytes).toBe(200);
  });

  test('makes networks of addresses', () => {
    const { sink, processor } = make({ prefix_ipv4: 24, prefix_ipv6: 64 });
    processor.consume(
      flowBatch([flow('10.1.2.3', '10.1.3.4'), flow('10.1.2.200', '10.1.3.9'), flow('2001:db8:0:1:2::3', '2001:db8::1')]),
    );
    expect(told(sink.rows)).toEqual([
      'IPTABLE_RULE_DROP 10.1.2.0/24 > 10.1.3.0/24: 2',
      'IPTABLE_RULE_DROP 2001:db8:0:1::/64 > 2001:db8::/64: 1',
    ]);
  });

  test('has those attributes that are chosen, where the flow has them', () => {
    const { sink, processor } = make({ attributes: ['destination.port', 'network.transport', 'network.interface.name'] });
    processor.consume(
      flowBatch([flow('10.0.0.1', '10.0.0.2', { port: 53 }), flow('', '', { transport: '', interface: 'unknown' })]),
    );
    expect(sink.rows.map(({ attributes }) => attributes.values)).toEqual([
      {
        class: 'policy',
        'destination.port': 53,
        direction: 'ingress',
        'network.interface.name': 'eth0',
        'network.transport': 'udp',
        reason: 'IPTABLE_RULE_DROP',
      },
      { class: 'policy', direction: 'ingress', 'network.interface.name': 'unknown', reason: 'IPTABLE_RULE_DROP' },
    ]);
  });

  test('a failed call keeps its errno and has no bytes', () => {
    const { sink, processor } = make();
    processor.consume(flowBatch([flow('10.0.0.1', '10.0.0.2', { attributes: CALL, drops: 2, bytes: undefined })]));
    expect(sink.rows).toMatchObject([{ drops: 2, bytes: undefined }]);
    expect(sink.rows[0]?.attributes.get('error.type')).toBe('ECONNREFUSED');
  });

  test('what is over the bound, and what the kernel had no room for, is summed by reason and direction', () => {
    const { sink, processor } = make({ max_series: 1 });
    const overflow = [row({ reason: 'NO_SOCKET', direction: 'ingress', class: 'error' }, 5, 50)];
    processor.consume(flowBatch([flow('10.0.0.1', '10.0.0.2'), flow('10.0.0.3', '10.0.0.2')], { overflow }));
    expect(told(sink.rows)).toEqual([
      'IPTABLE_RULE_DROP 10.0.0.1 > 10.0.0.2: 1',
      'IPTABLE_RULE_DROP overflow: 1',
      'NO_SOCKET overflow: 5',
    ]);
    expect(sink.rows[1]?.attributes.values).toEqual({
      direction: 'ingress',
      'otel.metric.overflow': 'true',
      reason: 'IPTABLE_RULE_DROP',
    });
    processor.consume(flowBatch([flow('10.0.0.3', '10.0.0.2'), flow('10.0.0.1', '10.0.0.2')]));
    expect(told(sink.rows)).toEqual(['IPTABLE_RULE_DROP 10.0.0.1 > 10.0.0.2: 1', 'IPTABLE_RULE_DROP overflow: 1']);
  });

  describe('series end', () => {
    const at = (seconds: number, flows: readonly FlowRow[]) => flowBatch(flows, { timeMillis: START_MILLIS + seconds * 1000 });
    const scanners = (count: number) => Array.from({ length: count }, (_, i) => flow(`10.9.${i}.1`, '10.0.0.2'));
    const ended = (sink: Sink) => (sink.batches.at(-1)?.ended ?? []).map(({ values }) => values['source.address']);

    test('when no drops have been added to them for metric_expiration', () => {
      const { sink, processor } = make({ metric_expiration: '1m' });
      processor.consume(at(0, [flow('10.0.0.1', '10.0.0.2'), flow('10.0.0.3', '10.0.0.2')]));
      processor.consume(at(40, [flow('10.0.0.3', '10.0.0.2')]));
      expect(ended(sink)).toEqual([]);
      processor.consume(at(60, []));
      expect(ended(sink)).toEqual(['10.0.0.1']);
      processor.consume(at(100, [flow('10.0.0.1', '10.0.0.2')]));
      expect(ended(sink)).toEqual(['10.0.0.3']);
    });

    test('as soon whatever the clock is set to', () => {
      const { sink, processor } = make({ metric_expiration: '1m' });
      const readAt = (seconds: number, clock: number, flows: readonly FlowRow[] = []) =>
        processor.consume({ ...at(seconds, flows), timeMillis: START_MILLIS + clock * 1000 });
      readAt(0, 0, [flow('10.0.0.1', '10.0.0.2')]);
      readAt(20, 7_200);
      readAt(59, -3_600);
      expect(sink.batches.flatMap((each) => each.ended ?? [])).toEqual([]);
      readAt(60, -3_599);
      expect(ended(sink)).toEqual(['10.0.0.1']);
    });

    test('for busy ones, where there is no room: 100 scanners keep nobody out', () => {
      const { sink, processor } = make({ max_series: 50 });
      processor.consume(at(0, scanners(100)));
      expect(told(sink.rows).at(-1)).toBe('IPTABLE_RULE_DROP overflow: 50');
      processor.consume(at(45, [flow('10.0.0.1', '10.0.0.2', { drops: 500 })]));
      expect(told(sink.rows)).toEqual(['IPTABLE_RULE_DROP 10.0.0.1 > 10.0.0.2: 500']);
      expect(ended(sink)).toEqual(['10.9.0.1']);
    });

    test('not before exporters have had time to publish them', () => {
      const { sink, processor } = make({ max_series: 1 });
      processor.consume(at(0, [flow('10.0.0.1', '10.0.0.2')]));
      processor.consume(at(29, [flow('10.0.0.3', '10.0.0.2')]));
      expect(told(sink.rows)).toEqual(['IPTABLE_RULE_DROP overflow: 1']);
      processor.consume(at(30, [flow('10.0.0.3', '10.0.0.2')]));
      expect(told(sink.rows)).toEqual(['IPTABLE_RULE_DROP 10.0.0.3 > 10.0.0.2: 1']);
    });

    test('of new ones, those with the most drops have the room that there is', () => {
      const { sink, processor } = make({ max_series: 1 });
      processor.consume(at(0, [flow('10.0.0.1', '10.0.0.2'), flow('10.0.0.3', '10.0.0.2', { drops: 2 })]));
      expect(told(sink.rows)).toEqual(['IPTABLE_RULE_DROP 10.0.0.3 > 10.0.0.2: 2', 'IPTABLE_RULE_DROP overflow: 1']);
    });

    test('while one that goes on dropping keeps its place, whatever else comes', () => {
      const { sink, processor } = make({ max_series: 10, metric_expiration: '1m' });
      for (let second = 0; second < 600; second += 10) {
        const others = scanners(200).slice(second / 10, second / 10 + 20);
        processor.consume(at(second, [flow('10.0.0.1', '10.0.0.2', { drops: 5 }), ...others]));
        expect(told(sink.rows)[0]).toBe('IPTABLE_RULE_DROP 10.0.0.1 > 10.0.0.2: 5');
      }
    });

    test('where a reload has lowered the bound, the idlest first', () => {
      const { sink, processor, again } = make();
      processor.consume(at(0, [flow('10.0.0.1', '10.0.0.2'), flow('10.0.0.3', '10.0.0.2')]));
      processor.consume(at(1, [flow('10.0.0.1', '10.0.0.2')]));
      again({ max_series: 1 }).consume(at(2, []));
      expect(ended(sink)).toEqual(['10.0.0.3']);
    });

    test('and every drop is in what is published, once, whatever ends and comes back', () => {
      const reads = fc.array(
        fc.record({
          seconds: fc.constantFrom(1, 10, 31, 70),
          senders: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }),
          isScraped: fc.boolean(),
        }),
        { maxLength: 40 },
      );
      fc.assert(
        fc.property(reads, fc.integer({ min: 1, max: 4 }), (given, max_series) => {
          const { sink, processor } = make({ max_series, metric_expiration: '1m' });
          const accumulator = new DropAccumulator();
          const view = PublishedView.of(accumulator.map, NAMINGS.opentelemetry);
          const last = new Map<string, { readonly value: number; readonly start: number }>();
          let [counted, caused, clock, scraped] = [0, 0, 0, 0];
          const scrape = () => {
            const { attributes, drops, startMillis } = view.look();
            for (const [index, value] of drops.entries()) {
              const [key, start] = [JSON.stringify(attributes[index]), startMillis[index] as number];
              const before = last.get(key);
              const isSame = before?.start === start;
              if (isSame) expect(value).toBeGreaterThanOrEqual(before.value);
              counted += value - (isSame ? before.value : 0);
              last.set(key, { value, start });
            }
            scraped = clock;
          };
          for (const { seconds, senders, isScraped } of given) {
            clock += seconds;
            caused += senders.length;
            processor.consume(
              at(
                clock,
                senders.map((sender) => flow(`10.0.0.${sender}`, '10.0.1.1')),
              ),
            );
            accumulator.add(sink.batches.at(-1) as DropBatch);
            if (isScraped || clock - scraped > 50) scrape();
          }
          scrape();
          expect(counted).toBe(caused);
        }),
        { numRuns: 300 },
      );
    });
  });

  test('series of before a reload are known and count, those of other attributes too', () => {
    const { sink, processor, again } = make({ max_series: 2 });
    processor.consume(flowBatch([flow('10.0.0.1', '10.0.0.2')]));
    again().consume(flowBatch([flow('10.0.0.1', '10.0.0.2')]));
    expect(told(sink.rows)).toEqual(['IPTABLE_RULE_DROP 10.0.0.1 > 10.0.0.2: 1']);
    again({ attributes: ['network.transport'] }).consume(
      flowBatch([flow('10.0.0.1', '10.0.0.2', { transport: 'tcp' }), flow('::1', '::1')]),
    );
    expect(told(sink.rows)).toEqual(['IPTABLE_RULE_DROP - > -: 1', 'IPTABLE_RULE_DROP overflow: 1']);
  });

  test('a batch without flows passes as it is, and a clock that never brings any is told once', () => {
    const { sink, said, processor } = make();
    const given = batch([row({ reason: 'NO_SOCKET', direction: 'ingress' }, 0, 0)]);
    processor.consume(given);
    expect(sink.batches).toEqual([given]);
    expect(said).toEqual([]);
    processor.consume({ ...given, trigger: 'interval' });
    processor.consume({ ...given, trigger: 'interval' });
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('mode: advanced');
  });

  test('the sums by reason and direction are the node’s, whatever the bound', () => {
    const flows = fc.array(
      fc.record({
        source: fc.constantFrom('10.0.0.1', '10.0.1.1', 'fd00::1', ''),
        attributes: fc.constantFrom(CALL, NO_SOCKET),
        drops: fc.nat(1000),
        bytes: fc.nat(100_000),
        kind: fc.constantFrom('flow', 'overflow'),
      }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(flows, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 32 }), (given, max_series, prefix_ipv4) => {
        const { sink, processor } = make({ max_series, prefix_ipv4 });
        const rows: FlowRow[] = [];
        const overflow: DropRow[] = [];
        for (const { kind, source, attributes, drops, bytes } of given) {
          const counted = { attributes, drops, bytes: attributes === CALL ? undefined : bytes };
          if (kind === 'flow') rows.push(flow(source, '10.0.0.9', counted));
          else overflow.push(counted);
        }
        const read = flowBatch(rows, { overflow });
        processor.consume(read);
        expect(sumsByReason(sink.rows)).toEqual(sumsByReason(read.rows));
        const own = sink.rows.filter(({ attributes }) => attributes.get('otel.metric.overflow') === undefined);
        expect(own.length).toBeLessThanOrEqual(max_series);
      }),
    );
  });
});
