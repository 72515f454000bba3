/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The device that has a packet, and the socket that it is of: what they tell about where the packet is. */
#ifndef DROPREASON_DEVICE_BPF_H
#define DROPREASON_DEVICE_BPF_H

#include "route.bpf.h"
#include <bpf/bpf_endian.h>

/* Devices that may share a bucket of net->dev_index_head (NETDEV_HASHENTRIES buckets) and are still found. */
#define MAX_DEVICES_IN_BUCKET 16
#define NETDEV_HASHENTRIES 256
/* Addresses of a device that are looked at. */
#define MAX_ADDRESSES 16

/* enum bpf_xdp_mode in include/linux/netdevice.h: a program in the driver. */
#define XDP_MODE_DRV 1

static __always_inline const struct net *device_net(const struct net_device *dev)
{
	return dev ? dev->nd_net.net : NULL;
}

/* Where `data` is, as the headers' places are kept. */
static __always_inline __u64 data_offset(const struct sk_buff *skb)
{
	return (__u64)skb->data - (__u64)skb->head;
}

/*
 * The device of a packet, NULL where it has none. A TCP socket that has received it may keep a pointer to another packet in the
 * same place (its tree of what came out of order): data is behind the transport header then, which no device sees.
 */
static __always_inline const struct net_device *packet_device(const struct packet *packet)
{
	const struct sk_buff *skb = packet->skb;

	if (packet->sk && skb->skb_iif && skb->transport_header > skb->network_header &&
	    data_offset(skb) > skb->transport_header)
		return NULL;
	return packet->dev;
}

/* As dev_get_by_index_rcu() finds it. */
static __always_inline const struct net_device *device_of_index(const struct net *net, int ifindex, bool cast)
{
	const struct hlist_head *buckets = READ_AS(net, net, dev_index_head, cast);
	struct hlist_node *node = READ_AS(hlist_head, &buckets[ifindex & (NETDEV_HASHENTRIES - 1)], first, cast);
	int i;

	for (i = 0; i < MAX_DEVICES_IN_BUCKET && node; i++) {
		const struct net_device *dev = (void *)node - bpf_core_field_offset(struct net_device, index_hlist);

		if (READ_AS(net_device, dev, ifindex, cast) == ifindex)
			return dev;
		node = READ_AS(hlist_node, node, next, cast);
	}
	return NULL;
}

/* Bits of enum netdev_priv_flags. */
static __always_inline __u32 private_flags(const struct net_device *dev)
{
	return BPF_CORE_READ_BITFIELD(dev, priv_flags);
}

#define HAS_PRIVATE_FLAG(dev, flag) (private_flags(dev) & bpf_core_enum_value(enum netdev_priv_flags, flag))

/* An intermediate functional block: the device to which tc redirects what it wants to queue (drivers/net/ifb.c). */
static __always_inline bool is_ifb(const struct net_device *dev, bool cast)
{
	const struct rtnl_link_ops *ops = READ_AS(net_device, dev, rtnl_link_ops, cast);
	const char *kind = ops ? READ_AS(rtnl_link_ops, ops, kind, cast) : NULL;

	/* "ifb" and its end are one word; any type that begins with a word would do. */
	return kind && READ_AS(in6_addr, kind, in6_u.u6_addr32[0], cast) == bpf_htonl('i' << 24 | 'f' << 16 | 'b' << 8);
}

/* Whether a program of XDP runs in the device's driver. Of all drivers, veth alone shows its program packets (veth_xdp_rcv_skb). */
static __always_inline bool has_native_xdp(const struct net_device *dev)
{
	if (!bpf_core_field_exists(dev->xdp_state))
		return false;
	return dev->xdp_state[XDP_MODE_DRV].prog || dev->xdp_state[XDP_MODE_DRV].link;
}

static __always_inline bool has_address4(const struct net_device *dev, __be32 address, bool cast)
{
	const struct in_device *in = READ_AS(net_device, dev, ip_ptr, cast);
	const struct in_ifaddr *own = in ? READ_AS(in_device, in, ifa_list, cast) : NULL;
	int i;

	for (i = 0; i < MAX_ADDRESSES && own; i++) {
		if (READ_AS(in_ifaddr, own, ifa_local, cast) == address)
			return true;
		own = READ_AS(in_ifaddr, own, ifa_next, cast);
	}
	return false;
}

/* All four words at once: a branch for each would have the verifier go 64 ways. */
static __always_inline bool same_address(const struct in6_addr *a, const struct in6_addr *b)
{
	const __u32 *one = a->in6_u.u6_addr32, *other = b->in6_u.u6_addr32;

	return ((one[0] ^ other[0]) | (one[1] ^ other[1]) | (one[2] ^ other[2]) | (one[3] ^ other[3])) == 0;
}

static __always_inline bool has_address6(const struct net_device *dev, const struct in6_addr *address, bool cast)
{
	const struct inet6_dev *in = READ_AS(net_device, dev, ip6_ptr, cast);
	const struct list_head *next = in ? READ_AS(inet6_dev, in, addr_list.next, cast) : NULL;
	struct in6_addr wanted, own;
	int i;

	read_address6(&wanted, address, cast);
	for (i = 0; i < MAX_ADDRESSES && next; i++) {
		const struct inet6_ifaddr *entry = (void *)next - bpf_core_field_offset(struct inet6_ifaddr, if_list);

		read_address6(&own, (void *)entry + bpf_core_field_offset(struct inet6_ifaddr, addr), cast);
		if (same_address(&own, &wanted))
			return true;
		next = READ_AS(list_head, next, next, cast);
	}
	return false;
}

/* Whether the packet's source is an address of that device. */
static __always_inline bool is_from(const struct packet *packet, const struct net_device *dev)
{
	const struct sk_buff *skb = packet->skb;
	const unsigned char *header = skb->head + skb->network_header;

	if (skb->protocol == bpf_htons(ETH_P_IP))
		return has_address4(dev, READ_AS(iphdr, header, saddr, packet->cast), packet->cast);
	return skb->protocol == bpf_htons(ETH_P_IPV6) &&
	       has_address6(dev, (void *)header + bpf_core_field_offset(struct ipv6hdr, saddr), packet->cast);
}

/*
 * Whether a socket of the device's own namespace has sent the packet: what only crosses a veth still has the other
 * namespace's socket. The socket of an open TUN or TAP device has no family, and has sent nothing.
 */
static __always_inline bool has_own_socket(const struct packet *packet)
{
	const struct sock *sk = packet->sk;

	return sk && packet->dev && sk->__sk_common.skc_family != AF_UNSPEC &&
	       sk->__sk_common.skc_net.net == device_net(packet->dev);
}

/* Whether a program has written the packet into a TUN or TAP device. What is written into a macvtap is sent by its macvlan. */
static __always_inline bool is_written(const struct packet *packet)
{
	const struct sock *sk = packet->sk;

	return sk && packet->dev && sk->__sk_common.skc_family == AF_UNSPEC && !HAS_PRIVATE_FLAG(packet->dev, IFF_MACVLAN);
}

#endif
