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

/* What the tracepoint reports. */
struct drop {
	struct packet packet;
	__u64 *ctx;
	__u64 location; /* return address in the function that frees the packet */
	bool rescue; /* the second program counts it; a constant at each call */
};

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

/* Whether the packet is the next member, which is followed then; else its own list is what is followed. */
static __always_inline bool follow_fragments(const struct packet *packet, bool rescue)
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
 * Whether the packet is a member of a fragment list. Members are freed through the same tracepoint: from skb_release_data(), or from
 * kfree_skb_list() on kernels where kfree_skb() reports its own caller; a queue's list is freed there too, but its packets have a
 * device. Where symbols can't be read, the list of the last packet is walked along with the kernel.
 */
static __always_inline bool take_fragment(const struct packet *packet, __u64 location, bool rescue)
{
	if (config.fragments.end == 0)
		return follow_fragments(packet, rescue);
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

static __always_inline void fill_attributes(struct dropreason_key *key, const struct drop *drop, __u32 attributes)
{
	const struct packet *packet = &drop->packet;

	if (attributes & DROPREASON_BY_PROTOCOL)
		key->protocol = packet_protocol(packet, key->family);
	if (attributes & DROPREASON_BY_INTERFACE)
		packet_interface(key->interface, packet);
	if (attributes & DROPREASON_BY_NETNS)
		fill_netns(key, packet_netns(packet));
	if (attributes & (DROPREASON_BY_LOCATION | DROPREASON_BY_EVERY_LOCATION))
		key->location = drop->location;
	if (attributes & DROPREASON_BY_STACK) {
		key->stack = packet_stack(drop->ctx, drop->location, drop->rescue);
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
static __always_inline void count_drop(const struct drop *drop, __u32 reason, __u32 plane)
{
	const struct packet *packet = &drop->packet;
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
		fill_attributes(&key, drop, attributes);
		entry = ENTRY_OF(dropreason_attributes, plane, &key);
		if (!entry) {
			count_loss(DROPREASON_SLOT_ATTRIBUTES_FULL);
			/* Its flow is to be called what its row is called. */
			key.location = key.stack = key.unconfirmed = 0;
		}
	}
	if (!entry && (reason >= config.reasons || drop->rescue)) {
		const struct dropreason_key plain = { .reason = reason, .direction = key.direction, .family = key.family };

		entry = drop->rescue ? ENTRY_OF(dropreason_rescued, plane, &plain) : ENTRY_OF(dropreason_unlisted, plane, &plain);
		if (!entry) {
			count_loss(DROPREASON_SLOT_UNLISTED_FULL);
			return;
		}
	}
	count_at(entry, &key, plane, bytes);
	if (config.flows && !count_packet_flow(packet, &key, plane, bytes))
		count_overflow_at(entry, &key, plane, bytes);
}

static __always_inline __u32 reason_of(const struct drop *drop)
{
	__u32 noted = config.notes ? take_note((__u64)drop->packet.skb) : 0;
	__u32 reason = config.unspecified;

	/* The third argument, which the tracepoint has since 5.17: before, the verifier refuses to read it. */
	if (config.reasoned && bpf_core_type_exists(enum skb_drop_reason___any))
		reason = drop->ctx[2];
	/* What notes a verdict of netfilter's may be freed by others in the end, such as tc's conntrack action. */
	return noted && may_be_netfilters(reason) ? noted : reason;
}

static __always_inline int dropped(const struct drop *drop, __u32 plane)
{
	const struct sk_buff *skb = drop->packet.skb;

	if (!skb->protocol && !skb->network_header)
		count_loss(DROPREASON_SLOT_NOT_PACKET);
	else if (take_fragment(&drop->packet, drop->location, drop->rescue))
		count_loss(DROPREASON_SLOT_FRAGMENT);
	else
		count_drop(drop, reason_of(drop), plane);
	return 0;
}

static __always_inline int first_to_see(__u64 *ctx, const struct sk_buff *skb, void *location, bool cast)
{
	struct drop drop = { .ctx = ctx, .location = (__u64)location };

	if (config.rescue)
		mark_seen(ctx, skb);
	drop.packet = packet_of(skb, cast);
	return dropped(&drop, current_plane());
}

/*
 * skb:kfree_skb is where every packet that isn't consumed ends: on every kernel, with the packet whole. As a BTF
 * tracepoint (5.5) it needs no tracefs; a reason comes with it since 5.17.
 */
SEC("tp_btf/kfree_skb")
int BPF_PROG(kfree_skb, struct sk_buff *skb, void *location)
{
	return first_to_see(ctx, skb, location, true);
}

/* Its twin for kernels before 6.2, where a pointer can't be cast. */
SEC("tp_btf/kfree_skb")
int BPF_PROG(kfree_skb_copy, struct sk_buff *skb, void *location)
{
	return first_to_see(ctx, skb, location, false);
}

static __always_inline int rescue(__u64 *ctx, const struct sk_buff *skb, void *location, bool cast)
{
	struct drop drop = { .ctx = ctx, .location = (__u64)location, .rescue = true };
	const struct dropreason_key all = { .reason = DROPREASON_RESCUED };
	const __u32 plane = current_plane();
	struct dropreason_entry *rescued;

	if (take_seen(ctx, skb))
		return 0;
	/* Told apart from what was missed for good: recursion misses of the first program less these. */
	rescued = ENTRY_OF(dropreason_rescued, plane, &all);
	if (!rescued)
		return 0;
	count_entry(rescued, 0);
	drop.packet = packet_of(skb, cast);
	return dropped(&drop, plane);
}

/*
 * A drop in a softirq that interrupted kfree_skb: since 6.1 (05b24ff9b2cf) the kernel skips a program that is running on this
 * CPU already. Attached after it, so that it is called after it.
 */
SEC("tp_btf/kfree_skb")
int BPF_PROG(nested, struct sk_buff *skb, void *location)
{
	return rescue(ctx, skb, location, true);
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(nested_copy, struct sk_buff *skb, void *location)
{
	return rescue(ctx, skb, location, false);
}
