/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The route of a packet: kept as a number, so that the verifier doesn't know what it points to. */
#ifndef DROPREASON_ROUTE_BPF_H
#define DROPREASON_ROUTE_BPF_H

#include "packet.bpf.h"

/* include/linux/skbuff.h: the low bit of _skb_refdst says that no reference is held. */
#define SKB_DST_NOREF 1UL
/* include/net/dst.h: no routes, but a bridge's stand-in for one (br_netfilter), and a tunnel's metadata. */
#define DST_FAKE_RTABLE 0x0010
#define DST_METADATA 0x0080
/* include/uapi/linux/in_route.h, include/uapi/linux/rtnetlink.h */
#define RTCF_LOCAL 0x80000000
#define RTN_UNICAST 1
#define RTN_MULTICAST 5
/* include/uapi/linux/route.h, include/uapi/linux/ipv6_route.h */
#define RTF_REJECT 0x0200
#define RTF_ANYCAST 0x00100000
#define RTF_LOCAL 0x80000000

/* The route of a packet, NULL where it has none. */
static __always_inline const struct dst_entry *packet_dst(const struct packet *packet)
{
	const struct dst_entry *dst = (const void *)(packet->skb->_skb_refdst & ~SKB_DST_NOREF);

	if (!dst || READ_AS(dst_entry, dst, flags, packet->cast) & (DST_FAKE_RTABLE | DST_METADATA))
		return NULL;
	return dst;
}

static __always_inline __u16 route_family(const struct dst_entry *dst, bool cast)
{
	const struct dst_ops *ops = READ_AS(dst_entry, dst, ops, cast);

	return READ_AS(dst_ops, ops, family, cast);
}

/* Index of the device that a route sends to. */
static __always_inline int route_ifindex(const struct dst_entry *dst, bool cast)
{
	const struct net_device *dev = READ_AS(dst_entry, dst, dev, cast);

	return READ_AS(net_device, dev, ifindex, cast);
}

#endif
