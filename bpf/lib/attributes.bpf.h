/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The opt-in attributes of a packet: read only where config.attributes asks for them. */
#ifndef DROPREASON_ATTRIBUTES_BPF_H
#define DROPREASON_ATTRIBUTES_BPF_H

#include "../dropreason.h"
#include "kernel.bpf.h"
#include <bpf/bpf_endian.h>

/* Extension headers that are looked past for the transport protocol. */
#define MAX_EXTENSION_HEADERS 6
/* Devices that may share a bucket of net->dev_index_head (NETDEV_HASHENTRIES buckets) and are still found. */
#define MAX_DEVICES_IN_BUCKET 16
#define NETDEV_HASHENTRIES 256

/* include/uapi/linux/in6.h, include/uapi/linux/in.h */
#define IPPROTO_HOPOPTS 0
#define IPPROTO_ROUTING 43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_DSTOPTS 60

static __always_inline __u8 packet_family(const struct sk_buff *skb)
{
	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		return DROPREASON_IPV4;
	case bpf_htons(ETH_P_IPV6):
		return DROPREASON_IPV6;
	default:
		return DROPREASON_OTHER;
	}
}

static __always_inline bool is_extension_header(__u8 protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING || protocol == IPPROTO_FRAGMENT ||
	       protocol == IPPROTO_DSTOPTS;
}

/* The transport protocol's number (RFC 8200 section 4.1 for the chain of extension headers). */
static __always_inline __u16 packet_protocol(const struct sk_buff *skb, __u8 family)
{
	const unsigned char *header = skb->head + skb->network_header;
	__u8 next[2] = {}; /* an extension header begins with the next protocol and its length in 8 bytes, less the first 8 */
	__u8 protocol = 0;
	int i;

	if (family == DROPREASON_OTHER || skb->network_header == 0)
		return DROPREASON_NO_PROTOCOL;
	if (family == DROPREASON_IPV4) {
		bpf_probe_read_kernel(&protocol, 1, header + 9);
		return protocol;
	}
	bpf_probe_read_kernel(&protocol, 1, header + 6);
	header += 40;
	for (i = 0; i < MAX_EXTENSION_HEADERS && is_extension_header(protocol); i++) {
		bpf_probe_read_kernel(next, sizeof(next), header);
		header += protocol == IPPROTO_FRAGMENT ? 8 : (next[1] + 1) * 8;
		protocol = next[0];
	}
	return protocol;
}

/* The namespace of the device, else of the socket, else of the route's device. */
static __always_inline const struct net *packet_net(const struct sk_buff *skb)
{
	const struct net *net = BPF_CORE_READ(skb, dev, nd_net.net);
	const struct dst_entry *dst;

	if (!net)
		net = BPF_CORE_READ(skb, sk, __sk_common.skc_net.net);
	if (net)
		return net;
	dst = packet_dst(skb, false);
	return dst ? BPF_CORE_READ(dst, dev, nd_net.net) : NULL;
}

/* As dev_get_by_index_rcu() finds it. */
static __always_inline void name_of_index(char *name, const struct net *net, int ifindex)
{
	const struct hlist_head *buckets = BPF_CORE_READ(net, dev_index_head);
	struct hlist_node *node = BPF_CORE_READ(&buckets[ifindex & (NETDEV_HASHENTRIES - 1)], first);
	int i;

	for (i = 0; i < MAX_DEVICES_IN_BUCKET && node; i++) {
		const struct net_device *dev = (void *)node - bpf_core_field_offset(struct net_device, index_hlist);

		if (BPF_CORE_READ(dev, ifindex) == ifindex) {
			bpf_probe_read_kernel_str(name, 16, &dev->name);
			return;
		}
		node = BPF_CORE_READ(node, next);
	}
}

/* The name of the packet's device, else of the one that it came in by; empty where neither is known. */
static __always_inline void packet_interface(char *name, const struct sk_buff *skb)
{
	const struct net_device *dev = skb->dev;
	const struct net *net;

	if (dev && dev->ifindex > 0) {
		bpf_probe_read_kernel_str(name, 16, &dev->name);
		return;
	}
	net = packet_net(skb);
	if (net && skb->skb_iif > 0)
		name_of_index(name, net, skb->skb_iif);
}

#endif
