/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two programs stand on one tracepoint, and the kernel keeps the first from running while it is interrupted. How the second
 * knows which drops the first has seen: a mark of the tracepoint's stack frame and its packet.
 */
#ifndef DROPREASON_SEEN_BPF_H
#define DROPREASON_SEEN_BPF_H

#include "kernel.bpf.h"

struct dropreason_mark {
	__u64 frame;
	__u64 skb;
};

/*
 * An event may be interrupted between its two programs, and what interrupts it marks too: so there is a place for each level.
 * Interrupts have a stack of their own; on it, what interrupts lies below what it interrupts.
 */
struct dropreason_seen {
	__u64 address; /* of this struct: to make a number of a pointer */
	__u64 stack; /* bytes of a task's stack, up to the registers at its end */
	struct dropreason_mark task;
	struct dropreason_mark interrupt; /* a softirq, or a hard interrupt */
	struct dropreason_mark deeper; /* a hard interrupt of a softirq */
};

/* Key: 0. Value: the marks of this CPU. Size: 64 bytes a CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dropreason_seen);
} dropreason_seen SEC(".maps");

/* The address of the context, or of something else, as a number: the verifier computes with the difference of two pointers alone. */
static __always_inline __u64 frame_of(const void *ctx, struct dropreason_seen *seen)
{
	__u64 distance = (__u64)ctx;

	asm volatile("%0 -= %1" : "+r"(distance) : "r"(seen));
	return distance + seen->address;
}

/*
 * The mark of this event's level. Both programs are called with arguments at the same place, so `ctx` names the event; no
 * task can come between them, since tracepoints disable preemption, on PREEMPT_RT too.
 */
static __always_inline struct dropreason_mark *mark_of(struct dropreason_seen *seen, __u64 frame)
{
	const struct task_struct *task = (const void *)bpf_get_current_task_btf();

	if (frame - (__u64)task->stack < seen->stack)
		return &seen->task;
	return seen->interrupt.frame > frame ? &seen->deeper : &seen->interrupt;
}

/*
 * How large the stack of a task is depends on the architecture, the size of pages and KASAN, and no type tells it. The helper (5.15)
 * knows where it ends: on every kernel on which there are two programs (6.1).
 */
static __always_inline __u64 stack_of_task(struct dropreason_seen *seen)
{
	const struct task_struct *task = (const void *)bpf_get_current_task_btf();

	return frame_of((const void *)bpf_task_pt_regs((void *)task), seen) - (__u64)task->stack;
}

static __always_inline struct dropreason_seen *seen_here(void)
{
	const __u32 zero = 0;
	struct dropreason_seen *seen = bpf_map_lookup_elem(&dropreason_seen, &zero);

	if (seen && !seen->address) {
		*(volatile __u64 *)&seen->address = (__u64)seen;
		seen->stack = stack_of_task(seen);
	}
	return seen;
}

static __always_inline void mark_seen(const void *ctx, const struct sk_buff *skb)
{
	struct dropreason_seen *seen = seen_here();

	if (seen) {
		__u64 frame = frame_of(ctx, seen);
		struct dropreason_mark *mark = mark_of(seen, frame);

		/* A task runs: no interrupt does, so marks of theirs are left over from an event that both programs missed. */
		if (mark == &seen->task)
			seen->interrupt.frame = seen->deeper.frame = 0;
		mark->frame = frame;
		mark->skb = (__u64)skb;
	}
}

static __always_inline bool take_mark(struct dropreason_mark *mark, __u64 frame, const struct sk_buff *skb)
{
	if (mark->frame != frame || mark->skb != (__u64)skb)
		return false;
	mark->frame = 0;
	return true;
}

/* Takes the mark that the first program has left if it has seen this event; whether there was one. A frame is of one level, so no look at the task here. */
static __always_inline bool take_seen(const void *ctx, const struct sk_buff *skb)
{
	struct dropreason_seen *seen = seen_here();
	__u64 frame;

	if (!seen)
		return true;
	frame = frame_of(ctx, seen);
	return take_mark(&seen->interrupt, frame, skb) || take_mark(&seen->task, frame, skb) ||
	       take_mark(&seen->deeper, frame, skb);
}

#endif
