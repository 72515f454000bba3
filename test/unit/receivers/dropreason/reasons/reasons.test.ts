import { describe, expect, test } from 'vitest';
import { classOf, Reasons } from '../../../../../src/receivers/dropreason/reasons/reasons.ts';

const kernel = (names: readonly string[]) => names.map((name, value) => ({ name, value }));

/** The order of 6.18: the unspecified reason isn't first. */
const MODERN = kernel([
  'SKB_NOT_DROPPED_YET',
  'SKB_CONSUMED',
  'SKB_DROP_REASON_NOT_SPECIFIED',
  'SKB_DROP_REASON_NO_SOCKET',
  'SKB_DROP_REASON_NETFILTER_DROP',
  'SKB_DROP_REASON_TCP_CLOSE',
  'SKB_DROP_REASON_QDISC_DROP',
  'SKB_DROP_REASON_CPU_BACKLOG',
  'SKB_DROP_REASON_TC_EGRESS',
  'SKB_DROP_REASON_TC_INGRESS',
  'SKB_DROP_REASON_FQ_BAND_LIMIT',
  'SKB_DROP_REASON_MAX',
]);
const SUBSYSTEM = [
  { name: 'SKB_DROP_REASON_SUBSYS_MASK', value: 0xffff_0000 },
  { name: 'OVS_DROP_LAST_ACTION', value: 0x3_0001 },
  { name: 'RX_DROP_U_MIC_FAIL', value: 0x1_0001 },
];

describe('Reasons', () => {
  const reasons = new Reasons([...MODERN, ...SUBSYSTEM], 248);

  test("users' names where there are some, else the kernel's without its prefix", () => {
    expect([2, 3, 4, 5, 6].map((value) => reasons.name(value))).toEqual([
      'UNKNOWN_DROP',
      'NO_SOCKET',
      'IPTABLE_RULE_DROP',
      'TCP_CLOSE_BASIC',
      'QDISC_DROP',
    ]);
  });

  test("subsystems' reasons keep their whole names", () => {
    expect(reasons.name(0x3_0001)).toBe('OVS_DROP_LAST_ACTION');
    expect(reasons.name(0x1_0001)).toBe('RX_DROP_U_MIC_FAIL');
  });

  test("of mac80211's two enums of the same numbers, the names without underscores, in either order", () => {
    const pair = [
      { name: '___RX_DROP_U_DUP', value: 0x1_0004 },
      { name: 'RX_DROP_U_DUP', value: 0x1_0004 },
    ];
    expect(new Reasons([...MODERN, ...pair], 248).name(0x1_0004)).toBe('RX_DROP_U_DUP');
    expect(new Reasons([...MODERN, ...pair.toReversed()], 248).name(0x1_0004)).toBe('RX_DROP_U_DUP');
    expect(new Reasons([...MODERN, { name: '__OVS_DROP_REASON', value: 0x3_0000 }], 248).name(0x3_0000)).toBe('196608');
  });

  test('what has no name shows as its number, and enumerators that are no reasons have none', () => {
    expect(reasons.name(200)).toBe('200');
    expect(reasons.name(0x3_0099)).toBe(String(0x3_0099));
    expect([0, 1, 11, 0xffff_0000].map((value) => reasons.name(value))).toEqual(['0', '1', '11', '4294901760']);
  });

  test('rows are for core reasons up to the highest, the unspecified one is found by name', () => {
    expect(reasons.listed).toBe(11);
    expect(reasons.unspecified).toBe(2);
    expect(reasons.known).toBe(11);
    expect(new Reasons([...MODERN, ...SUBSYSTEM], 5).listed).toBe(5);
  });

  test('the numbers of another kernel', () => {
    const older = new Reasons(kernel(['SKB_DROP_REASON_NOT_SPECIFIED', 'SKB_DROP_REASON_NO_SOCKET']), 248);
    expect([older.unspecified, older.listed, older.name(0), older.name(1)]).toEqual([0, 2, 'UNKNOWN_DROP', 'NO_SOCKET']);
  });

  test('a kernel without reasons has one row', () => {
    const none = new Reasons([], 248);
    expect([none.listed, none.unspecified, none.known, none.name(0)]).toEqual([1, 0, 0, 'UNKNOWN_DROP']);
  });

  test('hints: queues, tc egress and netfilter send, the backlog receives, others say nothing', () => {
    const hints = reasons.hints({ ingress: 1, egress: 2 });
    expect(hints).toHaveLength(256);
    expect([...hints.slice(0, 12)]).toEqual([0, 0, 0, 0, 2, 0, 2, 1, 2, 0, 2, 0]);
    expect([...hints.slice(12)].every((hint) => hint === 0)).toBe(true);
  });
});

test.each([
  ['IPTABLE_RULE_DROP', 'policy'],
  ['IPTABLE_NAT_DROP', 'policy'],
  ['CONNTRACK_ADD_DROP', 'policy'],
  ['TCP_CONNECT_BASIC', 'call'],
  ['TCP_ACCEPT_BASIC', 'call'],
  ['NO_SOCKET', 'error'],
  ['SOCKET_RCVBUFF', 'capacity'],
  ['TCP_OLD_ACK', 'benign'],
  ['OVS_DROP_LAST_ACTION', 'policy'],
  ['RX_DROP_U_DUP', 'benign'],
  ['UNKNOWN_DROP', 'unclassified'],
  ['A_REASON_OF_TOMORROW', 'unclassified'],
  ['constructor', 'unclassified'],
  ['17', 'unclassified'],
])('%s is of class %s', (reason, expected) => {
  expect(classOf(reason)).toBe(expected);
});

describe('the class of a drop without a reason is told by the function that freed it', () => {
  test.each([
    ['icmpv6_rcv', 'benign'],
    ['igmp_rcv', 'benign'],
    ['netif_receive_generic_xdp', 'policy'],
    ['enqueue_to_backlog', 'capacity'],
    ['ip_error', 'error'],
    ['udp_queue_rcv_one_skb', 'unclassified'],
    ['', 'unclassified'],
  ])('%s: %s', (freedBy, expected) => {
    expect(classOf('UNKNOWN_DROP', freedBy)).toBe(expected);
  });

  test.each([
    ['tcp_v4_rcv', 'unclassified'],
    ['tcp_v6_rcv', 'unclassified'],
    ['tcp_rcv_state_process', 'unclassified'],
    ['__udp4_lib_rcv', 'error'],
    ['__udp6_lib_rcv', 'error'],
  ])('%s: benign, but %s where all of its drops are without a reason', (freedBy, expected) => {
    expect(classOf('UNKNOWN_DROP', freedBy, true)).toBe('benign');
    expect(classOf('UNKNOWN_DROP', freedBy, false)).toBe(expected);
    expect(classOf('TCP_CSUM', freedBy, true)).toBe('error');
  });

  test('others are told on every kernel', () => {
    for (const hasReasons of [true, false]) expect(classOf('UNKNOWN_DROP', 'igmp_rcv', hasReasons)).toBe('benign');
  });

  test('and that of no other drop', () => {
    expect(classOf('NO_SOCKET', 'icmpv6_rcv')).toBe('error');
    expect(classOf('A_REASON_OF_TOMORROW', 'icmpv6_rcv')).toBe('unclassified');
  });
});
