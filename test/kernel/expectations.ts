import type { ReasonClass } from '../../src/receivers/dropreason/reasons/reason_class.ts';
import { type KernelLine, kernelLine } from './kernel_line.ts';
import type { Direction, Scenario } from './scenario.ts';
import type { Family } from './testbed.ts';
import type { View } from './view.ts';

/** What a kernel makes of a scenario. */
export interface Expectation {
  readonly reason: string;
  readonly direction: Direction;
  /** The class, where the function that freed the packet decides on it. */
  readonly class?: ReasonClass;
  /** The kernel frees these packets past the tracepoint: nothing is counted, though its own counter rises. */
  readonly uncounted?: true;
  /** Why it isn't what the newest kernel says: the kernel's function, and the release that changed it. Empty where it is. */
  readonly why: string;
}

interface Difference extends Partial<Expectation> {
  readonly why: string;
  /** Both, where it isn't given. */
  readonly family?: Family;
}

/** A kernel without reasons names no more than the function that freed the packet, and only netfilter's has one meaning. */
function freedIn(kernelFunction: string): Difference {
  const why = `${kernelFunction} frees it, and others for other reasons; kfree_skb has a reason since 5.17 (c504e5c2f964)`;
  return { reason: 'UNKNOWN_DROP', why };
}

function freedInBoth(v4: string, v6: string): readonly Difference[] {
  return [
    { ...freedIn(v4), family: 'ipv4' },
    { ...freedIn(v6), family: 'ipv6' },
  ];
}

const BEFORE_BRIDGE_REASONS: Readonly<Record<string, Difference>> = {
  'bridge/port that takes none': { reason: 'UNKNOWN_DROP', why: 'br_handle_frame has a reason for it since 6.14' },
  'bridge/no port that is given it': { reason: 'UNKNOWN_DROP', why: 'br_flood has a reason for it since 6.14' },
};

/** raw_v4_input() looks at the receive buffer before it copies the packet; older kernels copy it, and free the copy. */
const FULL_RAW_SOCKET: Readonly<Record<string, Difference>> = {
  'uncounted/raw socket full': {
    uncounted: true,
    why: 'raw_v4_input copies nothing to a full socket, Debian 6.12.117 and later',
  },
};

/** By kernel and by scenario; what isn't here is as the scenario itself says. */
const DIFFERENCES: Readonly<Partial<Record<KernelLine, Readonly<Record<string, Difference | readonly Difference[]>>>>> = {
  '5.10': {
    'devices/tc-bpf in': freedIn('__netif_receive_skb_core (sch_handle_ingress)'),
    'devices/tc-bpf out': freedIn('__dev_queue_xmit (sch_handle_egress)'),
    // Other hooks are freed in nf_hook_slow(); this one's loop is its own, and the same function frees for a port's state.
    'nftables/bridge prerouting': freedIn('br_handle_frame (nf_hook_bridge_pre)'),
    'routing/no route': freedInBoth('ip_error', 'ip6_pkt_drop'),
    'routing/hop limit': freedInBoth('ip_forward', 'ip6_forward'),
    'routing/rp_filter': freedIn('ip_rcv_finish_core'),
    'sockets/UDP closed port': freedInBoth('__udp4_lib_rcv', '__udp6_lib_rcv'),
    'sockets/UDP receive buffer full': freedInBoth('udp_queue_rcv_one_skb', 'udpv6_queue_rcv_one_skb'),
    'sockets/UDP bad checksum': freedInBoth('udp_queue_rcv_one_skb', 'udpv6_queue_rcv_one_skb'),
    'sockets/FIN in TIME_WAIT': freedInBoth('tcp_v4_rcv', 'tcp_v6_rcv').map((one) => ({ ...one, class: 'unclassified' })),
    'without reason/multicast that nobody joined': {
      ...freedIn('ip_rcv_finish_core'),
      family: 'ipv4',
      class: 'unclassified',
    },
    'sockets/closed TCP socket': {
      reason: 'UNKNOWN_DROP',
      uncounted: true,
      why: 'tcp_drop frees with __kfree_skb, past the tracepoint; with kfree_skb_reason since 5.18 (082116ffcb74)',
    },
    'large/fragments to a closed port': freedInBoth('__udp4_lib_rcv', '__udp6_lib_rcv'),
    'tun/ring full sent': freedIn('tun_net_xmit'),
    'tun/ring full forwarded': freedIn('tun_net_xmit'),
    'tun/written while down': { ...freedIn('tun_get_user'), class: 'error' },
    'bridge/port that takes none': freedIn('br_handle_frame'),
    'bridge/no port that is given it': freedIn('br_flood'),
    'uncounted/raw socket full': freedIn('raw_rcv'),
  },
  '6.1': BEFORE_BRIDGE_REASONS,
  '6.12': { ...BEFORE_BRIDGE_REASONS, ...FULL_RAW_SOCKET },
  '6.12-rt': { ...BEFORE_BRIDGE_REASONS, ...FULL_RAW_SOCKET },
  '6.18': FULL_RAW_SOCKET,
};

