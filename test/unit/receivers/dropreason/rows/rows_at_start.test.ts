import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { OptInAttribute } from '../../../../../src/receivers/dropreason/config.ts';
import { DIRECTIONS_OF_REASON } from '../../../../../src/receivers/dropreason/reasons/known_reasons.ts';
import { classOf, Reasons } from '../../../../../src/receivers/dropreason/reasons/reasons.ts';
import { rowsAtStart } from '../../../../../src/receivers/dropreason/rows/rows_at_start.ts';
import { LAYOUT, rowAttributes } from '../../../../support/layout.ts';

const SEVEN = [
  'IPTABLE_RULE_DROP',
  'IPTABLE_NAT_DROP',
  'CONNTRACK_ADD_DROP',
  'TCP_CONNECT_BASIC',
  'TCP_ACCEPT_BASIC',
  'TCP_CLOSE_BASIC',
  'UNKNOWN_DROP',
];

function rows({
  cpus = 1,
  optIn = [],
  connect = true,
  accept = true,
  reasons = [],
}: {
  reasons?: readonly string[];
  cpus?: number;
  optIn?: OptInAttribute[];
  connect?: boolean;
  accept?: boolean;
} = {}) {
  const attributes = rowAttributes(new Reasons([], LAYOUT.maxReasons), { attributes: optIn });
  return rowsAtStart(attributes, { layout: LAYOUT, reasons, cpus, optIn, connect, accept });
}

const valuesOf = (all: ReturnType<typeof rows>, name: string) => new Set(all.map(({ attributes }) => attributes.get(name)));

describe('the rows that exist at 0', () => {
  test('are all of 0, no series twice', () => {
    const all = rows({ cpus: 3, optIn: ['network.type'] });
    expect(all.every(({ drops }) => drops === 0)).toBe(true);
    expect(new Set(all.map(({ attributes }) => attributes.key)).size).toBe(all.length);
  });

  test('are of the seven reasons that users know, on any kernel', () => {
    expect(valuesOf(rows(), 'reason')).toEqual(new Set(SEVEN));
  });

  test('are of every direction and CPU', () => {
    const packets = rows({ cpus: 2 }).filter(({ attributes }) => attributes.get('class') !== 'call');
    expect(packets).toHaveLength(5 * 4 * 2);
    expect(valuesOf(packets, 'direction')).toEqual(new Set(['unknown', 'ingress', 'egress', 'forward']));
    expect(valuesOf(packets, 'cpu')).toEqual(new Set([0, 1]));
    expect(packets.every(({ bytes }) => bytes === 0)).toBe(true);
  });

  test('calls are of the errors that happen, without bytes and CPU', () => {
    const calls = rows({ cpus: 2 }).filter(({ attributes }) => attributes.get('class') === 'call');
    const of = (reason: string) => calls.filter(({ attributes }) => attributes.get('reason') === reason);
    expect(valuesOf(of('TCP_CONNECT_BASIC'), 'error.type')).toContain('ECONNREFUSED');
    expect(valuesOf(of('TCP_CONNECT_BASIC'), 'direction')).toEqual(new Set(['egress']));
    expect(valuesOf(of('TCP_ACCEPT_BASIC'), 'error.type')).toContain('EMFILE');
    expect(valuesOf(of('TCP_ACCEPT_BASIC'), 'direction')).toEqual(new Set(['ingress']));
    expect(calls.every(({ bytes, attributes }) => bytes === undefined && attributes.get('cpu') === undefined)).toBe(true);
  });

  test('a hook that is not attached has none', () => {
    expect(valuesOf(rows({ connect: false }), 'reason')).toEqual(new Set(SEVEN.filter((name) => name !== 'TCP_CONNECT_BASIC')));
    expect(valuesOf(rows({ accept: false }), 'reason')).toEqual(new Set(SEVEN.filter((name) => name !== 'TCP_ACCEPT_BASIC')));
  });

  test("are of a kernel's reasons to alert on, in the directions in which each can occur, on one CPU", () => {
    const reasons = ['NO_SOCKET', 'QDISC_DROP', 'NEIGH_FAILED', 'IP_RPFILTER', 'TCP_OLD_DATA', 'TCP_CLOSE_BASIC', 'NEW_ONE'];
    const added = rows({ cpus: 2, reasons }).slice(rows({ cpus: 2 }).length - 8, -8);
    expect(added.map(({ attributes: { values } }) => Object.values(values).join(' '))).toEqual([
      'error 0 ingress NO_SOCKET',
      'capacity 0 ingress QDISC_DROP',
      'capacity 0 egress QDISC_DROP',
      'capacity 0 forward QDISC_DROP',
      'error 0 egress NEIGH_FAILED',
      'error 0 forward NEIGH_FAILED',
    ]);
    expect(rows({ reasons, optIn: ['network.type'] })).toHaveLength(2 * rows({ reasons }).length);
  });

  test('are of those reasons only where their attributes are known beforehand', () => {
    const reasons = ['NO_SOCKET'];
    const optIn: OptInAttribute[] = ['network.type', 'network.interface.name'];
    expect(rows({ reasons, optIn })).toHaveLength(rows({ optIn }).length);
  });

  test('have directions for reasons that are to alert on, and for no others', () => {
    expect([...DIRECTIONS_OF_REASON.keys()].filter((reason) => !['capacity', 'error'].includes(classOf(reason)))).toEqual([]);
  });

  test('cost what docs/metrics.md says, on the newest kernel', () => {
    const lists = readFileSync('test/fixtures/reasons/6.18.txt', 'utf8').matchAll(/^(\d+) (SKB_\w+)$/gm);
    const kernel = [...lists].map(([, value, name = '']) => ({ name, value: Number(value) }));
    const reasons = new Reasons(kernel, LAYOUT.maxReasons);
    const lines = rows({ reasons: [...reasons.names] }).flatMap(({ attributes: { values }, bytes }) =>
      (bytes === undefined ? ['count'] : ['count', 'bytes']).map(
        (metric) =>
          `dropreason_drop_${metric}_total{class="${values.class}",direction="${values.direction}",reason="${values.reason}"} 0\n`,
      ),
    );
    const text = lines.join('');
    const told = /(\d+) series at 0 .*?, (\d+) kB of text a scrape, (\d+\.\d) kB compressed/s.exec(
      readFileSync('docs/metrics.md', 'utf8'),
    );
    expect(told?.slice(1).map(Number)).toEqual([
      lines.length,
      Math.round(text.length / 1000),
      Math.round(gzipSync(text, { level: 1 }).length / 100) / 10,
    ]);
  });

  test('the family is given where it is asked for', () => {
    expect(valuesOf(rows({ optIn: ['network.type'] }), 'network.type')).toEqual(new Set(['ipv4', 'ipv6']));
    expect(valuesOf(rows(), 'network.type')).toEqual(new Set([undefined]));
  });
});
