import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DropRow } from '../../../../src/pdata/drop_row.ts';
import { configSchema } from '../../../../src/processors/filter/config.ts';
import { Filter } from '../../../../src/processors/filter/processor.ts';
import { flow, flowBatch, rowsOf } from '../../../support/flows.ts';
import { batch, row, Sink } from '../../../support/rows.ts';

const NO_SOCKET = row({ reason: 'NO_SOCKET', direction: 'ingress', cpu: 0 }, 2, 200);
const RULE = row({ reason: 'IPTABLE_RULE_DROP', direction: 'forward', cpu: 1 }, 3, 300);
const CONNECT = row({ reason: 'TCP_CONNECT_BASIC', direction: 'egress', 'error.type': 'ECONNREFUSED' }, 1);
const ROWS = [NO_SOCKET, RULE, CONNECT];

function filter(config: unknown, rows: readonly DropRow[] = ROWS): readonly DropRow[] {
  const sink = new Sink();
  new Filter(configSchema.parse(config), sink).consume(batch(rows));
  return sink.rows;
}

const strict = (key: string, ...values: (string | number)[]) => ({ match_type: 'strict', attributes: [{ key, values }] });
const regexp = (key: string, ...values: (string | number)[]) => ({ match_type: 'regexp', attributes: [{ key, values }] });

test('takes expressions as long as all of them together are of a size that can be asked', () => {
  const values = (count: number) => Array.from({ length: count }, (_, i) => `(a{1,900}|${i})`);
  expect(configSchema.safeParse({ include: regexp('reason', ...values(50)) }).success).toBe(true);
  expect(configSchema.safeParse({ include: regexp('reason', ...values(5_000)) }).error?.issues).toMatchObject([
    { path: ['include', 'attributes', 0, 'values', 55], message: expect.stringContaining('at most 100000 instructions') },
  ]);
});

