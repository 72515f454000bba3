/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One object of one file per question, so that they share the maps. */
#include "drops.bpf.c"
#include "calls.bpf.c"
#include "netfilter.bpf.c"

/* Only GPL-compatible programs may read kernel memory. */
char _license[] SEC("license") = "Dual BSD/GPL";
