/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Notes: what a hook of NAT or conntrack knows of a packet that is about to be freed. */
#ifndef DROPREASON_NOTES_BPF_H
#define DROPREASON_NOTES_BPF_H

#include "maps.bpf.h"

struct dropreason_note {
	__u64 frame; /* whose it is: the stack frame of the hook that put it, 0 where that has returned */
	__u32 reason; /* DROPREASON_NOTE_* */
	__u32 pad;
};

/*
 * Key: address of the sk_buff. Value: the note. Put before the free, taken at it, removed when the hook returns without one,
 * so there are as many as CPUs and preempted tasks are at it. Shared by the CPUs, for a task may change its CPU in between.
 * Size: 1024 × 72 bytes.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct dropreason_note);
} dropreason_notes SEC(".maps");

/* One word: how many notes there are. Nearly always none, which spares the look-up at each free. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} dropreason_pending SEC(".maps");

static __always_inline __u64 *pending_notes(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&dropreason_pending, &zero);
}

static __always_inline void put_note(__u64 skb, __u32 reason, __u64 frame)
{
	const struct dropreason_note note = { .frame = frame, .reason = reason };
	__u64 *pending = pending_notes();

	/* Counted first: a note that is there is never overlooked. */
	if (pending)
		__sync_fetch_and_add(pending, 1);
	if (!bpf_map_update_elem(&dropreason_notes, &skb, &note, BPF_NOEXIST))
		return;
	if (pending)
		__sync_fetch_and_add(pending, -1);
	/* One is there: left by a packet that wasn't freed as a drop, whose address is used again. */
	if (bpf_map_update_elem(&dropreason_notes, &skb, &note, BPF_EXIST))
		count_loss(DROPREASON_SLOT_NOTES_FULL);
}

static __always_inline void remove_note(__u64 skb)
{
	__u64 *pending = pending_notes();

	/* Of several that remove it one succeeds. */
	if (!bpf_map_delete_elem(&dropreason_notes, &skb) && pending)
		__sync_fetch_and_add(pending, -1);
}

/* At the hook's return: the packet may have been freed, and its address may have another packet's note by now. */
static __always_inline void remove_note_of(__u64 skb, __u64 frame)
{
	struct dropreason_note *note = bpf_map_lookup_elem(&dropreason_notes, &skb);

	if (note && note->frame == frame)
		remove_note(skb);
}

/* At the free: the reason that was noted, 0 where none was. */
static __always_inline __u32 take_note(__u64 skb)
{
	__u64 *pending = pending_notes();
	struct dropreason_note *note;
	__u32 reason;

	if (!pending || !*pending)
		return 0;
	note = bpf_map_lookup_elem(&dropreason_notes, &skb);
	if (!note)
		return 0;
	reason = note->reason;
	remove_note(skb);
	return reason;
}

#endif
