import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCatalog } from '../../../../../src/receivers/dropreason/reasons/catalog.ts';
import {
  CLASS_BESIDE_REASONS,
  CLASS_OF_FUNCTION,
  REASON_OF_FUNCTION,
} from '../../../../../src/receivers/dropreason/reasons/known_functions.ts';
import { CLASS_OF_REASON } from '../../../../../src/receivers/dropreason/reasons/known_reasons.ts';
import { REASON_CLASSES } from '../../../../../src/receivers/dropreason/reasons/reason_class.ts';
import { classOf, isKnown, kernelNames, Reasons } from '../../../../../src/receivers/dropreason/reasons/reasons.ts';

/** Lists of `number name`, from the BTF of these kernels and of their modules mac80211 and openvswitch. */
const LISTS = join(import.meta.dirname, '../../../../fixtures/reasons');
const KERNELS = readdirSync(LISTS)
  .map((file) => file.replace(/\.txt$/, ''))
  .sort();

/** What hooks and system calls tell, on every kernel. */
const OUR_OWN = ['IPTABLE_NAT_DROP', 'CONNTRACK_ADD_DROP', 'TCP_CONNECT_BASIC', 'TCP_ACCEPT_BASIC'];
/** 5.10 has no reasons. */
const BY_FUNCTION = [...new Set(REASON_OF_FUNCTION.values()), 'UNKNOWN_DROP', 'TCP_CLOSE_BASIC'];

function enumerators(kernel: string) {
  return readFileSync(join(LISTS, `${kernel}.txt`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([value, name = '']) => ({ name, value: Number(value) }));
}

/** What that kernel's reasons are published as; without the enumerators that are none. */
function published(kernel: string): string[] {
  const all = enumerators(kernel);
  const reasons = new Reasons(all, 248);
  return [...new Set(all.map(({ value }) => reasons.name(value)))].filter((name) => !/^\d+$/.test(name));
}

const CLASSES = Object.values(readCatalog().reasons).flatMap((reasons) => Object.entries(reasons));
const ofClass = (wanted: string) => CLASSES.flatMap(([name, entry]) => (entry.class === wanted ? [name] : []));

describe('the catalog', () => {
  test('is held against three kernels that have reasons', () => {
    expect(KERNELS).toEqual(['6.1', '6.12', '6.18']);
    expect(KERNELS.map((kernel) => published(kernel).length)).toEqual([65, 164, 126]);
  });

  test.each(KERNELS)('has every name that %s may publish', (kernel) => {
    expect(published(kernel).filter((name) => !isKnown(name))).toEqual([]);
  });

  test('has every name that a kernel without reasons may publish', () => {
    expect([...BY_FUNCTION, ...OUR_OWN].filter((name) => !isKnown(name))).toEqual([]);
  });

  test('has no other name, and none twice', () => {
    const all = new Set([...KERNELS.flatMap(published), ...BY_FUNCTION, ...OUR_OWN]);
    expect([...CLASS_OF_REASON.keys()].filter((name) => !all.has(name))).toEqual([]);
    expect(CLASS_OF_REASON.size).toBe(CLASSES.length);
  });

  test('explains each in a sentence or two, and says what to look at', () => {
    for (const [name, { class: of, meaning, look_at: lookAt }] of CLASSES) {
      expect(Object.keys(REASON_CLASSES), name).toContain(of);
      expect(meaning, name).toMatch(/^[A-Za-z][^\n]{25,400}\.\)?$/);
      expect(lookAt, name).toMatch(/^[^\n]{8,400}[.)]$/);
      for (const text of [meaning, lookAt]) expect(text.split('`').length % 2, name).toBe(1);
    }
  });

  test('calls are the two that are no packets', () => {
    expect(ofClass('call')).toEqual(['TCP_CONNECT_BASIC', 'TCP_ACCEPT_BASIC']);
  });

  test('what netfilter, tc, BPF and IPsec policies drop is policy', () => {
    expect(ofClass('policy')).toEqual(
      expect.arrayContaining([
        'IPTABLE_RULE_DROP',
        'IPTABLE_NAT_DROP',
        'CONNTRACK_ADD_DROP',
        'TC_INGRESS',
        'TC_EGRESS',
        'BPF_CGROUP_EGRESS',
        'SOCKET_FILTER',
        'XFRM_POLICY',
      ]),
    );
  });

  test('a full queue, buffer or table is capacity, whatever its name', () => {
    const full = [...CLASS_OF_REASON.keys()].filter((name) =>
      /^(?:QDISC|FQ|CAKE)_|FULL|OOM|NOMEM|RCVBUFF|BACKLOG|PROTO_MEM/.test(name),
    );
    expect(full.length).toBeGreaterThan(12);
    expect(full.filter((name) => CLASS_OF_REASON.get(name) !== 'capacity')).toEqual([]);
  });

  test('a checksum, a malformed packet, no route is an error', () => {
    const wrong = [...CLASS_OF_REASON.keys()].filter((name) => /CSUM|INVALID|BAD_|NOROUTES|_FAIL$|NOTFOUND|NO_SOCKET/.test(name));
    expect(wrong.length).toBeGreaterThan(30);
    expect(wrong.filter((name) => CLASS_OF_REASON.get(name) !== 'error')).toEqual([]);
  });

  test('benign is a short list, of what nobody needs to act on', () => {
    expect(ofClass('benign')).toEqual([
      'SOCKET_CLOSE',
      'UNIX_DISCONNECT',
      'UNIX_SKIP_OOB',
      'QUEUE_PURGE',
      'TCP_OLD_DATA',
      'TCP_OFOMERGE',
      'TCP_RFC7323_PAWS_ACK',
      'TCP_OLD_SEQUENCE',
      'TCP_OLD_ACK',
      'TCP_OFO_DROP',
      'OTHERHOST',
      'DUP_FRAG',
      'IPV6_NDISC_NS_OTHERHOST',
      'MAC_IEEE_MAC_CONTROL',
      'RX_DROP_U_DUP',
    ]);
  });

  test('unclassified are those alone whose name says nothing', () => {
    expect(ofClass('unclassified')).toEqual(['UNKNOWN_DROP', 'RX_DROP_MONITOR', '___RX_DROP_UNUSABLE']);
  });

  test.each(KERNELS)("%s: the kernel's names lead to the published ones", (kernel) => {
    const reasons = new Reasons(enumerators(kernel), 248);
    for (const { name, value } of enumerators(kernel)) {
      const is = reasons.name(value);
      if (isKnown(is) && name.startsWith('SKB_DROP_REASON_')) expect(kernelNames(is)).toContain(name);
    }
    expect(kernelNames('IPTABLE_RULE_DROP')).toEqual(['SKB_DROP_REASON_NETFILTER_DROP', 'NETFILTER_DROP']);
    for (const name of [...OUR_OWN, 'OVS_DROP_METER', '___RX_DROP_UNUSABLE']) expect(kernelNames(name)).toEqual([]);
  });
});

