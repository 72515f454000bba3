import { describe, expect, test } from 'vitest';
import type { OptInAttribute } from '../../../../src/receivers/dropreason/config.ts';
import { Reasons } from '../../../../src/receivers/dropreason/reasons.ts';
import { rowsAtStart } from '../../../../src/receivers/dropreason/rows_at_start.ts';
import { LAYOUT, rowAttributes } from '../../../support/layout.ts';

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
}: {
  cpus?: number;
  optIn?: OptInAttribute[];
  connect?: boolean;
  accept?: boolean;
} = {}) {
  const attributes = rowAttributes(new Reasons([], LAYOUT.maxReasons), { attributes: optIn });
  return rowsAtStart(attributes, { layout: LAYOUT, cpus, optIn, connect, accept });
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

  test('the family is given where it is asked for', () => {
    expect(valuesOf(rows({ optIn: ['network.type'] }), 'network.type')).toEqual(new Set(['ipv4', 'ipv6']));
    expect(valuesOf(rows(), 'network.type')).toEqual(new Set([undefined]));
  });
});
