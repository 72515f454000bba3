/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which way a dropped packet was going: one rule, from the packet as it is found. The table in docs/metrics.template.md says
 * what comes out at each place, and which scenario of test/kernel/ shows it.
 */
#ifndef DROPREASON_DIRECTION_BPF_H
#define DROPREASON_DIRECTION_BPF_H

#include "../dropreason.h"
#include "device.bpf.h"
#include "length.bpf.h"
#include "maps.bpf.h"

/* Whether `data` is behind the link's header: taken off at reception, and by a bridge that sends. */
static __always_inline bool is_behind_link_header(const struct sk_buff *skb)
{
	return data_offset(skb) > skb->mac_header;
}

/*
 * No device of this namespace has received the packet yet, and no route or socket of it says that it is being sent: kernels
 * send without a socket (ARP, a reset), other namespaces send through devices that lie on one of this (macvlan), and a veth
 * or a tunnel has taken route and reception off what crosses it. A device is given a packet that begins with the link's header.
 */
static __always_inline __u8 direction_unrouted(const struct sk_buff *skb, __u32 reason, __u8 hint)
{
	const struct net_device *dev = skb->dev;

	if (is_behind_link_header(skb)) {
		/* A bridge gets none this way, but sends so itself, by a port that looks as if it had received the packet. */
		if (dev && HAS_PRIVATE_FLAG(dev, IFF_EBRIDGE))
			return DROPREASON_EGRESS;
		return dev && HAS_PRIVATE_FLAG(dev, IFF_BRIDGE_PORT) ? hint : DROPREASON_INGRESS;
	}
	/* veth puts the link's header back for a program of XDP, whose drops have no reason. */
	if (reason == config.unspecified && dev && has_native_xdp(dev))
		return config.reasoned ? DROPREASON_INGRESS : DROPREASON_UNKNOWN;
	return DROPREASON_EGRESS;
}

/* What the reason's name says: a direction, or 0, which is "unknown". */
static __always_inline __u8 hint_of(__u64 reason)
{
	if (reason >= sizeof(config.hints))
		return DROPREASON_UNKNOWN;
	/* Says it again to verifiers that have lost sight of it (5.10). */
	asm volatile("%0 &= 255" : "+r"(reason));
	return config.hints[reason];
}

static __always_inline __u8 direction_sent(const struct sk_buff *skb, __u32 reason, bool cast)
{
	__u8 hint = hint_of(reason);

	if (hint == DROPREASON_INGRESS || is_written(skb))
		return DROPREASON_INGRESS;
	if (skb->mac_header == MAC_HEADER_UNSET || has_own_socket(skb) || packet_dst(skb, cast))
		return DROPREASON_EGRESS;
	return direction_unrouted(skb, reason, hint);
}

static __always_inline bool is_ipvs(const struct sk_buff *skb)
{
	return bpf_core_field_exists(skb->ipvs_property) && BPF_CORE_READ_BITFIELD(skb, ipvs_property);
}

static __always_inline bool is_multicast(const struct sk_buff *skb, bool cast)
{
	const unsigned char *header = skb->head + skb->network_header;

	return READ_AS(ipv6hdr, header, daddr.in6_u.u6_addr8[0], cast) == 0xff;
}

/*
 * On its way out by way of an ifb, which `out` has redirected it to: tc clones what it redirects then, so that the socket is gone,
 * and writes `out` down as the device that it came in by (tcf_mirred_to_dev()). Sent from here, or forwarded? What Ethernet has
 * received has the length of its header; a route of IPv4 tells, while the packet has it; nobody else sends from the device's own
 * addresses.
 */
static __always_inline __u8 direction_shaped(const struct sk_buff *skb, const struct dst_entry *dst,
					     const struct net_device *out, bool cast)
{
	bool is_ip = skb->protocol == bpf_htons(ETH_P_IP) || skb->protocol == bpf_htons(ETH_P_IPV6);

	if (has_own_socket(skb))
		return DROPREASON_EGRESS;
	if (skb->mac_len || is_ipvs(skb))
		return DROPREASON_FORWARD;
	/* What has no header of a link forwards IP alone. */
	if (skb->sk || !is_ip)
		return DROPREASON_EGRESS;
	if (dst && route_family(dst, cast) == AF_INET)
		return READ_AS(rtable, dst, rt_is_input, cast) ? DROPREASON_FORWARD : DROPREASON_EGRESS;
	return out && is_from(skb, out, cast) ? DROPREASON_EGRESS : DROPREASON_UNKNOWN;
}

/* Received, and a device other than the one that it came in by has it: it is on its way out, or has been in an ifb on its way out. */
static __always_inline __u8 direction_passed_on(const struct sk_buff *skb, const struct dst_entry *dst, bool cast)
{
	const struct net_device *in;

	if (has_own_socket(skb))
		return DROPREASON_EGRESS;
	if (skb->mac_len || is_ipvs(skb))
		return DROPREASON_FORWARD;
	in = device_of_index(device_net(skb->dev), skb->skb_iif);
	return in && is_ifb(in, cast) ? direction_shaped(skb, dst, skb->dev, cast) : DROPREASON_FORWARD;
}