describe('functions that free packets', () => {
  test('give reasons of the catalog', () => {
    for (const reason of REASON_OF_FUNCTION.values()) expect(isKnown(reason), reason).toBe(true);
  });

  test('give the same class by their reason and without one', () => {
    const both = [...REASON_OF_FUNCTION].filter(([name]) => CLASS_OF_FUNCTION.has(name));
    expect(both.length).toBeGreaterThan(10);
    for (const [name, reason] of both) expect([name, CLASS_OF_FUNCTION.get(name)]).toEqual([name, classOf(reason)]);
  });

  test.each([
    ['br_flood', 'NO_TX_TARGET'],
    ['br_forward', 'NO_TX_TARGET'],
    ['br_multicast_flood', 'NO_TX_TARGET'],
    ['br_handle_frame', 'BRIDGE_INGRESS_STP_STATE'],
    ['br_handle_frame_finish', 'BRIDGE_INGRESS_STP_STATE'],
    ['packet_rcv', 'PACKET_SOCK_ERROR'],
    ['__fq_codel_dequeue', 'QDISC_CONGESTED'],
    ['cake_dequeue', 'QDISC_CONGESTED'],
    ['veth_xmit', 'FULL_RING'],
    ['tun_net_xmit', 'FULL_RING'],
    ['vxlan_rcv', 'VXLAN_VNI_NOT_FOUND'],
    ['inet6_csk_xmit', 'IP_OUTNOROUTES'],
    ['ipv6_destopt_rcv', 'IPV6_BAD_EXTHDR'],
    ['ip6_parse_tlv', 'IPV6_BAD_EXTHDR'],
    ['kfree_skb_list', 'QDISC_DROP'],
    ['tap_handle_frame', 'FULL_RING'],
    ['ping_queue_rcv_skb', 'SOCKET_RCVBUFF'],
    ['ip_finish_output2', 'NEIGH_CREATEFAIL'],
    ['ip_local_deliver_finish', 'IP_NOPROTO'],
    ['ip6_input_finish', 'IP_NOPROTO'],
    ['tcp_v4_do_rcv', 'TCP_ABORT_ON_DATA'],
    ['vxlan_xmit', 'NO_TX_TARGET'],
    ['tun_get_user', 'DEV_READY'],
  ])('have the class of the reason that a newer kernel gives there: %s, %s', (name, reason) => {
    expect(isKnown(reason)).toBe(true);
    expect(CLASS_OF_FUNCTION.get(name)).toBe(classOf(reason));
  });

  test('stay unknown where they free for several reasons', () => {
    for (const name of ['__udp4_lib_rcv', '__udp6_lib_rcv', 'tcp_v4_rcv', 'kfree_skb_list', 'ip_rcv_core', 'br_handle_frame']) {
      expect(REASON_OF_FUNCTION.get(name)).toBeUndefined();
    }
  });

  test('mean something else beside reasons only where they free for several', () => {
    for (const [name, of] of CLASS_BESIDE_REASONS) {
      expect(CLASS_OF_FUNCTION.get(name), name).not.toBe(of);
      expect(REASON_OF_FUNCTION.get(name), name).toBeUndefined();
    }
  });

  test('have one class each, and a name as kallsyms has it without suffixes', () => {
    for (const name of [...REASON_OF_FUNCTION.keys(), ...CLASS_OF_FUNCTION.keys(), ...CLASS_BESIDE_REASONS.keys()])
      expect(name).toMatch(/^[a-z_][a-z0-9_]*$/);
  });
});

