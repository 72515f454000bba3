/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A packet that is being dropped, and how the kernel's memory behind it is read. */
#ifndef DROPREASON_PACKET_BPF_H
#define DROPREASON_PACKET_BPF_H

#include "kernel.bpf.h"

/*
 * Much is kept as a number or behind a pointer that the verifier doesn't know. Since 6.2 (a35b9af4ec2c) a pointer can be given
 * a type, and is then read by plain loads, under lockdown too; before, each read is a call of a helper, 20 ns. `cast` says
 * which (docs/adr/0004).
 */
extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak;

#define CAST(type, address)                                                                                            \
	((const struct type *)bpf_rdonly_cast((const void *)(address), bpf_core_type_id_kernel(struct type)))
#define READ_AS(type, pointer, field, cast)                                                                            \
	((cast) ? CAST(type, pointer)->field : BPF_CORE_READ((const struct type *)(pointer), field))

/* Four bytes of a header, and one. struct in6_addr stands for any memory: a cast needs a struct of the kernel's. */
#define READ_WORD(pointer, cast) READ_AS(in6_addr, pointer, in6_u.u6_addr32[0], cast)
#define READ_BYTE(pointer, cast) READ_AS(in6_addr, pointer, in6_u.u6_addr8[0], cast)

static __always_inline void read_address6(void *copy, const struct in6_addr *address, bool cast)
{
	__u32 *words = copy;

	if (!cast) {
		bpf_probe_read_kernel(copy, sizeof(*address), address);
		return;
	}
	words[0] = READ_AS(in6_addr, address, in6_u.u6_addr32[0], true);
	words[1] = READ_AS(in6_addr, address, in6_u.u6_addr32[1], true);
	words[2] = READ_AS(in6_addr, address, in6_u.u6_addr32[2], true);
	words[3] = READ_AS(in6_addr, address, in6_u.u6_addr32[3], true);
}

/*
 * The two pointers are read once. Since 6.3 the verifier looks through the names of all the kernel's types at each load of a
 * pointer from `skb` (btf_nested_type_is_trusted()), again for each way that leads there: some 0.5 ms.
 */
struct packet {
	const struct sk_buff *skb;
	const struct net_device *dev; /* skb->dev, which may be something else (device.bpf.h) */
	const struct sock *sk; /* skb->sk */
	bool cast; /* a constant at each call, so that each program has the code of its own way alone */
};

static __always_inline struct packet packet_of(const struct sk_buff *skb, bool cast)
{
	struct packet packet = { .skb = skb, .dev = skb->dev, .sk = skb->sk, .cast = cast };

	/* Otherwise the verifier goes through all that follows twice: once with a socket, and once without. */
	if (cast)
		packet.sk = CAST(sock, packet.sk);
	/* Keeps clang from reading them again where they are used. */
	asm volatile("" : "+r"(packet.dev), "+r"(packet.sk));
	return packet;
}

/*
 * What is rare is in functions of its own, so that the common ways have the registers to themselves. Each is two, since `cast`
 * is to be a constant. The one that casts is global: the verifier goes through it once, and not for each way that leads to it.
 * Its arguments can't be pointers of the kernel's, so it is handed their addresses.
 */
struct addresses {
	__u64 skb;
	__u64 dev;
	__u64 sk;
};

#define ADDRESSES_OF(packet)                                                                                            \
	(&(const struct addresses){ .skb = (__u64)(packet)->skb, .dev = (__u64)(packet)->dev, .sk = (__u64)(packet)->sk })

static __always_inline struct packet packet_at(const struct addresses *addresses)
{
	return (struct packet){
		.skb = CAST(sk_buff, addresses->skb),
		.dev = CAST(net_device, addresses->dev),
		.sk = CAST(sock, addresses->sk),
		.cast = true,
	};
}

#endif