describe('filter', () => {
  test('include keeps what matches', () => {
    expect(filter({ include: strict('reason', 'NO_SOCKET') })).toEqual([NO_SOCKET]);
  });

  test('exclude drops what matches', () => {
    expect(filter({ exclude: strict('reason', 'NO_SOCKET') })).toEqual([RULE, CONNECT]);
  });

  test('exclude wins over include', () => {
    const include = strict('direction', 'ingress', 'egress');
    expect(filter({ include, exclude: strict('reason', 'TCP_CONNECT_BASIC') })).toEqual([NO_SOCKET]);
  });

  test('one of a list is enough', () => {
    expect(filter({ include: strict('reason', 'NO_SOCKET', 'IPTABLE_RULE_DROP') })).toEqual([NO_SOCKET, RULE]);
  });

  test('strict takes text as it is', () => {
    expect(filter({ include: strict('reason', 'NO_.*') })).toEqual([]);
    expect(filter({ include: strict('reason', 'no_socket') })).toEqual([]);
  });

  test('expressions are for the whole value', () => {
    expect(filter({ include: regexp('reason', 'SOCKET') })).toEqual([]);
    expect(filter({ include: regexp('reason', '.*SOCKET') })).toEqual([NO_SOCKET]);
    expect(filter({ include: regexp('reason', 'NO|.*RULE') })).toEqual([]);
    expect(filter({ include: regexp('reason', 'NO_.*|.*_RULE_.*') })).toEqual([NO_SOCKET, RULE]);
  });

  test('all conditions must hold', () => {
    const attributes = [
      { key: 'reason', values: ['NO_SOCKET', 'IPTABLE_RULE_DROP'] },
      { key: 'direction', values: ['forward'] },
    ];
    expect(filter({ include: { match_type: 'strict', attributes } })).toEqual([RULE]);
  });

  test('a row without the attribute matches nothing', () => {
    expect(filter({ include: regexp('error.type', '.*') })).toEqual([CONNECT]);
    expect(filter({ exclude: regexp('error.type', '.*') })).toEqual([NO_SOCKET, RULE]);
    expect(filter({ include: regexp('toString', '.*') })).toEqual([]);
  });

  test('an expression takes linear time, whatever it is', () => {
    const rows = [row({ reason: `${'A_'.repeat(5_000)}!`, cpu: 0 }, 1, 1)];
    expect(filter({ exclude: regexp('reason', '(([A-Z_]+)+)+x') }, rows)).toEqual(rows);
  });

  test('expressions are RE2’s, as the Collector’s', () => {
    expect(filter({ include: regexp('reason', '(?i)no_\\pL+') })).toEqual([NO_SOCKET]);
    for (const [text, mistake] of [
      ['(?=A)', 'invalid or unsupported Perl syntax: "(?="'],
      ['(a)\\1', 'invalid escape sequence: "\\1"'],
      ['(a{500}){500}', 'invalid repeat count: "{500}"'],
    ]) {
      expect(configSchema.safeParse({ include: regexp('reason', text ?? '') }).error?.issues[0]).toMatchObject({
        path: ['include', 'attributes', 0, 'values', 0],
        message: expect.stringContaining(`in RE2's syntax: ${mistake}`),
      });
    }
  });

  test('numbers match as they are written', () => {
    expect(filter({ include: strict('cpu', 0) })).toEqual([NO_SOCKET]);
    expect(filter({ include: strict('cpu', '0') })).toEqual([NO_SOCKET]);
    expect(filter({ include: regexp('cpu', '[01]') })).toEqual([NO_SOCKET, RULE]);
  });

  test('each row is either kept or dropped, unchanged and in order', () => {
    const rowOf = fc
      .record({ reason: fc.constantFrom('A', 'AB', 'B'), cpu: fc.nat(2) })
      .chain((attributes) => fc.nat(9).map((drops) => row(attributes, drops, drops * 10)));
    const match = fc.record({
      match_type: fc.constantFrom('strict', 'regexp'),
      attributes: fc.array(
        fc.record({
          key: fc.constantFrom('reason', 'cpu', 'none'),
          values: fc.array(fc.constantFrom('A', 'B', 'A.*', 0, 1), { minLength: 1 }),
        }),
        { minLength: 1, maxLength: 2 },
      ),
    });
    fc.assert(
      fc.property(fc.array(rowOf), match, (rows, conditions) => {
        const kept = filter({ include: conditions }, rows);
        const rest = filter({ exclude: conditions }, rows);
        expect(rows.filter((each) => kept.includes(each))).toEqual(kept);
        expect(rows.filter((each) => !kept.includes(each))).toEqual(rest);
      }),
    );
  });

  test('a flow goes with the row that it is of, so that flows and overflow are still what the rows are', () => {
    const sink = new Sink();
    const calls = flow('10.0.0.1', '10.0.0.2', { attributes: CONNECT.attributes, drops: 4, bytes: undefined });
    const packets = flow('10.0.0.1', '10.0.0.2', { attributes: RULE.attributes, drops: 3, bytes: 30 });
    const read = flowBatch([packets, calls], { overflow: [RULE, CONNECT], pods: { rows: [RULE, CONNECT], ended: [] } });
    new Filter(configSchema.parse({ exclude: strict('reason', 'TCP_CONNECT_BASIC') }), sink).consume(read);
    const [kept] = sink.batches;
    expect(kept?.flows).toMatchObject({ overflow: [RULE], node: { drops: 6, bytes: 330 } });
    expect(rowsOf(kept?.flows)).toEqual([packets]);
    expect(kept?.pods).toEqual({ rows: [RULE], ended: [] });
  });

  test('what was lost and how hooks stand passes unfiltered', () => {
    const sink = new Sink();
    const given = batch(ROWS, {
      losses: [{ slot: 'nested', count: 2 }],
      hooks: [{ hook: 'nat', attached: false, rung: 'none', why: '', detail: '' }],
    });
    new Filter(configSchema.parse({ include: strict('reason', 'NONE') }), sink).consume(given);
    expect(sink.batches).toEqual([{ ...given, rows: [] }]);
  });

  test.each([
    [{}, 'needs include, exclude, or both'],
    [
      { include: { match_type: 'regexp', attributes: [{ key: 'reason', values: ['('] }] } },
      'must be a regular expression in RE2\'s syntax: missing closing ): "(", got "("',
    ],
  ])('refuses %j', (config, message) => {
    const result = configSchema.safeParse(config);
    expect(result.error?.issues.map((issue) => issue.message)).toEqual([message]);
  });
});
