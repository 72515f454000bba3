/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The floor: what the kernel charges for calling a program that does nothing, its own clock included. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tp_btf/kfree_skb")
int empty(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
