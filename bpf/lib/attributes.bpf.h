/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The opt-in attributes of a packet: read only where config.attributes asks for them. */
#ifndef DROPREASON_ATTRIBUTES_BPF_H
#define DROPREASON_ATTRIBUTES_BPF_H

#include "../dropreason.h"
#include "direction.bpf.h"
#include "maps.bpf.h"
#include "netns.bpf.h"
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

/*
 * Past the chain of extension headers (RFC 8200 section 4.1): the transport's protocol, and its offset in the upper half; no
 * offset in a fragment that isn't the first.
 */
static __always_inline __u64 past_extensions(const struct sk_buff *skb, __u8 protocol, bool cast)
{
	/* An extension header begins with the next protocol and its length in 8 bytes, less the first 8. */
	union {
		__u32 word;
		__u8 bytes[4];
	} next;
	__u32 offset = skb->network_header + IPV6_HEADER_BYTES;
	int i;

	for (i = 0; i < MAX_EXTENSION_HEADERS && is_extension_header(protocol); i++) {
		next.word = READ_WORD(skb->head + offset, cast);
		if (protocol == IPPROTO_FRAGMENT && (next.bytes[2] || next.bytes[3] & 0xf8))
			return next.bytes[0];
		offset += protocol == IPPROTO_FRAGMENT ? 8 : (next.bytes[1] + 1) * 8;
		protocol = next.bytes[0];
	}
	return (__u64)offset << 32 | protocol;
}

/* Rare, so in functions of their own: see packet.bpf.h. */
__noinline __u64 past_extensions_cast(const struct addresses *packet, __u32 protocol)
{
	return packet ? past_extensions(packet_at(packet).skb, protocol, true) : 0;
}

static __noinline __u64 past_extensions_copy(const struct sk_buff *skb, __u32 protocol)
{
	return past_extensions(skb, protocol, false);
}

static __always_inline void read_transport(struct transport *transport, const struct packet *packet, __u8 family)
{
	const struct sk_buff *skb = packet->skb;
	const unsigned char *header = skb->head + skb->network_header;
	__u64 last;
	__u8 protocol;

	if (family == DROPREASON_IPV4 && has_network_header(skb, IPV4_HEADER_BYTES)) {
		transport->protocol = READ_AS(iphdr, header, protocol, packet->cast);
		if (!config.ports || READ_AS(iphdr, header, frag_off, packet->cast) & bpf_htons(IP_OFFSET))
			return;
		transport->offset = skb->network_header + (READ_BYTE(header, packet->cast) & 15) * 4;
		return;
	}
	if (family != DROPREASON_IPV6 || !has_network_header(skb, IPV6_HEADER_BYTES))
		return;
	protocol = READ_AS(ipv6hdr, header, nexthdr, packet->cast);
	transport->protocol = protocol;
	transport->offset = skb->network_header + IPV6_HEADER_BYTES;
	if (!is_extension_header(protocol))
		return;
	last = packet->cast ? past_extensions_cast(ADDRESSES_OF(packet), protocol) : past_extensions_copy(skb, protocol);
	transport->protocol = (__u8)last;
	transport->offset = last >> 32;
}

/* The transport protocol's number. */
static __always_inline __u16 packet_protocol(const struct packet *packet, __u8 family)
{
	struct transport transport = { .protocol = DROPREASON_NO_PROTOCOL };

	read_transport(&transport, packet, family);
	return transport.protocol;
}

/* The device's name, up to its end: what is behind it is left of an earlier name. */
static __always_inline void copy_name(char *name, const struct net_device *dev, bool cast)
{
	__s32 mask = -1;
	int i;

	if (!cast) {
		bpf_probe_read_kernel_str(name, IFNAMSIZ, &dev->name);
		return;
	}
	for (i = 0; i < IFNAMSIZ - 1; i++) {
		__s32 character = READ_AS(net_device, dev, name[i], true);

		/* All ones until the end has been seen, without a branch for each. */
		mask &= -(character & 0xff) >> 31;
		name[i] = character & mask;
	}
}

/* The name of the packet's device, else of the one that it came in by; empty where neither is known. */
static __always_inline void packet_interface(char *name, const struct packet *packet)
{
	const struct net_device *dev = packet_device(packet);
	int iif = packet->skb->skb_iif;
	const struct net *net;

	if (!dev || dev->ifindex <= 0) {
		net = packet_net(packet);
		dev = net && iif > 0 ? device_of_index(net, iif, packet->cast) : NULL;
	}
	if (dev)
		copy_name(name, dev, packet->cast);
}

#endif
