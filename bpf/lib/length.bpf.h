/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef DROPREASON_LENGTH_BPF_H
#define DROPREASON_LENGTH_BPF_H

#include "kernel.bpf.h"

#define MAC_HEADER_UNSET 0xffff

/*
 * Bytes from the network header to the end of the packet, as iptables counts them, wherever `data` points just now: before
 * the header (on the way out, below IP) or behind it (in a socket). Negative where the header lies beyond the end.
 * skb->len where no offset was ever set (a TCP segment that hasn't reached IP).
 */
static __always_inline __s32 packet_bytes(const struct sk_buff *skb)
{
	__u32 network_header = skb->network_header;

	if (network_header == 0 && skb->mac_header == MAC_HEADER_UNSET)
		return skb->len;
	return skb->len + (__u32)((__u64)skb->data - (__u64)skb->head) - network_header;
}

#endif
