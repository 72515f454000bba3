/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The minimum: the kernel's cost of calling a program that does nothing, including its clock. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("?tp_btf/kfree_skb")
int empty(void *ctx)
{
	return 0;
}

/* As many programs as the agent has there. */
SEC("?tp_btf/kfree_skb")
int empty_again(void *ctx)
{
	return 0;
}

SEC("?tp_btf/sys_exit")
int empty_exit(void *ctx)
{
	return 0;
}

/*
 * The return of a system call that nobody makes during the measurement. All other system calls take the path where the kernel checks
 * whether they are traced, and no program runs.
 */
SEC("?tp/syscalls/sys_exit_acct")
int empty_other(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
