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
static __always_inline int nat_chain_begins(const struct sk_buff *skb, __u64 frame)
{
	put_note((__u64)skb, DROPREASON_NOTE_NAT, frame);
	return 0;
}

static __always_inline int nat_chain_ends(const struct sk_buff *skb, __u64 frame)
{
	remove_note_of((__u64)skb, frame);
	return 0;
}

SEC("fentry")
int BPF_PROG(nat_chain_fentry, void *priv, struct sk_buff *skb)
{
	return nat_chain_begins(skb, (__u64)ctx);
}

SEC("fentry")
int BPF_PROG(nat_chain_fentry_again, void *priv, struct sk_buff *skb)
{
	return nat_chain_begins(skb, (__u64)ctx);
}

SEC("fexit")
int BPF_PROG(nat_chain_fexit, void *priv, struct sk_buff *skb)
{
	return nat_chain_ends(skb, (__u64)ctx);
}

SEC("fexit")
int BPF_PROG(nat_chain_fexit_again, void *priv, struct sk_buff *skb)
{
	return nat_chain_ends(skb, (__u64)ctx);
}

SEC("kprobe")
int BPF_KPROBE(nat_chain_kprobe, void *priv, struct sk_buff *skb)
{
	__u64 frame = frame_at_entry(ctx);

	enter(frame, (__u64)skb);
	return nat_chain_begins(skb, frame);
}

SEC("kretprobe")
int BPF_KRETPROBE(nat_chain_kretprobe)
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
int BPF_PROG(nat_fexit, void *priv, struct sk_buff *skb, void *state, unsigned int returned)
{
	return verdict((__u64)skb, DROPREASON_NOTE_NAT, returned);
}

SEC("kprobe")
int BPF_KPROBE(nat_kprobe, void *priv, struct sk_buff *skb)
{
	enter(frame_at_entry(ctx), (__u64)skb);
	return 0;
}

SEC("kretprobe")
int BPF_KRETPROBE(nat_kretprobe, unsigned int returned)
{
	return verdict(leave(frame_at_return(ctx)), DROPREASON_NOTE_NAT, returned);
}

/* __nf_conntrack_confirm(skb) adds the connection to conntrack's table: once a connection. */
SEC("fexit")
int BPF_PROG(confirm_fexit, struct sk_buff *skb, int returned)
{
	return verdict((__u64)skb, DROPREASON_NOTE_CONNTRACK, returned);
}

SEC("fexit")
int BPF_PROG(confirm_fexit_again, struct sk_buff *skb, int returned)
{
	return verdict((__u64)skb, DROPREASON_NOTE_CONNTRACK, returned);
}

SEC("kprobe")
int BPF_KPROBE(confirm_kprobe, struct sk_buff *skb)
{
	enter(frame_at_entry(ctx), (__u64)skb);
	return 0;
}

SEC("kretprobe")
int BPF_KRETPROBE(confirm_kretprobe, int returned)
{
	return verdict(leave(frame_at_return(ctx)), DROPREASON_NOTE_CONNTRACK, returned);
}
