import type { KernelLine } from './kernel_line.ts';
import { type Hook, type Rung, WHERE_CALLS_RETURN } from './rungs.ts';

/** A command that counts and judges: a script, and its arguments. */
export type Judging = readonly string[];

export interface Edit {
  /** Below bpf/. */
  readonly file: string;
  /** Must exist exactly once in that file, so that a stale list is noticed. */
  readonly find: string;
  readonly replace: string;
}

/** Removes one increment from the programs, and names the scenarios that must notice. */
export interface Mutation extends Edit {
  /** Unique. */
  readonly name: string;
  /** A change that makes the mutation matter, such as a smaller map. It is also made without the mutation. */
  readonly given?: Edit;
  /** Each of these must fail. If empty, nothing detects the mutation yet, and `why` explains it. */
  readonly by: readonly Judging[];
  readonly why?: string;
  /** The rungs that hooks must have so that the mutated code runs. */
  readonly rungs?: Readonly<Partial<Record<Hook, Rung>>>;
  /** Runs only in a guest of test/vm. */
  readonly where?: 'guest';
  /** The only kernel on which the mutation has an effect. */
  readonly line?: KernelLine;
}

function scenarios(filter: string): Judging {
  return ['test/kernel/main.ts', '--filter', filter];
}

/** Failures that only the call itself reports, on a rung that every kernel has. */
function returned(filter: string, ...more: string[]): Judging {
  return ['test/kernel/main.ts', ...more, '--rungs', WHERE_CALLS_RETURN, '--filter', filter];
}

function advanced(filter: string): Judging {
  return ['test/kernel/main.ts', '--mode', 'advanced', '--filter', filter];
}

const RULE = scenarios('nftables/inet output ipv4');
const NODE_ROWS = scenarios('full map/new reasons ipv4');
const FLOWS = advanced('nftables/inet output ipv4');
const FLOWS_FULL = advanced('full map/new reasons ipv4');
const FLOWS_OF_CALLS = returned('connect/no route ipv4', '--mode', 'advanced');
const CONNECT = returned('connect/no route ipv4');
const REFUSED = scenarios('connect/refused ipv4');
const ACCEPT = returned('accept/not listening ipv4');
/** A connect and an accept: two rows. */
const ROWS_OF_CALLS = returned('full map/new reasons ipv4');
/** Softirqs that drop while the first program waits. Requires a kernel that prevents recursion of programs (6.1). */
const INTERLEAVING: Judging = ['test/vm/stress/main.ts', 'interleaving'];

const ONE_UNLISTED_ROW: Edit = {
  file: 'lib/maps.bpf.h',
  find: `__uint(max_entries, 1024);
	__type(key, struct dropreason_key);
	__type(value, struct dropreason_entry);
} dropreason_unlisted`,
  replace: `__uint(max_entries, 1);
	__type(key, struct dropreason_key);
	__type(value, struct dropreason_entry);
} dropreason_unlisted`,
};

const COUNTS: readonly Mutation[] = [
  {
    name: 'packets of shared rows',
    file: 'lib/maps.bpf.h',
    find: '__sync_fetch_and_add(&count->packets, 1);',
    replace: '',
    by: [RULE, CONNECT],
  },
  {
    name: 'bytes of shared rows',
    file: 'lib/maps.bpf.h',
    find: '__sync_fetch_and_add(&count->bytes, bytes);',
    replace: ';',
    by: [RULE],
  },
  { name: 'packets of node rows', file: 'lib/maps.bpf.h', find: 'count->packets += 1;', replace: '', by: [NODE_ROWS] },
  { name: 'bytes of node rows', file: 'lib/maps.bpf.h', find: 'count->bytes += bytes;', replace: '', by: [NODE_ROWS] },
  { name: 'node rows', file: 'lib/maps.bpf.h', find: 'add(count, bytes, config.atomic);', replace: 'return;', by: [NODE_ROWS] },
  { name: 'loss slots', file: 'lib/maps.bpf.h', find: 'add(count, 0, true);', replace: 'return;', by: [NODE_ROWS] },
  {
    name: 'rows of a shared map',
    file: 'lib/maps.bpf.h',
    find: 'add(&entry->all, bytes, true);',
    replace: '',
    by: [RULE, CONNECT],
  },
];

