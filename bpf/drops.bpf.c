/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which packets did the kernel drop, and why? */
#include "lib/maps.bpf.h"
#include "lib/length.bpf.h"
#include "lib/direction.bpf.h"
#include "lib/attributes.bpf.h"

/* A return address is the first byte behind a function that ends with the call. */
static __always_inline bool within(const volatile struct dropreason_range *range, __u64 return_address)
{
	return return_address - 1 - range->start < range->end - range->start;
}

/* The next member of the fragment list that this CPU is freeing, where symbols can't be read. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} dropreason_fragment SEC(".maps");

static __always_inline bool is_next_fragment(const struct sk_buff *skb)
{
	struct skb_shared_info *shared = (void *)(skb->head + skb->end);
	struct sk_buff *list = NULL;
	const __u32 zero = 0;
	__u64 *expected = bpf_map_lookup_elem(&dropreason_fragment, &zero);

	if (!expected)
		return false;
	if (*expected == (__u64)skb && !skb->dev) {
		*expected = (__u64)skb->next;
		return true;
	}
	bpf_core_read(&list, sizeof(list), &shared->frag_list);
	*expected = (__u64)list;
	return false;
}

/*
 * Members of a fragment list are freed through the same tracepoint: from skb_release_data(), or from kfree_skb_list() on
 * kernels where kfree_skb() reports its own caller; a queue's list is freed there too, but its packets have a device.
 * Where symbols can't be read, the list of the last packet is walked along with the kernel.
 */
static __always_inline bool is_fragment(const struct sk_buff *skb, __u64 location)
{
	if (config.fragments.end == 0)
		return is_next_fragment(skb);
	return within(&config.fragments, location) || (within(&config.lists, location) && !skb->dev);
}

static __always_inline void fill_attributes(struct dropreason_key *key, const struct sk_buff *skb, __u64 location)
{
	if (config.attributes & DROPREASON_BY_PROTOCOL)
		key->protocol = packet_protocol(skb, key->family);
	if (config.attributes & DROPREASON_BY_INTERFACE)
		packet_interface(key->interface, skb);
	if (config.attributes & DROPREASON_BY_NETNS)
		key->netns = BPF_CORE_READ(packet_net(skb), ns.inum);
	if (config.attributes & DROPREASON_BY_LOCATION && key->reason == config.unspecified)
		key->location = location;
}

/* Whether more is to be said of a packet than its node row says. */
static __always_inline bool has_attributes(__u32 reason)
{
	return config.attributes & ~DROPREASON_BY_LOCATION || (config.attributes && reason == config.unspecified);
}

/* Node rows are for the reasons that have one and need no more said; everything else has a key. */
static __always_inline void count_drop(const struct sk_buff *skb, __u64 location, __u32 reason, bool cast)
{
	__u8 hint = reason < sizeof(config.hints) ? config.hints[reason] : 0;
	__u8 direction = packet_direction(skb, hint, cast);
	__u8 family = packet_family(skb);
	__s32 bytes = packet_bytes(skb);

	if (bytes < 0) {
		count_loss(DROPREASON_SLOT_NO_HEADER);
		bytes = skb->len;
	}
	if (has_attributes(reason)) {
		struct dropreason_key key = { .reason = reason, .direction = direction, .family = family };

		fill_attributes(&key, skb, location);
		if (count_key(&dropreason_attributes, &key, bytes))
			return;
		count_loss(DROPREASON_SLOT_ATTRIBUTES_FULL);
	}
	if (reason < config.reasons) {
		count_row(reason << DROPREASON_REASON_SHIFT | direction << DROPREASON_DIRECTION_SHIFT | family, bytes);
	} else {
		struct dropreason_key key = { .reason = reason, .direction = direction, .family = family };

		if (!count_key(&dropreason_unlisted, &key, bytes))
			count_loss(DROPREASON_SLOT_UNLISTED_FULL);
	}
}

static __always_inline int dropped(__u64 *ctx, bool cast)
{
	const struct sk_buff *skb = (const void *)ctx[0];
	__u64 location = ctx[1];
	__u32 reason = config.unspecified;

	if (bpf_core_type_exists(enum skb_drop_reason___any))
		reason = ctx[2];
	if (!skb->protocol && !skb->network_header)
		count_loss(DROPREASON_SLOT_NOT_PACKET);
	else if (is_fragment(skb, location))
		count_loss(DROPREASON_SLOT_FRAGMENT);
	else
		count_drop(skb, location, reason, cast);
	return 0;
}

/*
 * skb:kfree_skb is where every packet that isn't consumed ends: on every kernel, with the packet whole. As a BTF
 * tracepoint (5.5) it needs no tracefs; a reason comes with it since 5.17.
 */
SEC("tp_btf/kfree_skb")
int kfree_skb(__u64 *ctx)
{
	return dropped(ctx, true);
}

/* Its twin for kernels before 6.2, where a pointer can't be cast. */
SEC("tp_btf/kfree_skb")
int kfree_skb_copy(__u64 *ctx)
{
	return dropped(ctx, false);
}
