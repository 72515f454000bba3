/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which packets did the kernel drop, and why? */
#include "lib/maps.bpf.h"
#include "lib/length.bpf.h"
#include "lib/direction.bpf.h"
#include "lib/attributes.bpf.h"
#include "lib/flow.bpf.h"
#include "lib/notes.bpf.h"
#include "lib/seen.bpf.h"
#include "lib/stack.bpf.h"

/* A return address is the first byte behind a function that ends with the call. */
static __always_inline bool within(const volatile struct dropreason_range *range, __u64 return_address)
{
	return return_address - 1 - range->start < range->end - range->start;
}

/*
 * The next member of the fragment list that this CPU is freeing, where symbols can't be read. Key: 0, or 1 for the rescuing
 * program. Size: 16 bytes a CPU.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} dropreason_fragment SEC(".maps");

static __always_inline bool is_next_fragment(const struct packet *packet, bool rescue)
{
	const struct sk_buff *skb = packet->skb;
	const __u32 key = rescue;
	__u64 *expected = bpf_map_lookup_elem(&dropreason_fragment, &key);

	if (!expected)
		return false;
	if (*expected == (__u64)skb && !packet->dev) {
		*expected = (__u64)skb->next;
		return true;
	}
	*expected = (__u64)READ_AS(skb_shared_info, skb->head + skb->end, frag_list, packet->cast);
	return false;
}

/*
 * Members of a fragment list are freed through the same tracepoint: from skb_release_data(), or from kfree_skb_list() on
 * kernels where kfree_skb() reports its own caller; a queue's list is freed there too, but its packets have a device.
 * Where symbols can't be read, the list of the last packet is walked along with the kernel.
 */
static __always_inline bool is_fragment(const struct packet *packet, __u64 location, bool rescue)
{
	if (config.fragments.end == 0)
		return is_next_fragment(packet, rescue);
	return within(&config.fragments, location) || (within(&config.lists, location) && !packet->dev);
}

/* Whether a reason is a netfilter rule's, as far as the reason tells. */
static __always_inline bool may_be_netfilters(__u32 reason)
{
	return reason == config.netfilter || reason == config.unspecified || reason == DROPREASON_NOTE_NAT ||
	       reason == DROPREASON_NOTE_CONNTRACK;
}

/* The attributes that a packet of this reason has: what is asked for, but for what only some have. */
static __always_inline __u32 attributes_of(__u32 reason)
{
	__u32 attributes = config.attributes;

	if (reason != config.unspecified)
		attributes &= ~DROPREASON_BY_LOCATION;
	if (!may_be_netfilters(reason))
		attributes &= ~DROPREASON_BY_STACK;
	return attributes;
}

static __always_inline void fill_attributes(struct dropreason_key *key, __u64 *ctx, const struct packet *packet,
					    __u32 attributes, bool rescue)
{
	__u64 location = ctx[1];

	if (attributes & DROPREASON_BY_PROTOCOL)
		key->protocol = packet_protocol(packet, key->family);
	if (attributes & DROPREASON_BY_INTERFACE)
		packet_interface(key->interface, packet);
	if (attributes & DROPREASON_BY_NETNS)
		fill_netns(key, packet_netns(packet));
	if (attributes & (DROPREASON_BY_LOCATION | DROPREASON_BY_EVERY_LOCATION))
		key->location = location;
	if (attributes & DROPREASON_BY_STACK) {
		key->stack = packet_stack(ctx, location, rescue);
		key->unconfirmed = is_unconfirmed(packet);
	}
}

/* Adds to a node row. */
static __always_inline void count_node(const struct dropreason_key *row, __u32 plane, __s32 bytes)
{
	count_row(plane, row->reason << DROPREASON_REASON_SHIFT | row->direction << DROPREASON_DIRECTION_SHIFT | row->family,
		  bytes);
}

/* Where a drop is counted: in a row of a shared map, where there is one, else in a node row. */
static __always_inline void count_at(struct dropreason_entry *entry, const struct dropreason_key *row, __u32 plane, __s32 bytes)
{
	if (entry)
		count_entry(entry, bytes);
	else
		count_node(row, plane, bytes);
}

/* The overflow of that very row, which can't fail, for the row is there. */
static __always_inline void count_overflow_at(struct dropreason_entry *entry, const struct dropreason_key *row, __u32 plane,
					      __s32 bytes)
{
	if (entry)
		count_entry_overflow(entry, bytes);
	else
		count_node(row, plane | DROPREASON_OVERFLOW, bytes);
}

