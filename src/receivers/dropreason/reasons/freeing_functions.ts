import type { ReasonClass } from './reason_class.ts';

/*
 * What the kernel function that freed a packet tells. Names are those of kallsyms, without the compiler's suffixes. The lists
 * come from looking at every call of kfree_skb() and its kin in Debian's 5.10, 6.1 and 6.12 images, with the reason that each
 * passes, and at the sources, those of 7.2 too. A function that ends with a jump to kfree_skb() isn't seen: its caller is.
 */

/**
 * On kernels without reasons (before 5.17), the reason is told by the function that freed the packet: the one that 6.12 gives
 * at the same place. Only functions all of whose frees there have one reason are here; any other is UNKNOWN_DROP, such as
 * __udp4_lib_rcv (no socket, a checksum, a policy) or kfree_skb_list (queues, fragments, failed sends).
 */
export const REASON_OF_FUNCTION: Readonly<Record<string, string>> = {
  // Netfilter: nftables frees at once, everything else where the hooks are called.
  nft_do_chain: 'IPTABLE_RULE_DROP',
  nf_hook_slow: 'IPTABLE_RULE_DROP',
  // The verdict of a cgroup's eBPF program.
  ip_finish_output: 'BPF_CGROUP_EGRESS',
  ip_mc_finish_output: 'BPF_CGROUP_EGRESS',
  ip6_finish_output: 'BPF_CGROUP_EGRESS',
  // Sending.
  __ip_queue_xmit: 'IP_OUTNOROUTES',
  ip6_output: 'IPV6DISABLED',
  arp_error_report: 'NEIGH_FAILED',
  // Receiving.
  flush_backlog: 'DEV_READY',
  packet_rcv: 'PACKET_SOCK_ERROR',
  tpacket_rcv: 'PACKET_SOCK_ERROR',
  // The timers of reassembly.
  ip_expire: 'FRAG_REASM_TIMEOUT',
  ip6_frag_expire: 'FRAG_REASM_TIMEOUT',
  nf_ct_frag6_expire: 'FRAG_REASM_TIMEOUT',
  // Whole queues: sockets that close, devices and neighbour entries that go away.
  skb_queue_purge: 'QUEUE_PURGE',
  sk_stream_kill_queues: 'QUEUE_PURGE',
  inet_sock_destruct: 'QUEUE_PURGE',
  tcp_disconnect: 'QUEUE_PURGE',
  gro_cells_destroy: 'QUEUE_PURGE',
  neigh_destroy: 'QUEUE_PURGE',
  neigh_flush_dev: 'QUEUE_PURGE',
  __neigh_update: 'QUEUE_PURGE',
};

/**
 * The class of an UNKNOWN_DROP, by the function that freed it, on any kernel. A function is here where its frees without a
 * reason are of one class, bar rare failures; where classes mix, as in udp_queue_rcv_one_skb before 5.17 (a full buffer, a
 * filter, a checksum), it isn't, and the drop stays unclassified.
 */
