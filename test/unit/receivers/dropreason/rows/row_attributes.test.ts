import { describe, expect, test } from 'vitest';
import type { OptInAttribute } from '../../../../../src/receivers/dropreason/config.ts';
import { Reasons } from '../../../../../src/receivers/dropreason/reasons/reasons.ts';
import { entry, LAYOUT, rowAttributes } from '../../../../support/layout.ts';

const REASONS = new Reasons(
  [
    { name: 'SKB_DROP_REASON_NOT_SPECIFIED', value: 2 },
    { name: 'SKB_DROP_REASON_NO_SOCKET', value: 3 },
    { name: 'SKB_DROP_REASON_NETFILTER_DROP', value: 4 },
    { name: 'OVS_DROP_LAST_ACTION', value: 0x3_0001 },
  ],
  LAYOUT.maxReasons,
);

const make = (...attributes: OptInAttribute[]) => rowAttributes(REASONS, { attributes });
const freedBy = (name: string) => ({ freedBy: name, chain: undefined });
const ALL: OptInAttribute[] = ['network.type', 'network.transport', 'network.interface.name', 'network.namespace.inode'];
const rowOf = (reason: number, direction: number, family: number) => (reason << 4) | (direction << 2) | family;

describe('a node row', () => {
  test.each([
    [rowOf(3, 1, 1), 'NO_SOCKET', 'ingress', 'error'],
    [rowOf(4, 3, 2), 'IPTABLE_RULE_DROP', 'forward', 'policy'],
    [rowOf(2, 0, 0), 'UNKNOWN_DROP', 'unknown', 'unclassified'],
    [rowOf(247, 2, 1), '247', 'egress', 'unclassified'],
  ])('%i is %s %s %s', (row, reason, direction, reasonClass) => {
    expect(make().ofNodeRow(5, row).values).toEqual({ reason, direction, class: reasonClass, cpu: 5 });
  });

  test.each([
    [0, 'other'],
    [1, 'ipv4'],
    [2, 'ipv6'],
    [3, 'other'],
  ])('family %i shows as %s where it is asked for', (family, name) => {
    expect(
      make('network.type')
        .ofNodeRow(0, rowOf(3, 1, family))
        .get('network.type'),
    ).toBe(name);
  });
});

describe('a row with a key', () => {
  test('has what was asked for', () => {
    const row = entry({ reason: 3, protocol: 17, netns: 4_026_531_840, interface: 'eth0' });
    expect(make(...ALL).ofEntry(row).values).toEqual({
      reason: 'NO_SOCKET',
      direction: 'ingress',
      class: 'error',
      'network.type': 'ipv4',
      'network.transport': 'udp',
      'network.interface.name': 'eth0',
      'network.namespace.inode': 4_026_531_840,
    });
    expect(make().ofEntry(row).values).toEqual({ reason: 'NO_SOCKET', direction: 'ingress', class: 'error' });
  });

  test.each([
    [1, 'icmp'],
    [6, 'tcp'],
    [17, 'udp'],
    [58, 'icmpv6'],
    [132, 'sctp'],
    [47, '47'],
    [0, '0'],
    [0xffff, undefined],
  ])('protocol %i is %s', (protocol, name) => {
    expect(make('network.transport').ofEntry(entry({ protocol })).get('network.transport')).toBe(name);
  });

  test('a packet without a device is of an unknown interface', () => {
    expect(
      make('network.interface.name')
        .ofEntry(entry({ interface: '' }))
        .get('network.interface.name'),
    ).toBe('unknown');
  });

  test("a subsystem's reason", () => {
    expect(
      make()
        .ofEntry(entry({ reason: 0x3_0001 }))
        .get('reason'),
    ).toBe('OVS_DROP_LAST_ACTION');
  });

  test('on a kernel without reasons the freeing function tells, where it is known to', () => {
    const old = rowAttributes(new Reasons([], LAYOUT.maxReasons), {}, { byFunction: true });
    expect(old.ofEntry(entry({ reason: 0 }), freedBy('nf_hook_slow')).values).toMatchObject({
      reason: 'IPTABLE_RULE_DROP',
      class: 'policy',
    });
    expect(old.ofEntry(entry({ reason: 0 }), freedBy('icmpv6_rcv')).get('reason')).toBe('UNKNOWN_DROP');
    expect(old.ofEntry(entry({ reason: 0 }), freedBy('tcp_v4_rcv')).get('class')).toBe('unclassified');
    expect(old.ofEntry(entry({ reason: 0 })).get('reason')).toBe('UNKNOWN_DROP');
  });
});