const DROPS: readonly Mutation[] = [
  {
    name: 'drops',
    file: 'drops.bpf.c',
    find: 'count_at(entry, &key, plane, bytes);',
    replace: '',
    by: [RULE],
  },
  {
    name: 'drops in node rows',
    file: 'drops.bpf.c',
    find: '\telse\n\t\tcount_node(row, plane, bytes);',
    replace: '\telse if (0)\n\t\tcount_node(row, plane, bytes);',
    by: [NODE_ROWS],
  },
  {
    name: 'slot not_packet',
    file: 'drops.bpf.c',
    find: 'count_loss(DROPREASON_SLOT_NOT_PACKET);',
    replace: 'return 0;',
    by: [scenarios('not packets/')],
  },
  {
    name: 'slot fragment',
    file: 'drops.bpf.c',
    find: 'count_loss(DROPREASON_SLOT_FRAGMENT);',
    replace: 'return 0;',
    by: [scenarios('large/fragments in INPUT ipv4')],
  },
  {
    name: 'slot attributes_full of drops',
    file: 'drops.bpf.c',
    find: 'count_loss(DROPREASON_SLOT_ATTRIBUTES_FULL);',
    replace: '',
    by: [NODE_ROWS],
  },
  {
    name: 'slot no_header',
    file: 'drops.bpf.c',
    find: 'count_loss(DROPREASON_SLOT_NO_HEADER);',
    replace: '',
    by: [],
    why: 'no scenario drops a packet whose network header lies beyond its end',
  },
  {
    name: 'slot unlisted_full of drops',
    file: 'drops.bpf.c',
    find: 'count_loss(DROPREASON_SLOT_UNLISTED_FULL);',
    replace: 'return;',
    by: [],
    why: 'no scenario fills the 1024 rows of dropreason_unlisted or dropreason_rescued',
  },
  {
    name: 'rescued drops',
    file: 'drops.bpf.c',
    find: 'count_at(entry, &key, plane, bytes);',
    replace: 'if (!rescue)\n\t\tcount_at(entry, &key, plane, bytes);',
    by: [INTERLEAVING],
    where: 'guest',
    // Later kernels (6.10) inline the functions that a program without opt-ins calls, so it has no place to wait in.
    line: '6.1',
  },
  {
    name: 'how many were rescued',
    file: 'drops.bpf.c',
    find: 'count_entry(rescued, 0);',
    replace: '',
    by: [INTERLEAVING],
    where: 'guest',
  },
  {
    name: 'call chains that are lost',
    file: 'lib/stack.bpf.h',
    find: 'if (first == FRAMES_READ) {\n\t\tcount_loss(DROPREASON_SLOT_STACKS_FULL);',
    replace: 'if (first == FRAMES_READ) {',
    by: [],
    why: 'no scenario frees a packet without the freeing function in its call chain, or has 1024 call chains',
  },
];

const CALLS: readonly Mutation[] = [
  {
    name: 'calls with attributes',
    file: 'calls.bpf.c',
    find: 'entry = ENTRY_OF(dropreason_attributes, plane, &full);',
    replace: 'return;',
    by: [CONNECT, REFUSED, ACCEPT],
  },
  {
    name: 'calls without attributes',
    file: 'calls.bpf.c',
    find: 'entry = ENTRY_OF(dropreason_unlisted, plane, &key);',
    replace: 'return;',
    by: [NODE_ROWS],
  },
  {
    name: 'calls that return an error',
    file: 'calls.bpf.c',
    find: '\t\tcount_call(sk, call, -value);',
    replace: '\t\treturn 0;',
    by: [CONNECT, ACCEPT],
  },
  {
    name: 'connects that fail later',
    file: 'calls.bpf.c',
    find: '\t\tcount_call(sk, DROPREASON_CALL_CONNECT, error);',
    replace: '\t\treturn 0;',
    by: [REFUSED],
  },
  {
    name: 'slot attributes_full of calls',
    file: 'calls.bpf.c',
    find: 'count_loss(DROPREASON_SLOT_ATTRIBUTES_FULL);',
    replace: ';',
    by: [NODE_ROWS],
  },
  {
    name: 'slot unlisted_full of calls',
    file: 'calls.bpf.c',
    find: 'count_loss(DROPREASON_SLOT_UNLISTED_FULL);',
    replace: 'return;',
    given: ONE_UNLISTED_ROW,
    by: [ROWS_OF_CALLS],
  },
];

