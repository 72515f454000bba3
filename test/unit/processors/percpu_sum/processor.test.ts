import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DropRow } from '../../../../src/pdata/drop_row.ts';
import { PercpuSum } from '../../../../src/processors/percpu_sum/processor.ts';
import { batch, row, Sink } from '../../../support/rows.ts';

function sum(rows: readonly DropRow[]): readonly DropRow[] {
  const sink = new Sink();
  new PercpuSum(sink).consume(batch(rows));
  return sink.rows;
}

const rowOf = fc
  .record({
    cpu: fc.option(fc.nat(3), { nil: undefined }),
    reason: fc.constantFrom('NO_SOCKET', 'IPTABLE_RULE_DROP', 'UNKNOWN_DROP'),
    direction: fc.constantFrom('ingress', 'egress'),
    drops: fc.nat(1_000_000),
    bytes: fc.option(fc.nat(1_000_000_000), { nil: undefined }),
  })
  .map(({ cpu, drops, bytes, ...attributes }) => row({ ...attributes, ...(cpu === undefined ? {} : { cpu }) }, drops, bytes));

const total = (rows: readonly DropRow[], of: 'drops' | 'bytes') => rows.reduce((all, each) => all + (each[of] ?? 0), 0);

describe('percpu_sum', () => {
  test('sums the rows that differ in cpu alone', () => {
    expect(
      sum([
        row({ reason: 'NO_SOCKET', cpu: 0 }, 2, 200),
        row({ reason: 'UNKNOWN_DROP', cpu: 0 }, 5, 50),
        row({ reason: 'NO_SOCKET', cpu: 1 }, 3, 301),
      ]),
    ).toEqual([row({ reason: 'NO_SOCKET' }, 5, 501), row({ reason: 'UNKNOWN_DROP' }, 5, 50)]);
  });

  test('keeps rows of 0, which make their series exist', () => {
    expect(sum([row({ reason: 'NO_SOCKET', cpu: 0 }, 0, 0), row({ reason: 'NO_SOCKET', cpu: 1 }, 0, 0)])).toEqual([
      row({ reason: 'NO_SOCKET' }, 0, 0),
    ]);
  });

  test('calls have no bytes, and none after', () => {
    expect(sum([row({ reason: 'TCP_CONNECT_BASIC', cpu: 0 }, 1), row({ reason: 'TCP_CONNECT_BASIC', cpu: 1 }, 2)])).toEqual([
      row({ reason: 'TCP_CONNECT_BASIC' }, 3),
    ]);
  });

  test('what has no cpu passes as it is', () => {
    const call = row({ reason: 'TCP_CONNECT_BASIC' }, 1);
    expect(sum([call])).toEqual([call]);
  });

  test('rows that other attributes tell apart stay apart', () => {
    const rows = [
      row({ reason: 'A', direction: 'ingress', cpu: 0 }, 1, 1),
      row({ reason: 'A', direction: 'egress', cpu: 0 }, 1, 1),
    ];
    expect(sum(rows)).toHaveLength(2);
  });

  test('adds and loses nothing, whatever the rows', () => {
    fc.assert(
      fc.property(fc.array(rowOf, { maxLength: 40 }), (rows) => {
        const summed = sum(rows);
        expect(total(summed, 'drops')).toBe(total(rows, 'drops'));
        expect(total(summed, 'bytes')).toBe(total(rows, 'bytes'));
        expect(new Set(summed.map(({ attributes }) => attributes.key)).size).toBe(summed.length);
        expect(summed.every(({ attributes }) => attributes.get('cpu') === undefined)).toBe(true);
        const series = new Set(rows.map(({ attributes }) => attributes.without('cpu').key));
        expect(new Set(summed.map(({ attributes }) => attributes.key))).toEqual(series);
      }),
    );
  });

  test('leaves the batch it was given alone and hands on the rest of it', () => {
    const sink = new Sink();
    const given = batch([row({ reason: 'A', cpu: 0 }, 1, 1), row({ reason: 'A', cpu: 1 }, 1, 1)], {
      trigger: 'interval',
      losses: [{ slot: 'nested', count: 2 }],
      hooks: [{ hook: 'nat', attached: false, rung: 'none', why: 'because', detail: '' }],
    });
    const before = structuredClone(given.rows.map(({ drops, bytes }) => ({ drops, bytes })));
    new PercpuSum(sink).consume(given);
    expect(given.rows.map(({ drops, bytes }) => ({ drops, bytes }))).toEqual(before);
    const { rows: _, ...rest } = given;
    expect(sink.batches[0]).toMatchObject(rest);
  });

  test('the same set comes out as the same set at each read, so that nothing piles up', () => {
    const sink = new Sink();
    const processor = new PercpuSum(sink);
    const given = batch([row({ reason: 'A', cpu: 0 }, 1, 1)]);
    processor.consume(given);
    processor.consume(given);
    expect(sink.batches[0]?.rows[0]?.attributes).toBe(sink.batches[1]?.rows[0]?.attributes);
    expect(sink.batches[1]?.rows).toEqual([row({ reason: 'A' }, 1, 1)]);
  });
});