describe('the function that freed a packet', () => {
  test('does not go before a reason of the kernel', () => {
    expect(
      make()
        .ofEntry(entry({ reason: 2 }), freedBy('nf_hook_slow'))
        .get('reason'),
    ).toBe('UNKNOWN_DROP');
  });

  test('gives a drop without a reason its class', () => {
    const unknown = entry({ reason: 2 });
    expect(make().ofEntry(unknown, freedBy('icmpv6_rcv')).get('class')).toBe('benign');
    expect(make().ofEntry(unknown, freedBy('tcp_v4_rcv')).get('class')).toBe('benign');
    expect(make().ofEntry(unknown).get('class')).toBe('unclassified');
    expect(
      make()
        .ofEntry(entry({ reason: 3 }), freedBy('icmpv6_rcv'))
        .get('class'),
    ).toBe('error');
  });

  test('is published where it is asked for', () => {
    const row = entry({ reason: 3, location: 16n });
    expect(make('code.function.name').ofEntry(row, freedBy('udp_rcv')).get('code.function.name')).toBe('udp_rcv');
    expect(make('code.function.name').ofEntry(row).get('code.function.name')).toBe('unknown');
    expect(make().ofEntry(row, freedBy('udp_rcv')).get('code.function.name')).toBeUndefined();
  });

  test('is no attribute where none can be named', () => {
    const hidden = rowAttributes(REASONS, { attributes: ['code.function.name'] }, { named: false });
    expect(hidden.ofEntry(entry({})).get('code.function.name')).toBeUndefined();
  });
});

describe("netfilter's drops", () => {
  const rule = entry({ reason: 4, stack: 7n });
  const at = (hook: string, { nat = false, byVerdict = false } = {}) => ({ freedBy: '', chain: { hook, nat, byVerdict } });
  const withDetail = rowAttributes(REASONS, { netfilter_detail: 'stack' });

  test.each([
    [LAYOUT.notes.nat, 'IPTABLE_NAT_DROP'],
    [LAYOUT.notes.conntrack, 'CONNTRACK_ADD_DROP'],
  ])('of a note are what the note says', (reason, name) => {
    expect(make().ofEntry(entry({ reason })).values).toEqual({ reason: name, direction: 'ingress', class: 'policy' });
  });

  test('are told apart by the call chain', () => {
    expect(withDetail.ofEntry(rule, at('output', { nat: true })).get('reason')).toBe('IPTABLE_NAT_DROP');
    expect(withDetail.ofEntry(rule, at('output')).get('reason')).toBe('IPTABLE_RULE_DROP');
    const unconfirmed = { ...rule, unconfirmed: true };
    expect(withDetail.ofEntry(unconfirmed, at('input', { byVerdict: true })).get('reason')).toBe('CONNTRACK_ADD_DROP');
    expect(withDetail.ofEntry(unconfirmed, at('input')).get('reason')).toBe('IPTABLE_RULE_DROP');
    // Before reasons came, a rule's verdict frees there too.
    const older = rowAttributes(REASONS, { netfilter_detail: 'stack' }, { chainsTell: false });
    expect(older.ofEntry(unconfirmed, at('input', { byVerdict: true })).get('reason')).toBe('IPTABLE_RULE_DROP');
    expect(withDetail.ofEntry(rule, at('input', { byVerdict: true })).get('reason')).toBe('IPTABLE_RULE_DROP');
  });

  test('are not, where the hook is off or that rung is not allowed', () => {
    for (const nat of [{ enabled: false }, { attach: ['fexit'] }]) {
      const without = rowAttributes(REASONS, { netfilter_detail: 'stack', hooks: { nat } });
      expect(without.ofEntry(rule, at('output', { nat: true })).get('reason')).toBe('IPTABLE_RULE_DROP');
    }
  });

  test('have the hook where it is asked for, others have none', () => {
    const asking = make('netfilter.hook');
    expect(asking.ofEntry(rule, at('forward')).get('netfilter.hook')).toBe('forward');
    expect(asking.ofEntry(rule).get('netfilter.hook')).toBe('unknown');
    expect(asking.ofEntry(entry({ reason: 3 }), at('forward')).get('netfilter.hook')).toBeUndefined();
    expect(withDetail.ofEntry(rule, at('forward')).get('netfilter.hook')).toBeUndefined();
  });

  test('of another reason are not renamed', () => {
    expect(withDetail.ofEntry(entry({ reason: 3 }), at('input', { nat: true })).get('reason')).toBe('NO_SOCKET');
  });
});

describe('a failed call', () => {
  const connect = entry({ reason: LAYOUT.calls.connect, error: 111, direction: 2, family: 2, protocol: 6 });

  test('has the name of its errno', () => {
    expect(make().ofEntry(connect).values).toEqual({
      reason: 'TCP_CONNECT_BASIC',
      direction: 'egress',
      class: 'call',
      'error.type': 'ECONNREFUSED',
    });
    const accept = entry({ reason: LAYOUT.calls.accept, error: 24, direction: 1 });
    expect(make().ofEntry(accept).values).toMatchObject({ reason: 'TCP_ACCEPT_BASIC', 'error.type': 'EMFILE' });
  });

  test('has what was asked for, too', () => {
    expect(make(...ALL).ofEntry(connect).values).toMatchObject({ 'network.type': 'ipv6', 'network.transport': 'tcp' });
  });

  test('is told from a packet', () => {
    expect(make().isCall(connect)).toBe(true);
    expect(make().isCall(entry({ reason: 3 }))).toBe(false);
    expect(make().isCall(entry({ reason: 0x3_0001 }))).toBe(false);
  });
});