/** Whether an attempt has failed, and whether it was counted. These are not increments, but the conditions for them. */
const ATTEMPTS: readonly Mutation[] = [
  {
    name: 'soft errors that nobody read',
    file: 'lib/attempt.bpf.h',
    find: 'if (soft && !(attempt && attempt->before == soft))',
    replace: 'if (0)',
    by: [scenarios('connect/rejected here, fast open, given up ipv6')],
  },
  {
    name: 'soft errors of an attempt before',
    file: 'lib/attempt.bpf.h',
    find: '.before = sk->sk_err_soft',
    replace: '.before = 0',
    by: [scenarios('connect/rejected here, disconnected, given up ipv4')],
  },
  {
    name: 'soft errors in the queue',
    file: 'lib/attempt.bpf.h',
    find: 'soft = queued_error(sk);',
    replace: 'soft = 0;',
    by: [scenarios('connect/rejected here, io_uring ipv4')],
  },
  {
    name: 'queued errors of an attempt before',
    file: 'lib/attempt.bpf.h',
    find: 'bpf_ntohl(sequence) == BPF_CORE_READ((const struct tcp_sock *)sk, snd_una)',
    replace: '1',
    by: [scenarios('connect/rejected by and by, unread, given up when it began again ipv4')],
  },
  {
    name: 'soft errors as the call returned',
    file: 'lib/attempt.bpf.h',
    find: 'soft = attempt->soft;',
    replace: 'soft = 0;',
    by: [returned('connect/rejected here, read at once ipv6')],
  },
  {
    name: 'attempts that fail as they begin',
    file: 'lib/attempt.bpf.h',
    find: 'ended.unsent = is_beginning(sk);',
    replace: '',
    by: [scenarios('connect/refused, unread, disconnected, no port left ipv4')],
  },
  {
    name: 'an attempt without a SYN is returned once',
    file: 'lib/attempt.bpf.h',
    find: 'attempt->unsent ? error == attempt->counted :',
    replace: '0 ? false :',
    by: [returned('connect/refused, unread, disconnected, no port left ipv4')],
  },
  {
    name: 'an attempt whose SYN was made as it began',
    file: 'lib/attempt.bpf.h',
    find: 'next && next - first <= 1 ? 0 : EADDRNOTAVAIL',
    replace: 'EADDRNOTAVAIL',
    by: [],
    why: 'no scenario has tcp_connect() fail: it takes a lack of memory, or a security module that refuses the SYN',
  },
  {
    name: "subflows' attempts",
    file: 'lib/attempt.bpf.h',
    find: '&& !is_subflow(sk)',
    replace: '',
    by: [scenarios('connect/MPTCP, refused, read, then no route ipv4')],
  },
  {
    name: 'a failure is returned once',
    file: 'lib/attempt.bpf.h',
    find: '\tbpf_map_delete_elem(&dropreason_connects, &key);\n\treturn counted;',
    replace: '\treturn counted;',
    by: [returned('connect/no neighbour, blocking, then unreachable ipv4')],
  },
  {
    name: 'a failure of its own errno',
    file: 'lib/attempt.bpf.h',
    find: '(error == attempt->counted || error == ECONNABORTED)',
    replace: '1',
    by: [returned('connect/refused, read, disconnected, no route ipv4')],
  },
  {
    name: 'a failure that SO_ERROR has told',
    file: 'lib/attempt.bpf.h',
    find: '(error == attempt->counted || error == ECONNABORTED)',
    replace: 'error == attempt->counted',
    by: [returned('connect/refused, read, then no route ipv4')],
  },
  {
    name: 'a failure after an unread one',
    file: 'lib/attempt.bpf.h',
    find: ' && !BPF_CORE_READ(sk, sk_err)',
    replace: '',
    by: [returned('connect/no neighbour, unread, disconnected, unreachable ipv4')],
  },
];

/**
 * The effect of notes: that one is added, and that it is taken. The number of pending notes only saves a look-up at each free. If one
 * increment is removed, it is still above 0, since a twin takes back its own.
 */
const NOTES: readonly Mutation[] = [
  {
    name: 'a note is put',
    file: 'lib/notes.bpf.h',
    find: 'if (!bpf_map_update_elem(&dropreason_notes, &skb, &note, BPF_NOEXIST))\n\t\treturn;',
    replace: '(void)note; return;',
    by: [scenarios('nat/nft input ipv4')],
    rungs: { nat: 'fexit' },
  },
  {
    name: 'a note is taken',
    file: 'lib/notes.bpf.h',
    find: 'reason = note->reason;',
    replace: 'reason = 0;',
    by: [scenarios('nat/nft input ipv4'), scenarios('conntrack/nft SNAT onto one port local ipv4')],
    rungs: { nat: 'fexit', conntrack: 'fexit' },
  },
  {
    name: 'verdicts of NAT and conntrack',
    file: 'netfilter.bpf.c',
    find: '\t\tput_note(skb, reason, 0);',
    replace: '\t\treturn 0;',
    by: [scenarios('nat/legacy INPUT ipv4'), scenarios('conntrack/nft SNAT onto one port local ipv4')],
    rungs: { nat: 'fexit', conntrack: 'fexit' },
  },
  {
    name: 'slot notes_full',
    file: 'lib/notes.bpf.h',
    find: 'count_loss(DROPREASON_SLOT_NOTES_FULL);',
    replace: 'return;',
    by: [],
    why: 'no scenario leaves 1024 notes at a time',
  },
];

