/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which way a dropped packet was going: one rule, from the packet alone. */
#ifndef DROPREASON_DIRECTION_BPF_H
#define DROPREASON_DIRECTION_BPF_H

#include "../dropreason.h"
#include "kernel.bpf.h"
#include "length.bpf.h"

/* include/linux/skbuff.h: the low bit of _skb_refdst says that no reference is held. */
#define SKB_DST_NOREF 1UL
/* include/net/dst.h: no routes, but a bridge's stand-in for one (br_netfilter), and a tunnel's metadata. */
#define DST_FAKE_RTABLE 0x0010
#define DST_METADATA 0x0080
/* include/uapi/linux/in_route.h, include/uapi/linux/rtnetlink.h */
#define RTCF_LOCAL 0x80000000
#define RTN_UNICAST 1
/* include/uapi/linux/route.h, include/uapi/linux/ipv6_route.h */
#define RTF_REJECT 0x0200
#define RTF_ANYCAST 0x00100000
#define RTF_LOCAL 0x80000000
/* include/linux/netdevice.h */
#define IFF_EBRIDGE (1 << 1)

/*
 * A route is kept as a number, so the verifier doesn't know what it points to. Since 6.2 (a35b9af4ec2c) a pointer can be
 * given a type, and is then read by plain loads; before, each read is a call of a helper, 20 ns. `cast` says which.
 */
extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak;

#define READ_AS(type, pointer, field, cast)                                                                            \
	((cast) ? ((const struct type *)bpf_rdonly_cast(pointer, bpf_core_type_id_kernel(struct type)))->field         \
		: BPF_CORE_READ((const struct type *)(pointer), field))

/* The route of a packet, NULL where it has none. */
static __always_inline const struct dst_entry *packet_dst(const struct sk_buff *skb, bool cast)
{
	const struct dst_entry *dst = (const void *)(skb->_skb_refdst & ~SKB_DST_NOREF);

	if (!dst || READ_AS(dst_entry, dst, flags, cast) & (DST_FAKE_RTABLE | DST_METADATA))
		return NULL;
	return dst;
}

static __always_inline const struct net *device_net(const struct net_device *dev)
{
	return dev ? dev->nd_net.net : NULL;
}

/* Sent from here, unless it only crosses a veth: then the socket is the other namespace's. */
static __always_inline bool socket_is_here(const struct sk_buff *skb)
{
	const struct sock *sk = skb->sk;

	return sk && skb->dev && sk->__sk_common.skc_net.net == device_net(skb->dev);
}

static __always_inline __u8 direction_sent(const struct sk_buff *skb, __u8 hint, bool cast)
{
	if (hint == DROPREASON_HINT_INGRESS)
		return DROPREASON_INGRESS;
	if (hint == DROPREASON_HINT_EGRESS || skb->mac_header == MAC_HEADER_UNSET || socket_is_here(skb) ||
	    packet_dst(skb, cast))
		return DROPREASON_EGRESS;
	return DROPREASON_UNKNOWN;
}

/* An IPv6 route that isn't for this host forwards, but for those that reject and for multicast. */
static __always_inline bool is_multicast(const struct sk_buff *skb)
{
	/* struct ipv6hdr: the destination address is at 24. */
	__u8 first = 0;

	bpf_probe_read_kernel(&first, 1, skb->head + skb->network_header + 24);
	return first == 0xff;
}

static __always_inline __u8 direction_routed(const struct sk_buff *skb, const struct dst_entry *dst, bool cast)
{
	const struct dst_ops *ops = READ_AS(dst_entry, dst, ops, cast);
	__u16 family = READ_AS(dst_ops, ops, family, cast);

	if (family == AF_INET) {
		if (READ_AS(rtable, dst, rt_flags, cast) & RTCF_LOCAL)
			return DROPREASON_INGRESS;
		return READ_AS(rtable, dst, rt_type, cast) == RTN_UNICAST ? DROPREASON_FORWARD : DROPREASON_INGRESS;
	}
	if (family == AF_INET6) {
		__u32 flags = READ_AS(rt6_info, dst, rt6i_flags, cast);

		if (flags & (RTF_LOCAL | RTF_ANYCAST | RTF_REJECT) || is_multicast(skb))
			return DROPREASON_INGRESS;
		return DROPREASON_FORWARD;
	}
	return DROPREASON_INGRESS;
}

/* Received, and no route says where to: forwarded where a device other than the one it came in by has it now. */
static __always_inline __u8 direction_received(const struct sk_buff *skb)
{
	const struct net_device *dev = skb->dev;
	int ifindex = dev ? dev->ifindex : 0;

	/* UDP keeps something else in the same place while the packet is queued: no device has that index. */
	if (ifindex <= 0 || ifindex == skb->skb_iif)
		return DROPREASON_INGRESS;
	/* A bridge hands up what is for the host as its own. */
	return BPF_CORE_READ_BITFIELD(dev, priv_flags) & IFF_EBRIDGE ? DROPREASON_INGRESS : DROPREASON_FORWARD;
}

/* Received means that skb_iif is set: __netif_receive_skb_core() sets it, crossing into another namespace clears it. */
static __always_inline __u8 packet_direction(const struct sk_buff *skb, __u8 hint, bool cast)
{
	const struct dst_entry *dst;

	if (skb->skb_iif == 0)
		return direction_sent(skb, hint, cast);
	dst = packet_dst(skb, cast);
	return dst ? direction_routed(skb, dst, cast) : direction_received(skb);
}

#endif
