/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef DROPREASON_LENGTH_BPF_H
#define DROPREASON_LENGTH_BPF_H

#include "packet.bpf.h"
#include <bpf/bpf_endian.h>

#define MAC_HEADER_UNSET 0xffff
/* include/uapi/linux/if_ether.h, include/linux/if_vlan.h */
#define ETH_HLEN 14
#define ETH_P_8021Q 0x8100
#define ETH_P_8021AD 0x88A8
#define VLAN_HLEN 4
/* Tags that are looked past. Two are QinQ; the kernel itself looks past eight. */
#define MAX_VLAN_TAGS 8

static __always_inline bool is_vlan(__be16 protocol)
{
	return protocol == bpf_htons(ETH_P_8021Q) || protocol == bpf_htons(ETH_P_8021AD);
}

/* Bytes of the tags that the network header points to. */
static __always_inline __u32 tag_bytes(const struct sk_buff *skb, bool cast)
{
	__be16 protocol = skb->protocol;
	__u32 offset = skb->network_header;
	int i;

	for (i = 0; i < MAX_VLAN_TAGS && is_vlan(protocol) && offset + VLAN_HLEN <= skb->tail; i++) {
		protocol = READ_AS(vlan_hdr, skb->head + offset, h_vlan_encapsulated_proto, cast);
		offset += VLAN_HLEN;
	}
	return offset - skb->network_header;
}

/* Rare, so in functions of their own: see packet.bpf.h. */
__noinline __u32 tag_bytes_cast(const struct addresses *packet)
{
	return packet ? tag_bytes(packet_at(packet).skb, true) : 0;
}

static __noinline __u32 tag_bytes_copy(const struct sk_buff *skb)
{
	return tag_bytes(skb, false);
}

/*
 * __netif_receive_skb_core() sets the network header behind the link's, and takes tags off later, when generic XDP is through with
 * the packet.
 */
static __always_inline __u32 vlan_bytes(const struct packet *packet)
{
	const struct sk_buff *skb = packet->skb;

	if (!is_vlan(skb->protocol) || skb->network_header != (__u32)skb->mac_header + ETH_HLEN)
		return 0;
	return packet->cast ? tag_bytes_cast(ADDRESSES_OF(packet)) : tag_bytes_copy(skb);
}

/*
 * Bytes from the network header to the end of the packet, as iptables counts them, wherever `data` points just now: before
 * the header (on the way out, below IP) or behind it (in a socket). Negative where the header lies beyond the end.
 * skb->len where no offset was ever set (a TCP segment that hasn't reached IP).
 */
static __always_inline __s32 packet_bytes(const struct packet *packet)
{
	const struct sk_buff *skb = packet->skb;
	__u32 network_header = skb->network_header;

	if (network_header == 0 && skb->mac_header == MAC_HEADER_UNSET)
		return skb->len;
	return skb->len + (__u32)((__u64)skb->data - (__u64)skb->head) - network_header - vlan_bytes(packet);
}

#endif
