import type { ReasonClass } from '../../src/receivers/dropreason/reasons/reason_class.ts';
import { type KernelLine, kernelLine } from './kernel_line.ts';
import type { Direction, Scenario } from './scenario.ts';
import type { Family } from './testbed.ts';
import type { View } from './view.ts';

/** How a kernel reports a scenario. */
export interface Expectation {
  readonly reason: string;
  readonly direction: Direction;
  /** The class, if the function that freed the packet determines it. */
  readonly class?: ReasonClass;
  /** The kernel frees these packets without the tracepoint: nothing is counted, though its own counter rises. */
  readonly uncounted?: true;
  /** Why it differs from the newest kernel: the kernel's function, and the release that changed it. Empty if it doesn't differ. */
  readonly why: string;
}

interface Difference extends Partial<Expectation> {
  readonly why: string;
  /** Default: both. */
  readonly family?: Family;
}

/** A kernel without reasons only shows the function that freed the packet. Only netfilter's function has a single meaning. */
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

/** raw_v4_input() checks the receive buffer before it copies the packet. Older kernels copy it, and free the copy. */
const FULL_RAW_SOCKET: Readonly<Record<string, Difference>> = {
  'uncounted/raw socket full': {
    uncounted: true,
    why: 'raw_v4_input copies nothing to a full socket, Debian 6.12.117 and later',
  },
};

/** By kernel and scenario. All other scenarios are as they declare themselves. */
const DIFFERENCES: Readonly<Partial<Record<KernelLine, Readonly<Record<string, Difference | readonly Difference[]>>>>> = {
  '5.10': {
    'devices/tc-bpf in': freedIn('__netif_receive_skb_core (sch_handle_ingress)'),
    'devices/tc-bpf out': freedIn('__dev_queue_xmit (sch_handle_egress)'),
    // Packets of other hooks are freed in nf_hook_slow(). This hook has its own loop, and the same function also frees for a port's state.
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

/** Whether fragments of an abandoned reassembly are dropped too. They are consumed since 6.2, when reassembly got reasons. */
export function fragmentsAreDropped(line = kernelLine()): boolean {
  return line === '5.10' || line === '6.1';
}

/** Whether drops have no reason. Then the function that freed the packet determines it, if all frees of the function have the same one. */
export function isWithoutReasons({ line, byFunction }: View): boolean {
  return byFunction || line === '5.10';
}

/** The reason of netfilter's drops if it is unknown which part of netfilter dropped them. */
const UNTOLD = 'IPTABLE_RULE_DROP';
/** Reasons that are determined by the function that freed the packet, by a hook, or by a call. */
const TOLD_BY_FUNCTION = [UNTOLD, 'IPTABLE_NAT_DROP', 'CONNTRACK_ADD_DROP', 'TCP_CONNECT_BASIC', 'TCP_ACCEPT_BASIC'];

/** The reason under which drops are counted with the hooks on these rungs. Undefined if they aren't counted. */
export function reasonOn(reason: string, { rungs }: View, scenario: Scenario): string | undefined {
  switch (reason) {
    case 'IPTABLE_NAT_DROP':
      return rungs.nat === 'none' || (rungs.nat === 'tracepoint' && !scenario.freedInChain) ? UNTOLD : reason;
    case 'CONNTRACK_ADD_DROP':
      // The tracepoint with call chains identifies it too: the connection has passed NAT and is not confirmed.
      return rungs.conntrack === 'none' ? UNTOLD : reason;
    case 'TCP_CONNECT_BASIC':
      return rungs.connect === 'none' ? undefined : reason;
    case 'TCP_ACCEPT_BASIC':
      return rungs.accept === 'none' ? undefined : reason;
    default:
      return reason;
  }
}

/** All drops of a queue are freed in one place. */
function queued({ reason }: Scenario, { line }: View): readonly Difference[] {
  return line === '5.10' && reason === 'QDISC_DROP' ? [{ ...freedIn('kfree_skb_list'), class: 'capacity' }] : [];
}

/** The expected counts of that scenario. */
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
  // Packets that this kernel frees without the tracepoint are uncounted with any source of reasons.
  if (difference?.uncounted) return { ...due, reason: 'UNKNOWN_DROP', ...difference };
  // Newer kernels free in other places than a kernel without reasons, but netfilter's functions still free only netfilter's drops.
  if (TOLD_BY_FUNCTION.includes(due.reason)) return due;
  // Other drops by this function can't be distinguished from those that have a reason.
  const isMixed = due.class !== undefined && !scenario.classByFunction?.includes(family);
  return { ...due, reason: 'UNKNOWN_DROP', ...(isMixed ? { class: 'unclassified' } : {}) };
}