/* Node rows are for the reasons that have one and need no more said; everything else has a key. */
static __always_inline void count_drop(__u64 *ctx, const struct packet *packet, __u32 reason, __u32 plane, bool rescue)
{
	__u32 attributes = attributes_of(reason);
	__s32 bytes = packet_bytes(packet);
	struct dropreason_entry *entry = NULL;
	struct dropreason_key key = {
		.reason = reason,
		.direction = packet_direction(packet, reason),
		.family = packet_family(packet->skb),
	};

	if (bytes < 0) {
		count_loss(DROPREASON_SLOT_NO_HEADER);
		bytes = packet->skb->len;
	}
	if (attributes) {
		fill_attributes(&key, ctx, packet, attributes, rescue);
		entry = ENTRY_OF(dropreason_attributes, plane, &key);
		if (!entry) {
			count_loss(DROPREASON_SLOT_ATTRIBUTES_FULL);
			/* Its flow is to be called what its row is called. */
			key.location = key.stack = key.unconfirmed = 0;
		}
	}
	if (!entry && (reason >= config.reasons || rescue)) {
		const struct dropreason_key plain = { .reason = reason, .direction = key.direction, .family = key.family };

		entry = rescue ? ENTRY_OF(dropreason_rescued, plane, &plain) : ENTRY_OF(dropreason_unlisted, plane, &plain);
		if (!entry) {
			count_loss(DROPREASON_SLOT_UNLISTED_FULL);
			return;
		}
	}
	count_at(entry, &key, plane, bytes);
	if (config.flows && !count_packet_flow(packet, &key, plane, bytes))
		count_overflow_at(entry, &key, plane, bytes);
}

static __always_inline __u32 reason_of(__u64 *ctx)
{
	__u32 noted = config.notes ? take_note(ctx[0]) : 0;
	__u32 reason = config.unspecified;

	if (config.reasoned && bpf_core_type_exists(enum skb_drop_reason___any))
		reason = ctx[2];
	/* What notes a verdict of netfilter's may be freed by others in the end, such as tc's conntrack action. */
	return noted && may_be_netfilters(reason) ? noted : reason;
}

static __always_inline int dropped(__u64 *ctx, __u32 plane, bool cast, bool rescue)
{
	const struct packet packet = packet_of((const void *)ctx[0], cast);

	if (!packet.skb->protocol && !packet.skb->network_header)
		count_loss(DROPREASON_SLOT_NOT_PACKET);
	else if (is_fragment(&packet, ctx[1], rescue))
		count_loss(DROPREASON_SLOT_FRAGMENT);
	else
		count_drop(ctx, &packet, reason_of(ctx), plane, rescue);
	return 0;
}

static __always_inline int first_to_see(__u64 *ctx, bool cast)
{
	if (config.rescue)
		mark_seen(ctx, (const void *)ctx[0]);
	return dropped(ctx, current_plane(), cast, false);
}

/*
 * skb:kfree_skb is where every packet that isn't consumed ends: on every kernel, with the packet whole. As a BTF
 * tracepoint (5.5) it needs no tracefs; a reason comes with it since 5.17.
 */
SEC("tp_btf/kfree_skb")
int kfree_skb(__u64 *ctx)
{
	return first_to_see(ctx, true);
}

/* Its twin for kernels before 6.2, where a pointer can't be cast. */
SEC("tp_btf/kfree_skb")
int kfree_skb_copy(__u64 *ctx)
{
	return first_to_see(ctx, false);
}

static __always_inline int rescue(__u64 *ctx, bool cast)
{
	const struct dropreason_key all = { .reason = DROPREASON_RESCUED };
	const __u32 plane = current_plane();
	struct dropreason_entry *rescued;

	if (was_seen(ctx, (const void *)ctx[0]))
		return 0;
	/* Told apart from what was missed for good: recursion misses of the first program less these. */
	rescued = ENTRY_OF(dropreason_rescued, plane, &all);
	if (!rescued)
		return 0;
	count_entry(rescued, 0);
	return dropped(ctx, plane, cast, true);
}

/*
 * A drop in a softirq that interrupted kfree_skb: since 6.1 (05b24ff9b2cf) the kernel skips a program that is running on this
 * CPU already. Attached after it, so that it is called after it.
 */
SEC("tp_btf/kfree_skb")
int nested(__u64 *ctx)
{
	return rescue(ctx, true);
}

SEC("tp_btf/kfree_skb")
int nested_copy(__u64 *ctx)
{
	return rescue(ctx, false);
}
