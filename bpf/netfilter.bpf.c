/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What did netfilter decide? Hooks of NAT and conntrack leave a note of a packet that they drop, which its free takes. */
#include "lib/notes.bpf.h"
#include "lib/syscall.bpf.h"

/* include/uapi/linux/netfilter.h; the upper bits of a verdict are an errno or a queue's number. */
#define NF_DROP 0
#define NF_VERDICT_MASK 0xff

/*
 * What the kprobe at a function's entry hands to the one at its return. Key: the stack frame of the call, which is nobody
 * else's while it lasts. Value: the packet. Size: 1024 × 64 bytes.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u64);
} dropreason_entered SEC(".maps");

static __always_inline void enter(__u64 frame, __u64 skb)
{
	if (bpf_map_update_elem(&dropreason_entered, &frame, &skb, BPF_ANY))
		count_loss(DROPREASON_SLOT_NOTES_FULL);
}

/* The packet of the call that returns; 0 where its entry wasn't seen. */
static __always_inline __u64 leave(__u64 frame)
{
	__u64 *entered = bpf_map_lookup_elem(&dropreason_entered, &frame);
	__u64 skb = entered ? *entered : 0;

	if (entered)
		bpf_map_delete_elem(&dropreason_entered, &frame);
	return skb;
}

/* A hook function that returns NF_DROP leaves the free to nf_hook_slow(). */
static __always_inline int verdict(__u64 skb, __u32 reason, __u32 returned)
{
	if (skb && (returned & NF_VERDICT_MASK) == NF_DROP)
		put_note(skb, reason, 0);
	return 0;
}

/*
 * A program of fentry or fexit that was interrupted, or preempted (PREEMPT_RT), keeps its CPU's next run of it from happening:
 * the kernel skips that. So each has a twin where it runs once a connection. To put or remove a note twice changes nothing.
 */

/*
 * nft_nat_do_chain(priv, skb, state) runs the rules of a nat chain, once a connection, and a drop there frees the packet
 * inside it: so the note is put before, and removed at the return.
 */
static __always_inline int nat_chain_begins(__u64 *ctx)
{
	put_note(ctx[1], DROPREASON_NOTE_NAT, (__u64)ctx);
	return 0;
}

static __always_inline int nat_chain_ends(__u64 *ctx)
{
	remove_note_of(ctx[1], (__u64)ctx);
	return 0;
}

SEC("fentry")
int nat_chain_fentry(__u64 *ctx)
{
	return nat_chain_begins(ctx);
}

SEC("fentry")
int nat_chain_fentry_again(__u64 *ctx)
{
	return nat_chain_begins(ctx);
}

SEC("fexit")
int nat_chain_fexit(__u64 *ctx)
{
	return nat_chain_ends(ctx);
}

SEC("fexit")
int nat_chain_fexit_again(__u64 *ctx)
{
	return nat_chain_ends(ctx);
}

SEC("kprobe")
int nat_chain_kprobe(struct pt_regs *ctx)
{
	__u64 frame = frame_at_entry(ctx), skb = second_argument(ctx);

	enter(frame, skb);
	put_note(skb, DROPREASON_NOTE_NAT, frame);
	return 0;
}

SEC("kretprobe")
int nat_chain_kretprobe(struct pt_regs *ctx)
{
	__u64 frame = frame_at_return(ctx), skb = leave(frame);

	if (skb)
		remove_note_of(skb, frame);
	return 0;
}

/*
 * nf_nat_inet_fn(priv, skb, state) is NAT's hook itself: iptables' nat table, and the core where it finds no tuple. It runs
 * for every packet in a namespace with NAT, established connections' too: a kprobe here is for those who ask for it.
 */
SEC("fexit")
int nat_fexit(__u64 *ctx)
{
	return verdict(ctx[1], DROPREASON_NOTE_NAT, ctx[3]);
}

SEC("kprobe")
int nat_kprobe(struct pt_regs *ctx)
{
	enter(frame_at_entry(ctx), second_argument(ctx));
	return 0;
}

SEC("kretprobe")
int nat_kretprobe(struct pt_regs *ctx)
{
	return verdict(leave(frame_at_return(ctx)), DROPREASON_NOTE_NAT, return_value(ctx));
}

/* __nf_conntrack_confirm(skb) adds the connection to conntrack's table: once a connection. */
SEC("fexit")
int confirm_fexit(__u64 *ctx)
{
	return verdict(ctx[0], DROPREASON_NOTE_CONNTRACK, ctx[1]);
}

SEC("fexit")
int confirm_fexit_again(__u64 *ctx)
{
	return verdict(ctx[0], DROPREASON_NOTE_CONNTRACK, ctx[1]);
}

SEC("kprobe")
int confirm_kprobe(struct pt_regs *ctx)
{
	enter(frame_at_entry(ctx), first_argument(ctx));
	return 0;
}

SEC("kretprobe")
int confirm_kretprobe(struct pt_regs *ctx)
{
	return verdict(leave(frame_at_return(ctx)), DROPREASON_NOTE_CONNTRACK, return_value(ctx));
}
