/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The call chain of a free: only where config.attributes asks for it, since it costs microseconds. */
#ifndef DROPREASON_STACK_BPF_H
#define DROPREASON_STACK_BPF_H

#include "maps.bpf.h"
#include "packet.bpf.h"

/* Frames that are read: the tracer's own, some six, stand before the function that freed the packet. Each costs 0.1 µs. */
#define FRAMES_READ 20
/* A power of two, so that the verifier sees the bound. */
#define FRAMES_ROOM 32

/* include/uapi/linux/netfilter/nf_conntrack_common.h */
#define IPS_CONFIRMED (1 << 3)
#define IPS_NAT_DONE (1 << 7 | 1 << 8)
/* include/linux/skbuff.h: the low bits of _nfct are ctinfo. */
#define NFCT_PTRMASK (~7UL)

/*
 * Call chains. Key: FNV-1a of the frames. Value: the frames. There are as many as ways to netfilter's hooks, some tens; the oldest
 * give way, and come again with the next packet. Size: 1024 × 152 bytes.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct dropreason_stack);
} dropreason_stacks SEC(".maps");

struct frames_read {
	__u64 frames[FRAMES_ROOM];
	struct dropreason_stack stack;
};

/* Room to work in, too large for a program's stack. Key: 0, or 1 for the rescuing program. Size: 2 × 352 bytes a CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct frames_read);
} dropreason_frames SEC(".maps");

/* Where in the frames the freeing function is; FRAMES_READ where it isn't. */
static __always_inline __u32 find_frame(const struct frames_read *read, __u64 location, __u32 count)
{
	__u32 i;

	for (i = 0; i < FRAMES_READ; i++)
		if (i < count && read->frames[i] == location)
			return i;
	return FRAMES_READ;
}

/* Key of the call chain from the freeing function outwards, which is kept if it is new; 0 where it can't be. */
static __always_inline __u64 packet_stack(void *ctx, __u64 location, __u32 room)
{
	struct frames_read *read = bpf_map_lookup_elem(&dropreason_frames, &room);
	__u64 key = 0xcbf29ce484222325;
	__s64 size;
	__u32 first, i;

	if (!read)
		return 0;
	size = bpf_get_stack(ctx, read->frames, FRAMES_READ * sizeof(__u64), 0);
	first = size > 0 ? find_frame(read, location, size / sizeof(__u64)) : FRAMES_READ;
	if (first == FRAMES_READ) {
		count_loss(DROPREASON_SLOT_STACKS_FULL);
		return 0;
	}
	for (i = 0; i < DROPREASON_FRAMES; i++) {
		__u32 at = first + i;
		__u64 frame = at < FRAMES_READ && at < size / sizeof(__u64) ? read->frames[at & (FRAMES_ROOM - 1)] : 0;

		read->stack.frames[i] = frame;
		key = (key ^ frame) * 0x100000001b3;
	}
	if (!bpf_map_lookup_elem(&dropreason_stacks, &key) &&
	    bpf_map_update_elem(&dropreason_stacks, &key, &read->stack, BPF_ANY)) {
		count_loss(DROPREASON_SLOT_STACKS_FULL);
		return 0;
	}
	return key;
}

/* Whether NAT is through with the packet's connection and conntrack hasn't confirmed it: what remains is to confirm it. */
static __always_inline bool is_unconfirmed(const struct packet *packet)
{
	const struct sk_buff *skb = packet->skb;
	const struct nf_conn *connection = NULL;
	unsigned long status;

	if (!bpf_core_field_exists(skb->_nfct) || !bpf_core_field_exists(connection->status))
		return false;
	connection = (const void *)(skb->_nfct & NFCT_PTRMASK);
	if (!connection)
		return false;
	status = READ_AS(nf_conn, connection, status, packet->cast);
	return (status & (IPS_NAT_DONE | IPS_CONFIRMED)) == IPS_NAT_DONE;
}

#endif