static __always_inline __u8 direction_routed4(const struct sk_buff *skb, const struct dst_entry *dst, bool passed_on,
					      bool cast)
{
	__u16 type;

	if (READ_AS(rtable, dst, rt_flags, cast) & RTCF_LOCAL)
		return DROPREASON_INGRESS;
	type = READ_AS(rtable, dst, rt_type, cast);
	if (READ_AS(rtable, dst, rt_is_input, cast))
		return type == RTN_UNICAST ? DROPREASON_FORWARD : DROPREASON_INGRESS;
	/* A route for sending. Where the packet hasn't been passed on, IPVS and multicast routing have looked it up … */
	if (passed_on)
		return direction_passed_on(skb, dst, cast);
	if (is_ipvs(skb) || (type == RTN_MULTICAST && route_ifindex(dst, cast) != skb->skb_iif))
		return DROPREASON_FORWARD;
	/* … or REJECT has, before routing: it leads back to the sender (nf_reject_fill_skb_dst()). Or it was looped back. */
	return DROPREASON_INGRESS;
}

static __always_inline __u8 direction_routed6(const struct sk_buff *skb, const struct dst_entry *dst, bool passed_on,
					      bool cast)
{
	if (READ_AS(rt6_info, dst, rt6i_flags, cast) & (RTF_LOCAL | RTF_ANYCAST | RTF_REJECT))
		return DROPREASON_INGRESS;
	if (passed_on)
		return direction_passed_on(skb, dst, cast);
	if (is_multicast(skb, cast))
		return DROPREASON_INGRESS;
	/* IPv6 has no mark on routes for sending. REJECT's has a reference, which routes of reception do without. */
	if (!(skb->_skb_refdst & SKB_DST_NOREF) && route_ifindex(dst, cast) == skb->skb_iif && !is_ipvs(skb))
		return DROPREASON_INGRESS;
	return DROPREASON_FORWARD;
}

static __always_inline __u8 direction_routed(const struct sk_buff *skb, const struct dst_entry *dst, bool passed_on, bool cast)
{
	switch (route_family(dst, cast)) {
	case AF_INET:
		return direction_routed4(skb, dst, passed_on, cast);
	case AF_INET6:
		return direction_routed6(skb, dst, passed_on, cast);
	default:
		return DROPREASON_INGRESS;
	}
}

static __always_inline bool is_redirected(const struct sk_buff *skb)
{
	return bpf_core_field_exists(skb->redirected) && BPF_CORE_READ_BITFIELD(skb, redirected);
}

/* A device other than the one that it came in by has it. */
static __always_inline __u8 direction_elsewhere(const struct sk_buff *skb, bool cast)
{
	const struct dst_entry *dst = packet_dst(skb, cast);
	const struct net_device *dev = skb->dev;

	if (is_redirected(skb)) {
		if (!BPF_CORE_READ_BITFIELD(skb, from_ingress))
			return direction_shaped(skb, dst, device_of_index(device_net(dev), skb->skb_iif), cast);
		/* It waits in the queue of an ifb, and comes in by its own device afterwards. */
		if (is_ifb(dev, cast))
			return DROPREASON_INGRESS;
	}
	if (dst)
		return direction_routed(skb, dst, true, cast);
	/* A bridge hands up what is for the host as its own; what is routed to it still has the link's header in front. */
	if (HAS_PRIVATE_FLAG(dev, IFF_EBRIDGE) && is_behind_link_header(skb))
		return DROPREASON_INGRESS;
	return direction_passed_on(skb, dst, cast);
}

/* Functions of their own, so that the common ways have the registers to themselves. Two, since `cast` is to be a constant. */
static __noinline __u8 direction_elsewhere_cast(const struct sk_buff *skb)
{
	return direction_elsewhere(skb, true);
}

static __noinline __u8 direction_elsewhere_copy(const struct sk_buff *skb)
{
	return direction_elsewhere(skb, false);
}

static __always_inline __u8 direction_received(const struct sk_buff *skb, bool cast)
{
	const struct net_device *dev = packet_device(skb);
	const struct dst_entry *dst;
	int ifindex = dev ? dev->ifindex : 0;

	/* UDP keeps something else in the same place while the packet is queued: no device has that index. */
	if (ifindex > 0 && ifindex != skb->skb_iif)
		return cast ? direction_elsewhere_cast(skb) : direction_elsewhere_copy(skb);
	dst = packet_dst(skb, cast);
	return dst ? direction_routed(skb, dst, false, cast) : DROPREASON_INGRESS;
}

/* Received means that skb_iif is set: __netif_receive_skb_core() sets it, crossing into another namespace clears it. */
static __always_inline __u8 packet_direction(const struct sk_buff *skb, __u32 reason, bool cast)
{
	return skb->skb_iif ? direction_received(skb, cast) : direction_sent(skb, reason, cast);
}

#endif
