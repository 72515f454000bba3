import { release } from 'node:os';
import type { Direction, Scenario } from './scenario.ts';
import type { Family } from './testbed.ts';

/** Kernels that differ: those of docs/kernels.md, each standing for the ones up to the next. */
export type KernelLine = '5.10' | '6.1' | '6.12' | '6.12-rt' | '6.18';

/** What a kernel makes of a scenario. */
export interface Expectation {
  readonly reason: string;
  readonly direction: Direction;
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

/** By kernel and by scenario; what isn't here is as the scenario itself says. */
const DIFFERENCES: Readonly<Partial<Record<KernelLine, Readonly<Record<string, Difference | readonly Difference[]>>>>> = {
  '5.10': {
    'devices/tbf local': freedIn('kfree_skb_list'),
    'devices/tbf forwarded': freedIn('kfree_skb_list'),
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
    'sockets/closed TCP socket': {
      reason: 'UNKNOWN_DROP',
      uncounted: true,
      why: 'tcp_drop frees with __kfree_skb, past the tracepoint; with kfree_skb_reason since 5.18 (082116ffcb74)',
    },
    'large/fragments to a closed port': freedInBoth('__udp4_lib_rcv', '__udp6_lib_rcv'),
  },
};

/** The line that a release such as `6.12.117+deb12-rt-amd64` belongs to: the newest that isn't newer than it. */
export function kernelLine(of = release()): KernelLine {
  const [major = 0, minor = 0] = of.split('.').map(Number.parseFloat);
  const atLeast = (a: number, b: number) => major > a || (major === a && minor >= b);
  if (atLeast(6, 18)) return '6.18';
  if (atLeast(6, 12)) return /[+-]rt|rt\d*-/.test(of) ? '6.12-rt' : '6.12';
  return atLeast(6, 1) ? '6.1' : '5.10';
}

/** Whether a reset that closes a socket is itself a drop: tcp_validate_incoming consumes it since 5.19 (d9d024f96609). */
export function resetIsDropped(line = kernelLine()): boolean {
  return line === '5.10';
}

/** What `line` is to say of that scenario. */
export function expected(scenario: Scenario, family: Family, line: KernelLine): Expectation {
  const difference = [DIFFERENCES[line]?.[scenario.name] ?? []].flat().find((one) => (one.family ?? family) === family);
  return { reason: scenario.reason, direction: scenario.direction, why: '', ...difference };
}
