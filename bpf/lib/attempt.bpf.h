/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One TCP connection attempt of a socket: from SYN_SENT until it is connected, has failed or was given up. Did it fail, with
 * what errno, and has that been counted?
 */
#ifndef DROPREASON_ATTEMPT_BPF_H
#define DROPREASON_ATTEMPT_BPF_H

#include "kernel.bpf.h"
#include <bpf/bpf_endian.h>
#include <linux/tcp.h>

/* include/uapi/asm-generic/errno.h */
#define EADDRNOTAVAIL 99
#define ECONNABORTED 103
/* include/uapi/linux/errqueue.h, which doesn't compile for BPF */
#define SO_EE_ORIGIN_ICMP 2
#define SO_EE_ORIGIN_ICMP6 3

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct sock_extended_err {
	__u32 ee_errno;
	__u8 ee_origin;
};

struct sock_exterr_skb {
	struct sock_extended_err ee;
};

struct tcp_sock {
	__u32 snd_una;
	__u32 write_seq;
	__u8 is_mptcp : 1;
};

#pragma clang attribute pop

struct attempt {
	__u64 inode; /* of the socket's file, since addresses are used again */
	__u16 counted; /* the errno under which it was counted as failed; 0 while it wasn't */
	__u16 before; /* the soft error that was there when it began, left by an earlier attempt */
	__u16 soft; /* a soft error that was there when the call that began it returned */
	__u16 unsent; /* 1: counted before its SYN was made, so the call that began it returns the error itself */
};

/*
 * Attempts of which more must be known than their socket can tell. Key: address of the sock. Size: 8192 × 88 bytes; the oldest
 * give way.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, struct attempt);
} dropreason_connects SEC(".maps");

static __always_inline __u64 inode_of(const struct file *file)
{
	return BPF_CORE_READ(file, f_inode, i_ino);
}

/* A subflow of MPTCP (5.6). The socket that it has is the program's, which isn't connecting before its subflow is. */
static __always_inline bool is_subflow(const struct sock *sk)
{
	const struct tcp_sock *tcp = (const void *)sk;

	return bpf_core_field_exists(tcp->is_mptcp) && BPF_CORE_READ_BITFIELD_PROBED(tcp, is_mptcp);
}

/*
 * Whether the call that begins the attempt is the one that fails, before its SYN was sent (tcp_v4_connect()): it returns the error
 * itself, and whatever the socket has is of an earlier attempt.
 */
static __always_inline bool is_beginning(const struct sock *sk)
{
	return BPF_CORE_READ(sk, sk_socket, state) == SS_UNCONNECTED && !is_subflow(sk);
}

/*
 * The error of an attempt that fails as it begins, before its SYN was made: there is no port left, or the one that the socket is
 * bound to is taken (inet_hash_connect()). 0 where the SYN was made (tcp_connect_init()): no event reports the error then.
 */
static __always_inline __u16 error_of_beginning(const struct sock *sk)
{
	const struct tcp_sock *tcp = (const void *)sk;
	__u32 next = BPF_CORE_READ(tcp, write_seq), first = BPF_CORE_READ(tcp, snd_una);

	return next && next - first <= 1 ? 0 : EADDRNOTAVAIL;
}

/* What was known of an earlier attempt is of no use any more. The kernel keeps its soft error (tcp_disconnect()). */
static __always_inline void begin_attempt(const struct sock *sk)
{
	const struct attempt attempt = { .before = sk->sk_err_soft };
	const __u64 key = (__u64)sk;

	if (attempt.before)
		bpf_map_update_elem(&dropreason_connects, &key, &attempt, BPF_ANY);
	else
		bpf_map_delete_elem(&dropreason_connects, &key);
}

/*
 * The error of the last ICMP message about this attempt's SYN. tcp_v4_err() leaves each in the socket's queue of errors (5.9,
 * 45af29ca761c); tcp_v6_err() does so where the program has asked for it (IPV6_RECVERR).
 */
