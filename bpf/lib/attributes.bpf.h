/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The opt-in attributes of a packet: read only where config.attributes asks for them. */
#ifndef DROPREASON_ATTRIBUTES_BPF_H
#define DROPREASON_ATTRIBUTES_BPF_H

#include "../dropreason.h"
#include "direction.bpf.h"
#include "maps.bpf.h"
#include <bpf/bpf_endian.h>

/* Extension headers that are looked past for the transport protocol. */
#define MAX_EXTENSION_HEADERS 6

/* include/uapi/linux/in6.h, include/uapi/linux/in.h */
#define IPPROTO_HOPOPTS 0
#define IPPROTO_ROUTING 43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_DSTOPTS 60

/* struct iphdr without options; struct ipv6hdr */
#define IPV4_HEADER_BYTES 20
#define IPV6_HEADER_BYTES 40
/* struct iphdr, frag_off: where a fragment that isn't the first begins, in 8 bytes */
#define IP_OFFSET 0x1fff

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

/* Whether this many bytes of the network header lie in the packet's linear part, where they can be read. */
static __always_inline bool has_network_header(const struct sk_buff *skb, __u32 bytes)
{
	return skb->network_header != 0 && skb->network_header + bytes <= skb->tail;
}

/* What comes behind the IP header. */
struct transport {
	__u16 protocol; /* IP protocol number, or DROPREASON_NO_PROTOCOL */
	__u32 offset; /* from skb->head; 0 where it isn't known or isn't there: in all but the first fragment */
};

/* RFC 8200 section 4.1 for the chain of extension headers. */
static __always_inline void read_transport(struct transport *transport, const struct sk_buff *skb, __u8 family, bool cast)
{
	const unsigned char *header = skb->head + skb->network_header;
	/* An extension header begins with the next protocol and its length in 8 bytes, less the first 8. */
	__u8 next[4] = {};
	__u8 protocol = 0, first = 0;
	__u32 offset = skb->network_header + IPV6_HEADER_BYTES;
	int i;

	if (family == DROPREASON_IPV4 && has_network_header(skb, IPV4_HEADER_BYTES)) {
		transport->protocol = READ_AS(iphdr, header, protocol, cast);
		if (!config.ports || READ_AS(iphdr, header, frag_off, cast) & bpf_htons(IP_OFFSET))
			return;
		bpf_probe_read_kernel(&first, 1, header);
		transport->offset = skb->network_header + (first & 15) * 4;
		return;
	}
	if (family != DROPREASON_IPV6 || !has_network_header(skb, IPV6_HEADER_BYTES))
		return;
	protocol = READ_AS(ipv6hdr, header, nexthdr, cast);
	for (i = 0; i < MAX_EXTENSION_HEADERS && is_extension_header(protocol); i++) {
		bpf_probe_read_kernel(next, sizeof(next), skb->head + offset);
		if (protocol == IPPROTO_FRAGMENT && (next[2] || next[3] & 0xf8)) {
			transport->protocol = next[0];
			return;
		}
		offset += protocol == IPPROTO_FRAGMENT ? 8 : (next[1] + 1) * 8;
		protocol = next[0];
	}
	transport->protocol = protocol;
	transport->offset = offset;
}

/* The transport protocol's number. */
static __always_inline __u16 packet_protocol(const struct sk_buff *skb, __u8 family, bool cast)
{
	struct transport transport = { .protocol = DROPREASON_NO_PROTOCOL };

	read_transport(&transport, skb, family, cast);
	return transport.protocol;
}

/* The namespace of the device, else of the socket, else of the route's device. */
static __always_inline const struct net *packet_net(const struct sk_buff *skb)
{
	const struct net *net = BPF_CORE_READ(packet_device(skb), nd_net.net);
	const struct dst_entry *dst;

	if (!net)
		net = BPF_CORE_READ(skb, sk, __sk_common.skc_net.net);
	if (net)
		return net;
	dst = packet_dst(skb, false);
	return dst ? BPF_CORE_READ(dst, dev, nd_net.net) : NULL;
}

/* What tells a network namespace. */
struct netns {
	__u64 cookie;
	__u32 inode;
};

/*
 * Since 5.12 (3d368ab87cf6) the cookie is a number that the namespace has from the beginning. Before, it is made when a program
 * first asks for it, and of another type, so that the field is none here.
 */
static __always_inline struct netns read_netns(const struct net *net)
{
	struct netns netns = { .inode = BPF_CORE_READ(net, ns.inum) };

	if (bpf_core_field_exists(net->net_cookie))
		netns.cookie = BPF_CORE_READ(net, net_cookie);
	return netns;
}

/* The same by plain loads. */
static __always_inline struct netns load_netns(const struct net *net)
{
	struct netns netns = { .inode = net->ns.inum };

	if (bpf_core_field_exists(net->net_cookie))
		netns.cookie = net->net_cookie;
	return netns;
}

/* That of a packet, by plain loads where it is the device's or the socket's. */
static __always_inline struct netns packet_netns(const struct sk_buff *skb, bool cast)
{
	const struct net *net = device_net(packet_device(skb));
	const struct sock *sk = skb->sk;
	const struct dst_entry *dst;

	if (net)
		return load_netns(net);
	net = sk ? sk->__sk_common.skc_net.net : NULL;
	if (net)
		return load_netns(net);
	dst = packet_dst(skb, cast);
	return read_netns(dst ? BPF_CORE_READ(dst, dev, nd_net.net) : NULL);
}

static __always_inline void fill_netns(struct dropreason_key *key, const struct net *net)
{
	const struct netns netns = read_netns(net);

	key->cookie = netns.cookie;
	key->netns = netns.inode;
}

/* The name of the packet's device, else of the one that it came in by; empty where neither is known. */
static __always_inline void packet_interface(char *name, const struct sk_buff *skb)
{
	const struct net_device *dev = packet_device(skb);
	const struct net *net;

	if (dev && dev->ifindex > 0) {
		bpf_probe_read_kernel_str(name, 16, &dev->name);
		return;
	}
	net = packet_net(skb);
	dev = net && skb->skb_iif > 0 ? device_of_index(net, skb->skb_iif) : NULL;
	if (dev)
		bpf_probe_read_kernel_str(name, 16, &dev->name);
}

#endif
