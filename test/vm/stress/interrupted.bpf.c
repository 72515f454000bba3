/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Makes the drop of a marked packet wait, in a task, inside or between the programs under test, until a softirq interrupts it with another
 * drop on the same CPU. `before` is attached before all of them, `between` between the two.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "interrupted.h"

/* The longest wait if no drop arrives. There are few checks, each as long as many readings of the clock, because the verifier walks them all. */
#define LONGEST_NANOSECONDS 3000000
#define LOOKS 1024
#define READINGS 16

struct sk_buff {
	__u32 mark;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct interruptions);
} interruptions SEC(".maps");

static __always_inline struct interruptions *here(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&interruptions, &zero);
}

/* Only the first drop waits. A drop that interrupts it continues, even if the kernel allows programs to nest. */
static __always_inline int wait_at(struct interruptions *cpu, enum place place)
{
	volatile __u64 *drops;
	__u64 start, before;
	int look, reading;

	if (!cpu || cpu->waiting || cpu->armed != place)
		return 0;
	drops = &cpu->drops[place];
	before = *drops;
	cpu->armed = NOWHERE;
	cpu->waits[place]++;
	*(volatile __u32 *)&cpu->waiting = place;
	start = bpf_ktime_get_ns();
	for (look = 0; look < LOOKS && *drops == before; look++) {
#pragma unroll
		for (reading = 1; reading < READINGS; reading++)
			bpf_ktime_get_ns();
		if (bpf_ktime_get_ns() - start > LONGEST_NANOSECONDS)
			break;
	}
	*(volatile __u32 *)&cpu->waiting = NOWHERE;
	if (*drops != before)
		cpu->interrupted[place]++;
	return 0;
}

SEC("tp_btf/kfree_skb")
int before(__u64 *ctx)
{
	const struct sk_buff *skb = (const void *)ctx[0];
	struct interruptions *cpu = here();

	if (!cpu)
		return 0;
	switch (cpu->waiting) {
	case LOOKUP:
		cpu->drops[LOOKUP]++;
		return 0;
	case CHAIN:
		cpu->drops[CHAIN]++;
		return 0;
	case PROCESSOR:
		cpu->drops[PROCESSOR]++;
		return 0;
	case BETWEEN:
		cpu->drops[BETWEEN]++;
		return 0;
	}
	if (skb->mark == WAITING_MARK)
		cpu->armed = cpu->turn++ % (PLACES - 1) + 1;
	return 0;
}

SEC("tp_btf/kfree_skb")
int between(__u64 *ctx)
{
	const struct sk_buff *skb = (const void *)ctx[0];
	struct interruptions *cpu = here();

	if (!cpu || cpu->waiting || skb->mark != WAITING_MARK)
		return 0;
	wait_at(cpu, BETWEEN);
	cpu->armed = NOWHERE;
	return 0;
}

/* Functions that the first program calls, and in which it can be made to wait. */
SEC("fentry/__htab_map_lookup_elem")
int lookup(__u64 *ctx)
{
	return wait_at(here(), LOOKUP);
}

SEC("fentry/get_perf_callchain")
int chain(__u64 *ctx)
{
	return wait_at(here(), CHAIN);
}

SEC("fentry/bpf_get_smp_processor_id")
int processor(__u64 *ctx)
{
	return wait_at(here(), PROCESSOR);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