const FUNCTIONS: Readonly<Partial<Record<ReasonClass, readonly string[]>>> = {
  benign: [
    // They free every message that they have dealt with: neighbour discovery and MLD (until 6.2), IGMP, a bridge's spanning tree.
    'icmpv6_rcv',
    'igmp_rcv',
    'br_stp_rcv',
    'stp_pdu_rcv',
    // Frames of 802.2 that no protocol here wants: spanning tree, CDP and the like of the switches around.
    'llc_rcv',
    'llc_station_rcv',
    'snap_rcv',
    'garp_pdu_rcv',
    'mrp_rcv',
    // Multicast that was looped back to this machine already, or that nobody here has joined.
    'ip_mc_output',
    'ip6_mc_input',
    'ipvlan_process_multicast',
    // Multicast that this multicast router forwards to nobody.
    'ip_mr_input',
    'ip6_mr_input',
    // The keepalives by which an IPsec peer behind NAT keeps its mapping (RFC 3948), one every 20 seconds.
    'xfrm4_udp_encap_rcv',
    'xfrm6_udp_encap_rcv',
    // Copies: a bridge that snoops on IGMP and MLD checks one without the padding of a short frame; a tunnel passes on what an
    // ICMP error says of the packet within.
    'ip_mc_check_igmp',
    'ipv6_mc_check_mld',
    'ip4ip6_err',
    'ip6ip6_err',
    'ip6_err_gen_icmpv6_unreach',
    // The same for sockets, where they aren't compiled into __udp4_lib_rcv and __udp6_lib_rcv.
    '__udp4_lib_mcast_deliver',
    '__udp6_lib_mcast_deliver',
    // A message of the error queue after a program has read it.
    'ip_recv_error',
    'ipv6_recv_error',
    'sock_recv_errqueue',
    'ipv6_recv_rxpmtu',
    // What is left as a socket or a queueing discipline ends.
    'skb_rbtree_purge',
    'udp_destruct_common',
    'inet6_destroy_sock',
    'inet6_cleanup_sock',
    'pfifo_fast_reset',
    // Most disciplines leave their packets to this one, which frees them when the lock of the configuration is given back.
    '__rtnl_unlock',
    'cake_reset',
    'cake_reconfigure',
    // What a device still had queued as it ends.
    '__tun_detach',
    'tun_device_event',
    'tun_queue_purge',
    'tun_ptr_free',
    'veth_ptr_free',
    'ipvlan_uninit',
    'macvlan_port_destroy',
    'ifb_dev_free',
    'veth_disable_xdp',
    'veth_napi_del_range',
    // The same on 6.1, which has no QUEUE_PURGE.
    'skb_queue_purge',
    'sk_stream_kill_queues',
    'inet_sock_destruct',
    'tcp_disconnect',
    'gro_cells_destroy',
    'neigh_destroy',
    'neigh_flush_dev',
    '__neigh_update',
    'qdisc_reset',
  ],
  policy: [
    // XDP_DROP of generic XDP, which may be compiled into its caller, and of veth's own; a program of netkit, of a lightweight tunnel.
    'netif_receive_generic_xdp',
    'do_xdp_generic',
    'veth_xdp_rcv_skb',
    'veth_poll',
    'netkit_xmit',
    'run_lwt_bpf',
    // The verdict of a program behind NFQUEUE.
    'nf_reinject',
    'nfqnl_reinject',
    // Routes of type blackhole.
    'dst_discard',
    'dst_discard_out',
    // What a port of a bridge doesn't take, before it gives a reason: it blocks, learns or is locked, or hasn't got that VLAN.
    'br_handle_frame',
    'br_handle_frame_finish',
    'br_allowed_ingress',
    'br_pass_frame_up',
    'br_handle_vlan',
  ],
  capacity: [
    // What queueing disciplines drop, before QDISC_DROP; since 5.19 nothing is freed in a function of this name. The rest is few:
    // packets for a device that is down, fragments left over as one of them fails.
    'kfree_skb_list',
    // A segmented packet, when a token bucket had no room for any of its segments.
    'tbf_enqueue',
    // The queue of packets received, of NFQUEUE, of packets that wait for IPsec.
    'enqueue_to_backlog',
    'nf_queue',
    'xdst_queue_output',
    'xfrm6_transport_finish',
    'xfrm6_transport_finish2',
    // CoDel, before it gives a reason.
    '__fq_codel_dequeue',
    'fq_codel_dequeue',
    '__codel_qdisc_dequeue',
    'codel_qdisc_dequeue',
    // What CAKE drops as it dequeues, and SFQ as it stirs its queues.
    'cake_dequeue',
    'sfq_perturbation',
    // The ring of a veth's other end or of a TUN device (before FULL_RING), the queue of packets that a tunnel has unpacked, of multicast to ipvlan devices.
    'veth_xmit',
    'tun_net_xmit',
    'tap_handle_frame',
    'gro_cells_receive',
    'ipvlan_multicast_enqueue',
    // Multicast whose route a daemon has yet to say.
    'ipmr_cache_unresolved',
    'ip6mr_cache_unresolved',
    // A full ring or buffer of a packet socket, before PACKET_SOCK_ERROR; a full buffer of a ping socket, before SOCKET_RCVBUFF.
    'packet_rcv',
    'tpacket_rcv',
    'ping_queue_rcv_skb',
    // No room for another neighbour, before NEIGH_CREATEFAIL.
    'ip_finish_output2',
  ],
  error: [
    // No route, no neighbour, hop limit, packets that are too big.
    'ip_error',
    'ip6_pkt_drop',
    'ip_forward',
    'ip6_forward',
    'ip_fragment',
    'ip_do_fragment',
    'ip6_fragment',
    '__neigh_event_send',
    'neigh_invalidate',
    'arp_error_report',
    'ndisc_error_report',
    'neigh_resolve_output',
    'neigh_connected_output',
    'neigh_blackhole',
    'blackhole_netdev_xmit',
    'blackhole_neigh_output',
    'ip6_xmit',
    'inet6_csk_xmit',
    'ipmr_destroy_unres',
    'ip6mr_destroy_unres',
    'ipmr_queue_xmit',
    'ipmr_queue_fwd_xmit',
    'ip6mr_forward2',
    'ipvlan_queue_xmit',
    'ipvlan_process_v4_outbound',
    'ipvlan_rcv_frame',
    // A bridge without a port to give the frame to, before NO_TX_TARGET.
    'br_flood',
    'br_forward',
    'br_multicast_flood',
    // A port of a bridge that isn't up, or a frame that is too big for it; IGMP and MLD of this machine that are malformed.
    'br_dev_queue_push_xmit',
    'br_forward_finish',
    'br_multicast_send_query',
    '__br_multicast_send_query',
    'br_dev_xmit',
    // What a bridge has netfilter translate, and then finds no way for.
    'br_nf_pre_routing_finish',
    'br_nf_pre_routing_finish_bridge',
    'br_nf_pre_routing_finish_ipv6',
    'br_nf_dev_queue_xmit',
    // A balancer (IPVS) without a way to the server that it chose.
    'ip_vs_bypass_xmit',
    'ip_vs_bypass_xmit_v6',
    'ip_vs_nat_xmit',
    'ip_vs_nat_xmit_v6',
    'ip_vs_tunnel_xmit',
    'ip_vs_tunnel_xmit_v6',
    'ip_vs_dr_xmit',
    'ip_vs_dr_xmit_v6',
    'ip_vs_icmp_xmit',
    'ip_vs_icmp_xmit_v6',
    // Extension headers of IPv6 that are malformed, or that this host doesn't accept.
    'ipv6_parse_hopopts',
    'ip6_parse_tlv',
    'ipv6_hop_ra',
    'ipv6_hop_jumbo',
    'ipv6_dest_hao',
    'ipv6_destopt_rcv',
    'ipv6_rthdr_rcv',
    // Tunnels: nobody has that one here, a broken header; no route, a packet that is too big, a loop.
    'tunnel4_rcv',
    'tunnel64_rcv',
    'tunnel6_rcv',
    'tunnel46_rcv',
    'gre_rcv',
    'ip_tunnel_rcv',
    'ipip_tunnel_rcv',
    'ipip6_rcv',
    'sit_tunnel_rcv',
    'ipxip6_rcv',
    '__ip6_tnl_rcv',
    'ip_tunnel_xmit',
    'ip_md_tunnel_xmit',
    'ipgre_xmit',
    'gre_tap_xmit',
    'ipip_tunnel_xmit',
    'sit_tunnel_xmit',
    'ip6_tnl_xmit',
    'ip6_tnl_start_xmit',
    'ip6gre_tunnel_xmit',
    '__ipgre_rcv',
    'gre_fb_xmit',
    'erspan_xmit',
    'ip6erspan_tunnel_xmit',
    'vxlan_rcv',
    'vxlan_xmit',
    'vxlan_encap_bypass',
    'encap_bypass_if_local',
    'geneve_udp_encap_recv',
    // WireGuard: no peer for that address, a peer that doesn't answer, no route to it.
    'wg_xmit',
    'wg_packet_purge_staged_packets',
    'send4',
    'send6',
    // MPLS: an unknown label, no hops left, a packet that is too big.
    'mpls_forward',
    'mpls_xmit',
    // A VRF without a route or a neighbour.
    'vrf_xmit',
    'vrf_l3_out',
    'vrf_finish_output',
    'vrf_finish_output6',
    // A bond or a team without an active port.
    'bond_start_xmit',
    'bond_xmit_broadcast',
    'bond_do_alb_xmit',
    'team_dummy_transmit',
    'ab_transmit',
    'lb_transmit',
    'rnd_transmit',
    'rr_transmit',
    // No protocol, before IP_NOPROTO; no socket, checksums, malformed packets.
    'ip_local_deliver_finish',
    'ip6_input',
    'ip6_input_finish',
    '__udp4_lib_rcv',
    '__udp6_lib_rcv',
    'udp_recvmsg',
    'udpv6_recvmsg',
    '__first_packet_length',
    'icmp_rcv',
    'arp_rcv',
    'arp_process',
    // What a TCP socket answers with a reset: data after it was closed, an acknowledgement of what was never sent.
    'tcp_v4_do_rcv',
    'tcp_v6_do_rcv',
    // Reassembly that ran out of time, before FRAG_REASM_TIMEOUT.
    'ip_expire',
    'ip6_frag_expire',
    'nf_ct_frag6_expire',
    // Devices that are down, and packets that they can't take.
    'flush_backlog',
    'tun_get_user',
    'vlan_do_receive',
    'skb_vlan_untag',
    'validate_xmit_skb',
    '__dev_forward_skb',
    '__dev_forward_skb2',
    'skb_do_redirect',
    '__bpf_redirect',
    // IPsec: no state, a failed authentication, a malformed header.
    'xfrm_input',
    'xfrm4_ah_rcv',
    'xfrm4_esp_rcv',
    'xfrm4_ipcomp_rcv',
    'xfrm6_ah_rcv',
    'xfrm6_esp_rcv',
    'xfrm6_ipcomp_rcv',
    'xfrm4_rcv_encap',
    'xfrm6_rcv_encap',
    'xfrm4_rcv_encap_finish',
    'xfrm4_transport_finish',
    'xfrm_output',
    'xfrm_output_resume',
    '__xfrm6_output',
    'xfrmi_xmit',
    'vti_tunnel_xmit',
    'vti6_tnl_xmit',
  ],
};

