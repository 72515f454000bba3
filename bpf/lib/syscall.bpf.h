/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The one place that knows an architecture beside libbpf: where a system call's number is, and the frame of a call. */
#ifndef DROPREASON_SYSCALL_BPF_H
#define DROPREASON_SYSCALL_BPF_H

#include "kernel.bpf.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_x86)

/* arch/x86/entry/syscalls/syscall_64.tbl */
#define NR_CONNECT 42
#define NR_ACCEPT 43
#define NR_ACCEPT4 288
/* arch/x86/include/asm/thread_info.h: a 32-bit call, whose numbers are others. */
#define TS_COMPAT 0x0002

struct pt_regs {
	unsigned long di;
	unsigned long si;
	unsigned long ax;
	unsigned long sp;
	unsigned long orig_ax;
};

struct thread_info___x86 {
	unsigned int status;
};

struct task_struct___x86 {
	struct thread_info___x86 thread_info;
};

static __always_inline __u64 syscall_number(const struct pt_regs *regs)
{
	return regs->orig_ax;
}

static __always_inline bool is_compat(const void *task)
{
	return BPF_CORE_READ((const struct task_struct___x86 *)task, thread_info.status) & TS_COMPAT;
}

/* A call pushes the return address, which is popped at the return. */
#define RETURN_ADDRESS_BYTES sizeof(__u64)

#elif defined(__TARGET_ARCH_arm64)

/* include/uapi/asm-generic/unistd.h */
#define NR_CONNECT 203
#define NR_ACCEPT 202
#define NR_ACCEPT4 242
/* arch/arm64/include/asm/thread_info.h: TIF_32BIT. */
#define TIF_32BIT (1UL << 22)

struct user_pt_regs {
	__u64 regs[31];
	__u64 sp;
};

struct pt_regs {
	int syscallno;
};

struct thread_info___arm64 {
	unsigned long flags;
};

struct task_struct___arm64 {
	struct thread_info___arm64 thread_info;
};

static __always_inline __u64 syscall_number(const struct pt_regs *regs)
{
	return regs->syscallno;
}

static __always_inline bool is_compat(const void *task)
{
	return BPF_CORE_READ((const struct task_struct___arm64 *)task, thread_info.flags) & TIF_32BIT;
}

/* A call leaves it in a register. */
#define RETURN_ADDRESS_BYTES 0

#else
#error "unknown architecture: say here where a system call's number is, and the frame of a call"
#endif

#pragma clang attribute pop

/* The stack frame of a call, the same for the kprobe at the function's entry and the one at its return. */
static __always_inline __u64 frame_at_entry(const struct pt_regs *ctx)
{
	return PT_REGS_SP(ctx) + RETURN_ADDRESS_BYTES;
}

static __always_inline __u64 frame_at_return(const struct pt_regs *ctx)
{
	return PT_REGS_SP(ctx);
}

/* THREAD_SIZE of x86 and arm64 with neither CONFIG_VMAP_STACK nor KASAN. */
#define PLAIN_STACK_BYTES 16384

/*
 * THREAD_SIZE depends on the architecture, the size of pages and KASAN. The area of a stack that the kernel has mapped tells it:
 * its pages, and one more that guards it.
 */
static __always_inline __u64 stack_bytes(const struct task_struct *task)
{
	const struct vm_struct *area = NULL;
	__u64 pages;

	if (bpf_core_field_exists(task->stack_vm_area))
		area = BPF_CORE_READ(task, stack_vm_area);
	if (!area)
		return PLAIN_STACK_BYTES;
	pages = BPF_CORE_READ(area, nr_pages);
	return BPF_CORE_READ(area, size) / (pages + 1) * pages;
}

/* The registers as the current task entered the kernel: at the end of its stack, told by a helper since 5.15. */
static __always_inline const struct pt_regs *entry_registers(void)
{
	const struct task_struct *task = (const void *)bpf_get_current_task();

	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return (const void *)bpf_task_pt_regs((void *)bpf_get_current_task_btf());
	return BPF_CORE_READ(task, stack) + stack_bytes(task) - bpf_core_type_size(struct pt_regs);
}

#endif