/** Whether a reset that closes a socket is itself a drop: tcp_validate_incoming consumes it since 5.19 (d9d024f96609). */
export function resetIsDropped(line = kernelLine()): boolean {
  return line === '5.10';
}

/** Whether a queue of fragments that is given up is dropped, too: it is consumed since 6.2, when reassembly got reasons. */
export function fragmentsAreDropped(line = kernelLine()): boolean {
  return line === '5.10' || line === '6.1';
}

/** Whether no reason comes with a drop: then the function that freed it tells, where all of its frees have the same. */
export function isWithoutReasons({ line, byFunction }: View): boolean {
  return byFunction || line === '5.10';
}

/** What netfilter's drops are called where nothing tells which part of it dropped them. */
const UNTOLD = 'IPTABLE_RULE_DROP';
/** What the function that freed a packet tells, a hook, or a call. */
const TOLD_BY_FUNCTION = [UNTOLD, 'IPTABLE_NAT_DROP', 'CONNTRACK_ADD_DROP', 'TCP_CONNECT_BASIC', 'TCP_ACCEPT_BASIC'];

/** What a reason is counted as with the hooks on these rungs; undefined where it isn't counted at all. */
export function reasonOn(reason: string, { rungs }: View, scenario: Scenario): string | undefined {
  switch (reason) {
    case 'IPTABLE_NAT_DROP':
      return rungs.nat === 'none' || (rungs.nat === 'tracepoint' && !scenario.freedInChain) ? UNTOLD : reason;
    case 'CONNTRACK_ADD_DROP':
      // The tracepoint with call chains tells it too, from a connection that NAT is through with and nobody has confirmed.
      return rungs.conntrack === 'none' ? UNTOLD : reason;
    case 'TCP_CONNECT_BASIC':
      return rungs.connect === 'none' ? undefined : reason;
    case 'TCP_ACCEPT_BASIC':
      return rungs.accept === 'none' ? undefined : reason;
    default:
      return reason;
  }
}

/** Whatever a queue drops is freed at one place. */
function queued({ reason }: Scenario, { line }: View): readonly Difference[] {
  return line === '5.10' && reason === 'QDISC_DROP' ? [{ ...freedIn('kfree_skb_list'), class: 'capacity' }] : [];
}

/** What has to be counted of that scenario. */
export function expected(scenario: Scenario, family: Family, view: View): Expectation {
  const reason = reasonOn(scenario.reason, view, scenario);
  const due: Expectation = {
    reason: reason ?? scenario.reason,
    direction: (view.byFunction ? scenario.directionByFunction : undefined) ?? scenario.direction,
    why: '',
    ...(scenario.class === undefined ? {} : { class: scenario.class }),
    ...(reason === undefined || scenario.uncounted ? { uncounted: true } : {}),
  };
  const differences = [DIFFERENCES[view.line]?.[scenario.name] ?? queued(scenario, view)].flat();
  const difference = differences.find((one) => (one.family ?? family) === family);
  if (!view.byFunction) return { ...due, ...difference };
  // What this kernel frees past the tracepoint it does whoever tells the reason.
  if (difference?.uncounted) return { ...due, reason: 'UNKNOWN_DROP', ...difference };
  // Newer kernels free elsewhere than the one that this stands for, but netfilter's functions free for nobody else there too.
  if (TOLD_BY_FUNCTION.includes(due.reason)) return due;
  // What a function frees beside its drops with reasons can't be told from them.
  const isMixed = due.class !== undefined && !scenario.classByFunction?.includes(family);
  return { ...due, reason: 'UNKNOWN_DROP', ...(isMixed ? { class: 'unclassified' } : {}) };
}