/**
 * The same, but only where the kernel gives reasons, and before what is said above: there, all but one kind of these functions'
 * frees has one. Before 5.17 they free for every reason (a checksum, no socket).
 */
const FUNCTIONS_BESIDE_REASONS: typeof FUNCTIONS = {
  benign: [
    // What reaches a socket in TIME_WAIT, or in FIN_WAIT2 whose program has gone: the peer's own FIN, most of all, and late
    // duplicates (tcp_timewait_state_process() in net/ipv4/tcp_minisocks.c answers; `goto discard_it` in net/ipv4/tcp_ipv4.c
    // frees). Likewise what a half-open connection needs no more of (tcp_check_req()): a SYN that was sent again, a bare ACK
    // where the listener defers (TCP_DEFER_ACCEPT). Before 6.15 (e34100c2ecbb) these are joined by the rare segment that ends
    // a handshake while the accept queue is full, which has TCP_LISTEN_OVERFLOW since.
    'tcp_v4_rcv',
    'tcp_v6_rcv',
    // An acknowledgement that was dealt with, and has no data to queue, once the peer has sent its FIN (CLOSE_WAIT, LAST_ACK,
    // CLOSING): each one of a connection that is half closed (step 7 in net/ipv4/tcp_input.c).
    'tcp_rcv_state_process',
    // Broadcast and multicast that reach this machine, and none of its sockets: DHCP, mDNS and NetBIOS of the neighbours.
    // __udp4_lib_mcast_deliver() in net/ipv4/udp.c and its twin are compiled into these; `IgnoredMulti` counts the same.
    '__udp4_lib_rcv',
    '__udp6_lib_rcv',
    // Multicast that nobody here has joined, as any bridge, container or promiscuous device receives it: it has no route
    // (ip_route_input_rcu() in net/ipv4/route.c). Until 6.12 these are joined by the rare packets whose source or
    // destination can't be; 6.18 has IP_INVALID_SOURCE and the like for them.
    'ip_rcv_finish_core',
    // The copy on the wire of multicast that is for this machine alone: hop limit 0, or the scope of an interface.
    'ip6_finish_output2',
  ],
  error: [
    // Packets for a device that is down, or that sends to itself in a circle. Before 5.17 this is what tc's egress hook drops.
    '__dev_queue_xmit',
  ],
};

function byName(functions: typeof FUNCTIONS): ReadonlyMap<string, ReasonClass> {
  return new Map(Object.entries(functions).flatMap(([each, names]) => names.map((name) => [name, each as ReasonClass] as const)));
}

/** On any kernel. */
export const CLASS_OF_FUNCTION = byName(FUNCTIONS);
/** Where the kernel's reasons are used. */
export const CLASS_BESIDE_REASONS = byName(FUNCTIONS_BESIDE_REASONS);

/** Every function that tells something. */
export const FUNCTIONS_THAT_TELL: readonly string[] = [
  ...Object.keys(REASON_OF_FUNCTION),
  ...CLASS_OF_FUNCTION.keys(),
  ...CLASS_BESIDE_REASONS.keys(),
];