/** That flows plus overflow equal the rows. */
const FLOW_COUNTS: readonly Mutation[] = [
  {
    name: 'first packet of a flow',
    file: 'lib/flow.bpf.h',
    find: '{ .packets = 1, .bytes = bytes }',
    replace: '{ .bytes = bytes }',
    by: [FLOWS, FLOWS_OF_CALLS],
  },
  {
    name: 'first bytes of a flow',
    file: 'lib/flow.bpf.h',
    find: '{ .packets = 1, .bytes = bytes }',
    replace: '{ .packets = 1 }',
    by: [FLOWS],
  },
  {
    name: 'further packets of a flow',
    file: 'lib/flow.bpf.h',
    find: '\tadd(count, bytes, true);\n',
    replace: '',
    by: [FLOWS, FLOWS_OF_CALLS],
  },
  {
    name: 'overflow of drops',
    file: 'drops.bpf.c',
    find: 'count_overflow_at(entry, &key, plane, bytes);',
    replace: ';',
    by: [FLOWS_FULL],
  },
  {
    name: 'flows of calls',
    file: 'calls.bpf.c',
    find: 'return count_flow(plane, &flow, 0) != FLOW_WITHOUT_ROOM;',
    replace: 'return true;',
    by: [FLOWS_OF_CALLS],
  },
  {
    name: 'overflow of calls',
    file: 'calls.bpf.c',
    find: 'count_entry_overflow(entry, 0);',
    replace: ';',
    by: [FLOWS_FULL],
  },
];

/** The inputs of the direction rule, and the headers before the counted bytes. */
const RULES: readonly Mutation[] = [
  {
    name: 'direction: an ifb receives',
    file: 'lib/direction.bpf.h',
    find: 'if (is_ifb(packet->dev, packet->cast))',
    replace: 'if (0)',
    by: [scenarios('shaping/received ipv4')],
  },
  {
    name: 'direction: redirected on the way out',
    file: 'lib/direction.bpf.h',
    find: 'if (is_redirected(skb) && !BPF_CORE_READ_BITFIELD(skb, from_ingress))',
    replace: 'if (0)',
    by: [scenarios('shaping/sent ipv6')],
  },
  {
    name: 'direction: behind an ifb',
    file: 'lib/direction.bpf.h',
    find: 'return in && is_ifb(in, packet->cast) ?',
    replace: 'return !in ?',
    by: [scenarios('shaping/sent and passed ipv6')],
  },
  {
    name: "direction: a device's own addresses",
    file: 'lib/direction.bpf.h',
    find: 'return out && is_from(packet, out) ?',
    replace: 'return 0 ?',
    by: [scenarios('shaping/sent ipv6'), scenarios('shaping/sent from a class ipv4')],
  },
  {
    name: 'direction: a route for sending',
    file: 'lib/direction.bpf.h',
    find: 'if (READ_AS(rtable, dst, rt_is_input, packet->cast))',
    replace: 'if (1)',
    by: [scenarios('nftables/inet prerouting reject ipv4')],
  },
  {
    name: 'direction: a reference to a route',
    file: 'lib/direction.bpf.h',
    find: 'if (!(skb->_skb_refdst & SKB_DST_NOREF) &&',
    replace: 'if (0 &&',
    by: [scenarios('nftables/inet prerouting reject ipv6')],
  },
  {
    name: 'direction: a reference to a route, or the way back',
    file: 'lib/direction.bpf.h',
    find: 'if (!(skb->_skb_refdst & SKB_DST_NOREF) &&',
    replace: 'if (',
    by: [scenarios('routing/back where it came from ipv6')],
  },
  {
    name: 'direction: written into a TUN device',
    file: 'lib/direction.bpf.h',
    find: 'hint == DROPREASON_INGRESS || is_written(packet)',
    replace: 'hint == DROPREASON_INGRESS',
    by: [scenarios('tun/written while down ipv4')],
  },
  {
    name: 'direction: native XDP',
    file: 'lib/direction.bpf.h',
    find: 'if (reason == config.unspecified && dev && has_native_xdp(dev))',
    replace: 'if (0)',
    by: [scenarios('xdp/native on veth ipv4')],
  },
  {
    name: 'direction: begins with the link header',
    file: 'lib/direction.bpf.h',
    find: 'if (is_behind_link_header(packet->skb)) {',
    replace: 'if (1) {',
    by: [scenarios('tun/ring full sent ipv4'), scenarios('nftables/arp netdev egress')],
  },
  {
    name: 'bytes of VLAN tags',
    file: 'lib/length.bpf.h',
    find: ' - vlan_bytes(packet);',
    replace: ';',
    by: [scenarios('xdp/generic, 2 VLAN tags ipv4')],
  },
];

export const MUTATIONS: readonly Mutation[] = [...COUNTS, ...DROPS, ...RULES, ...CALLS, ...ATTEMPTS, ...NOTES, ...FLOW_COUNTS];
