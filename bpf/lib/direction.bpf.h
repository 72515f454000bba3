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
static __always_inline __u8 direction_unrouted(const struct packet *packet, __u32 reason, __u8 hint)
{
	const struct net_device *dev = packet->dev;

	if (is_behind_link_header(packet->skb)) {
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

static __always_inline __u8 direction_sent(const struct packet *packet, __u32 reason)
{
	__u8 hint = hint_of(reason);

	if (hint == DROPREASON_INGRESS || is_written(packet))
		return DROPREASON_INGRESS;
	if (packet->skb->mac_header == MAC_HEADER_UNSET || has_own_socket(packet) || packet_dst(packet))
		return DROPREASON_EGRESS;
	return direction_unrouted(packet, reason, hint);
}

static __always_inline bool is_ipvs(const struct sk_buff *skb)
{
	return bpf_core_field_exists(skb->ipvs_property) && BPF_CORE_READ_BITFIELD(skb, ipvs_property);
}

static __always_inline bool is_multicast(const struct packet *packet)
{
	const unsigned char *header = packet->skb->head + packet->skb->network_header;

	return READ_AS(ipv6hdr, header, daddr.in6_u.u6_addr8[0], packet->cast) == 0xff;
}

static __always_inline bool is_redirected(const struct sk_buff *skb)
{
	return bpf_core_field_exists(skb->redirected) && BPF_CORE_READ_BITFIELD(skb, redirected);
}

/*
 * On its way out by way of an ifb, which `out` has redirected it to: tc clones what it redirects then, so that the socket is gone.
 * Sent from here, or forwarded? A route of IPv4 tells, while the packet has it; nobody else sends from the device's own addresses.
 */
static __always_inline __u8 direction_shaped(const struct packet *packet, const struct dst_entry *dst,
					     const struct net_device *out)
{
	const struct sk_buff *skb = packet->skb;
	bool is_ip = skb->protocol == bpf_htons(ETH_P_IP) || skb->protocol == bpf_htons(ETH_P_IPV6);

	/* What has no header of a link forwards IP alone. */
	if (packet->sk || !is_ip)
		return DROPREASON_EGRESS;
	if (dst && route_family(dst, packet->cast) == AF_INET)
		return READ_AS(rtable, dst, rt_is_input, packet->cast) ? DROPREASON_FORWARD : DROPREASON_EGRESS;
	return out && is_from(packet, out) ? DROPREASON_EGRESS : DROPREASON_UNKNOWN;
}

/*
 * Received, and a device other than the one that it came in by has it: it is on its way out, or has been in an ifb on its way out, or
 * is in one: tc writes down the device that it redirects from as the one that the packet came in by (tcf_mirred_to_dev()). What
 * Ethernet has received has the length of its header.
 */
static __always_inline __u8 direction_passed_on(const struct packet *packet, const struct dst_entry *dst)
{
	const struct sk_buff *skb = packet->skb;
	const struct net_device *in;

	if (has_own_socket(packet))
		return DROPREASON_EGRESS;
	if (skb->mac_len || is_ipvs(skb))
		return DROPREASON_FORWARD;
	in = device_of_index(device_net(packet->dev), skb->skb_iif, packet->cast);
	if (is_redirected(skb) && !BPF_CORE_READ_BITFIELD(skb, from_ingress))
		return direction_shaped(packet, dst, in);
	return in && is_ifb(in, packet->cast) ? direction_shaped(packet, dst, packet->dev) : DROPREASON_FORWARD;
}

/* Of a routed packet that was passed on: to be told by direction_passed_on(). */
#define DIRECTION_PASSED_ON 0xff

static __always_inline __u8 direction_routed4(const struct packet *packet, const struct dst_entry *dst, bool passed_on)
{
	__u16 type;

	if (READ_AS(rtable, dst, rt_flags, packet->cast) & RTCF_LOCAL)
		return DROPREASON_INGRESS;
	type = READ_AS(rtable, dst, rt_type, packet->cast);
	if (READ_AS(rtable, dst, rt_is_input, packet->cast))
		return type == RTN_UNICAST ? DROPREASON_FORWARD : DROPREASON_INGRESS;
	/* A route for sending. Where the packet hasn't been passed on, IPVS and multicast routing have looked it up … */
	if (passed_on)
		return DIRECTION_PASSED_ON;
	if (is_ipvs(packet->skb) || (type == RTN_MULTICAST && route_ifindex(dst, packet->cast) != packet->skb->skb_iif))
		return DROPREASON_FORWARD;
	/* … or REJECT has, before routing: it leads back to the sender (nf_reject_fill_skb_dst()). Or it was looped back. */
	return DROPREASON_INGRESS;
}

static __always_inline __u8 direction_routed6(const struct packet *packet, const struct dst_entry *dst, bool passed_on)
{
	const struct sk_buff *skb = packet->skb;

	if (READ_AS(rt6_info, dst, rt6i_flags, packet->cast) & (RTF_LOCAL | RTF_ANYCAST | RTF_REJECT))
		return DROPREASON_INGRESS;
	if (passed_on)
		return DIRECTION_PASSED_ON;
	if (is_multicast(packet))
		return DROPREASON_INGRESS;
	/* IPv6 has no mark on routes for sending. REJECT's has a reference, which routes of reception do without. */
	if (!(skb->_skb_refdst & SKB_DST_NOREF) && route_ifindex(dst, packet->cast) == skb->skb_iif && !is_ipvs(skb))
		return DROPREASON_INGRESS;
	return DROPREASON_FORWARD;
}

static __always_inline __u8 direction_routed(const struct packet *packet, const struct dst_entry *dst, bool passed_on)
{
	switch (route_family(dst, packet->cast)) {
	case AF_INET:
		return direction_routed4(packet, dst, passed_on);
	case AF_INET6:
		return direction_routed6(packet, dst, passed_on);
	default:
		return DROPREASON_INGRESS;
	}
}

/* A device other than the one that it came in by has it. */
static __always_inline __u8 direction_elsewhere(const struct packet *packet)
{
	const struct sk_buff *skb = packet->skb;
	const struct dst_entry *dst = packet_dst(packet);
	bool redirected = is_redirected(skb);
	__u8 direction = DIRECTION_PASSED_ON;

	/* It waits in the queue of an ifb, and comes in by its own device afterwards. */
	if (redirected && BPF_CORE_READ_BITFIELD(skb, from_ingress)) {
		redirected = false;
		if (is_ifb(packet->dev, packet->cast))
			return DROPREASON_INGRESS;
	}
	if (!redirected) {
		if (dst)
			direction = direction_routed(packet, dst, true);
		/* A bridge hands up what is for the host as its own; what is routed to it still has the link's header in front. */
		else if (HAS_PRIVATE_FLAG(packet->dev, IFF_EBRIDGE) && is_behind_link_header(skb))
			return DROPREASON_INGRESS;
	}
	return direction == DIRECTION_PASSED_ON ? direction_passed_on(packet, dst) : direction;
}

/* Rare, so in functions of their own: see packet.bpf.h. */
__noinline __u8 direction_elsewhere_cast(const struct addresses *addresses)
{
	struct packet packet;

	if (!addresses)
		return DROPREASON_UNKNOWN;
	packet = packet_at(addresses);
	return direction_elsewhere(&packet);
}

static __noinline __u8 direction_elsewhere_copy(const struct sk_buff *skb, const struct net_device *dev, const struct sock *sk)
{
	const struct packet packet = { .skb = skb, .dev = dev, .sk = sk, .cast = false };

	return direction_elsewhere(&packet);
}

static __always_inline __u8 direction_received(const struct packet *packet)
{
	const struct sk_buff *skb = packet->skb;
	const struct net_device *dev = packet_device(packet);
	const struct dst_entry *dst;
	int ifindex = dev ? dev->ifindex : 0;

	/* UDP keeps something else in the same place while the packet is queued: no device has that index. */
	if (ifindex > 0 && ifindex != skb->skb_iif)
		return packet->cast ? direction_elsewhere_cast(ADDRESSES_OF(packet)) :
				      direction_elsewhere_copy(skb, dev, packet->sk);
	dst = packet_dst(packet);
	return dst ? direction_routed(packet, dst, false) : DROPREASON_INGRESS;
}

/* Received means that skb_iif is set: __netif_receive_skb_core() sets it, crossing into another namespace clears it. */
static __always_inline __u8 packet_direction(const struct packet *packet, __u32 reason)
{
	return packet->skb->skb_iif ? direction_received(packet) : direction_sent(packet, reason);
}

#endif