static __always_inline __u16 queued_error(const struct sock *sk)
{
	const struct sk_buff *skb = sk->sk_error_queue.prev;
	const struct sock_exterr_skb *error = (const void *)&skb->cb;
	const struct tcphdr *header;
	__be32 sequence = 0;
	__u8 origin;

	if (!sk->sk_error_queue.qlen)
		return 0;
	origin = BPF_CORE_READ(error, ee.ee_origin);
	if (origin != SO_EE_ORIGIN_ICMP && origin != SO_EE_ORIGIN_ICMP6)
		return 0;
	/* Its data begins with the TCP header that the message quotes: the SYN of an earlier attempt has another number. */
	header = (const void *)BPF_CORE_READ(skb, data);
	bpf_probe_read_kernel(&sequence, sizeof(sequence), &header->seq);
	return bpf_ntohl(sequence) == BPF_CORE_READ((const struct tcp_sock *)sk, snd_una) ?
		       BPF_CORE_READ(error, ee.ee_errno) :
		       0;
}

/*
 * With what errno has the attempt failed that ends now, as far as the program could know? 0: it was given up before anything was
 * known. An ICMP error that comes while a call holds the socket doesn't end the attempt: it is a soft error, which poll() and
 * SO_ERROR report (tcp_v4_err()), and SO_ERROR takes away. Nor may sk_err be there any more: before 6.11 (fde6f897f2a1) it is
 * reported before the socket closes.
 */
static __always_inline __u16 error_of_attempt(const struct sock *sk, const struct attempt *attempt)
{
	__u16 soft = sk->sk_err_soft;

	if (sk->sk_err)
		return sk->sk_err;
	if (soft && !(attempt && attempt->before == soft))
		return soft;
	soft = queued_error(sk);
	if (!soft && attempt)
		soft = attempt->soft;
	return soft;
}

/*
 * The errno to count where an attempt ends in SYN_SENT; 0 for none. Of two programs at the same event the first to come gets it.
 */
static __always_inline __u16 end_attempt(const struct sock *sk)
{
	const __u64 key = (__u64)sk;
	const struct attempt *attempt = bpf_map_lookup_elem(&dropreason_connects, &key);
	struct attempt ended = {};

	if (attempt && attempt->counted)
		return 0;
	ended.unsent = is_beginning(sk);
	ended.counted = ended.unsent ? error_of_beginning(sk) : error_of_attempt(sk, attempt);
	if (!ended.counted)
		return 0;
	ended.inode = BPF_CORE_READ(sk, sk_socket, file, f_inode, i_ino);
	bpf_map_update_elem(&dropreason_connects, &key, &ended, BPF_ANY);
	return ended.counted;
}

/*
 * A call has begun an attempt and leaves it to itself. IPv6 keeps no ICMP error but the soft one, which SO_ERROR takes away; it
 * comes while the socket is held, by that call.
 */
static __always_inline void leave_attempt(const struct sock *sk, const struct file *file)
{
	struct attempt attempt = { .inode = inode_of(file), .soft = BPF_CORE_READ(sk, sk_err_soft) };
	const __u64 key = (__u64)sk;
	struct attempt *known;

	if (!attempt.soft)
		return;
	known = bpf_map_lookup_elem(&dropreason_connects, &key);
	if (!known)
		bpf_map_update_elem(&dropreason_connects, &key, &attempt, BPF_NOEXIST);
	else if (known->before != attempt.soft)
		known->soft = attempt.soft;
}

/*
 * Whether a failing connect() returns the error of an attempt that has been counted, which the kernel does once:
 * __inet_stream_connect() takes it from sk_err, or says ECONNABORTED where SO_ERROR has taken it. Otherwise the socket was
 * disconnected (AF_UNSPEC), and this call has failed by itself. Either way the mark is taken away. An attempt without a SYN leaves sk_err as it was.
 */
static __always_inline bool take_counted(const struct sock *sk, const struct file *file, __u16 error)
{
	const __u64 key = (__u64)sk;
	const struct attempt *attempt = bpf_map_lookup_elem(&dropreason_connects, &key);
	bool counted;

	if (!attempt || !attempt->counted)
		return false;
	counted = attempt->inode == inode_of(file) &&
		  (attempt->unsent ? error == attempt->counted :
				     (error == attempt->counted || error == ECONNABORTED) && !BPF_CORE_READ(sk, sk_err));
	bpf_map_delete_elem(&dropreason_connects, &key);
	return counted;
}

#endif