describe('reasons.yaml', () => {
  const TEXT = readFileSync(join(import.meta.dirname, '../../../../../src/receivers/dropreason/reasons/reasons.yaml'), 'utf8');
  const lineOf = (text: string, part: string) => text.slice(0, text.indexOf(part)).split('\n').length;
  const insertedAfter = (before: string, added: string) => TEXT.replace(before, `${before}${added}`);

  test.each([
    ['an unknown class', TEXT.replace('class: policy', 'class: polite'), 'class: polite', /class: Invalid option/],
    ['a key that nothing reads', TEXT.replace('look_at:', 'lookat:'), 'class: policy', /Unrecognized key: "lookat"|look_at: /],
    [
      'directions of a reason that nobody is alerted on',
      insertedAfter('class: policy\n', '      directions: [egress]\n'),
      'directions: [egress]',
      /capacity and error/,
    ],
    [
      'a name that no reason has',
      TEXT.replace('    NO_SOCKET:', '    no socket:'),
      'no socket:',
      /Sockets.no socket: Invalid key/,
    ],
    [
      'a function that kallsyms would not have',
      TEXT.replace('- igmp_rcv', '- igmp_rcv.cold'),
      'igmp_rcv.cold',
      /not the name of a kernel function/,
    ],
    [
      'a function that is listed twice',
      TEXT.replace('- igmp_rcv', '- icmpv6_rcv'),
      '- icmpv6_rcv\n      - icmpv6_rcv',
      /icmpv6_rcv is listed twice/,
    ],
    [
      'a reason of two subjects',
      insertedAfter('  Sockets:\n', '    UNKNOWN_DROP: {class: error, meaning: m, look_at: l}\n'),
      'UNKNOWN_DROP: {',
      /UNKNOWN_DROP is listed twice/,
    ],
  ])('says where %s is', (_, text, part, message) => {
    expect(text).not.toBe(TEXT);
    expect(() => readCatalog(text)).toThrow(message);
    const [, line] = /reasons\.yaml:(\d+)/.exec(String(captured(() => readCatalog(text)))) ?? [];
    expect(Math.abs(Number(line) - lineOf(text, part))).toBeLessThanOrEqual(1);
  });

  test('must be YAML', () => {
    expect(() => readCatalog('reasons: {')).toThrow(/^reasons\.yaml: .*line 1/s);
  });
});

function captured(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
