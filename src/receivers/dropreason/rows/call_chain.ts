/**
 * The netfilter hook at which a packet was dropped, by the kernel functions that run the hooks (NF_HOOK and related macros; static functions
 * are often inlined, so their callers are listed). A chain is read from the free outwards; the first match decides.
 */
const HOOK_OF_FUNCTION: Readonly<Record<string, string>> = {
  // net/ipv4
  ip_rcv: 'prerouting',
  ip_list_rcv: 'prerouting',
  ip_sublist_rcv: 'prerouting',
  xfrm4_transport_finish: 'prerouting',
  ip_local_deliver: 'input',
  ip_forward: 'forward',
  ip_mr_forward: 'forward',
  ipmr_queue_xmit: 'forward',
  __ip_local_out: 'output',
  raw_sendmsg: 'output',
  raw_send_hdrinc: 'output',
  ip_output: 'postrouting',
  ip_mc_output: 'postrouting',
  xfrm4_output: 'postrouting',
  // net/ipv6
  ipv6_rcv: 'prerouting',
  ipv6_list_rcv: 'prerouting',
  ip6_sublist_rcv: 'prerouting',
  xfrm6_transport_finish: 'prerouting',
  ip6_input: 'input',
  ip6_forward: 'forward',
  ip6_mr_forward: 'forward',
  ip6mr_forward2: 'forward',
  __ip6_local_out: 'output',
  ip6_xmit: 'output',
  rawv6_sendmsg: 'output',
  rawv6_send_hdrinc: 'output',
  ndisc_send_skb: 'output',
  mld_sendpack: 'output',
  ip6_output: 'postrouting',
  xfrm6_output: 'postrouting',
  // net/xfrm
  xfrm_output_resume: 'postrouting',
  // net/bridge
  br_handle_frame: 'prerouting',
  nf_hook_bridge_pre: 'prerouting',
  br_pass_frame_up: 'input',
  br_handle_frame_finish: 'forward',
  br_dev_xmit: 'output',
  br_forward_finish: 'postrouting',
  br_nf_pre_routing: 'prerouting',
  br_nf_pre_routing_ipv6: 'prerouting',
  br_nf_local_in: 'input',
  br_nf_forward: 'forward',
  br_nf_forward_ip: 'forward',
  br_nf_forward_arp: 'forward',
  br_nf_post_routing: 'postrouting',
  // net/ipv4/arp.c
  arp_rcv: 'input',
  arp_xmit: 'output',
  // net/core/dev.c
  __netif_receive_skb_core: 'ingress',
  __dev_queue_xmit: 'egress',
};

/** What follows was interrupted, and belongs to other packets. */
const BOUNDARY = /softirq|_interrupt$/;

const NAT_FUNCTIONS: ReadonlySet<string> = new Set(['nft_nat_do_chain', 'nf_nat_inet_fn']);

export interface ChainStory {
  /** `prerouting` … `egress`, or `unknown`. */
  readonly hook: string;
  /** Whether NAT dropped it. */
  readonly nat: boolean;
  /** Whether a hook function's verdict freed it, as that of the confirmation does. */
  readonly byVerdict: boolean;
}

/** What a call chain shows. `functions`: names, starting with the one that freed the packet; empty if unknown. */
export function readChain(functions: readonly string[]): ChainStory {
  const end = functions.findIndex((name) => BOUNDARY.test(name));
  const ours = end === -1 ? functions : functions.slice(0, end);
  const decides = ours.findIndex((name) => Object.hasOwn(HOOK_OF_FUNCTION, name));
  const inside = decides === -1 ? ours : ours.slice(0, decides);
  return {
    hook: HOOK_OF_FUNCTION[ours[decides] ?? ''] ?? 'unknown',
    nat: inside.some((name) => NAT_FUNCTIONS.has(name)),
    byVerdict: ours[0] === 'nf_hook_slow',
  };
}
