/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps, and the only ways to write to them. */
#ifndef DROPREASON_MAPS_BPF_H
#define DROPREASON_MAPS_BPF_H

#include "../dropreason.h"
#include "kernel.bpf.h"

/* The only name in .rodata; the addon fills it in before load. */
const volatile struct dropreason_config config;

/*
 * Node rows. Key: (plane * config.cpus + cpu) * config.rows + row (dropreason.h). Value: what that CPU counted there.
 * Size: possible CPUs × config.rows × 16 bytes, four times that with flows; a slice is whole pages and 64 kB at most, so that
 * CPUs share no cache line and user space maps it. An array, not a per-CPU array: those can't be mapped.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dropreason_count);
} dropreason_metrics SEC(".maps");

/*
 * Which generation is counted in. Key: 0. Mapped by user space, which alone writes it: one page.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dropreason_generation);
} dropreason_generation SEC(".maps");

/*
 * Rows that are no array index have a map for the even generations and one for the odd, so that user space can empty the one that no
 * run counts in any more: a program that holds a row of it is never surprised by another row in its place (docs/adr/0017).
 *
 * Rows with opt-in attributes, shared by the CPUs. Size: attributes_max_entries × (56 + 40 bytes and the kernel's 48) each,
 * 1.2 MB both by default. What doesn't fit goes to the node row without them.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct dropreason_key);
	__type(value, struct dropreason_entry);
} dropreason_attributes_even SEC(".maps"), dropreason_attributes_odd SEC(".maps");

/* Failed calls by errno, subsystems' reasons. Size: 1024 × 144 bytes each. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct dropreason_key);
	__type(value, struct dropreason_entry);
} dropreason_unlisted_even SEC(".maps"), dropreason_unlisted_odd SEC(".maps");

/*
 * What was dropped while kfree_skb was interrupted: the second program's own rows in place of node rows, since both may be at
 * the same one. Size: 1024 × 144 bytes each, with atomic adds; what doesn't fit goes to the slot of dropreason_unlisted.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct dropreason_key);
	__type(value, struct dropreason_entry);
} dropreason_rescued_even SEC(".maps"), dropreason_rescued_odd SEC(".maps");

/*
 * For user space alone: dropreason_metrics as of the last drain, so that what has been taken and what hasn't can be told apart
 * after a restart too. Size: as of dropreason_metrics.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dropreason_count);
} dropreason_drained SEC(".maps");

/*
 * For user space alone: the rows that it has taken out of the maps of generations, by key with the map's number. Size: as many
 * rows as there are × 160 bytes, taken as they are needed.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct dropreason_key);
	__type(value, struct dropreason_kept);
} dropreason_kept SEC(".maps");

/* For user space alone: whose maps these are, where they are pinned. Key: 0. Size: 80 bytes. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dropreason_identity);
} dropreason_identity SEC(".maps");

static __always_inline void add(struct dropreason_count *count, __u64 bytes, bool atomic)
{
	if (atomic) {
		__sync_fetch_and_add(&count->packets, 1);
		/* clang makes an atomic or of adding a constant 0, and kernels before 5.12 have none. */
		if (bytes)
			__sync_fetch_and_add(&count->bytes, bytes);
	} else {
		count->packets += 1;
		count->bytes += bytes;
	}
}

/* Adds one packet to a row of this CPU's slice: plain adds where the kernel guards the program against itself. */
static __always_inline void count_row(__u32 plane, __u32 row, __u64 bytes)
{
	__u32 index = (plane * config.cpus + bpf_get_smp_processor_id()) * config.rows + row;
	struct dropreason_count *count = bpf_map_lookup_elem(&dropreason_metrics, &index);

	if (count)
		add(count, bytes, config.atomic);
}

/* Slots are rare, and written by programs that interrupt one another. */
static __always_inline void count_loss(enum dropreason_slot slot)
{
	__u32 row = (config.reasons << DROPREASON_REASON_SHIFT) + slot;
	__u32 index = bpf_get_smp_processor_id() * config.rows + row;
	struct dropreason_count *count = bpf_map_lookup_elem(&dropreason_metrics, &index);

	if (count)
		add(count, 0, true);
}

/* 1 where the generation that is counted in is an odd one. To be read once for everything that has to be of one generation. */
static __always_inline __u32 odd_generation(void)
{
	const __u32 zero = 0;
	struct dropreason_generation *generation = bpf_map_lookup_elem(&dropreason_generation, &zero);

	return generation ? *(volatile __u64 *)&generation->current & 1 : 0;
}

/* The plane that a run counts its node row in: read at its beginning. */
static __always_inline __u32 current_plane(void)
{
	return config.flows ? odd_generation() : 0;
}

/* The row of a key in a shared map, where it stays until the generation has ended; NULL where it is new and the map is full. */
static __always_inline struct dropreason_entry *find_entry(void *map, const struct dropreason_key *key)
{
	struct dropreason_entry first = {};
	struct dropreason_entry *entry = bpf_map_lookup_elem(map, key);

	if (entry)
		return entry;
	first.since = bpf_ktime_get_boot_ns();
	/* Where it fails another CPU may have been first. */
	bpf_map_update_elem(map, key, &first, BPF_NOEXIST);
	return bpf_map_lookup_elem(map, key);
}

/* The same in the map of the run's generation. Where flows aren't counted that is any which was current during the run. */
#define ENTRY_OF(map, plane, key)                                                                                      \
	((config.flows ? (plane) : odd_generation()) ? find_entry(&map##_odd, key) : find_entry(&map##_even, key))

/* Adds one to a row of a shared map. */
static __always_inline void count_entry(struct dropreason_entry *entry, __u64 bytes)
{
	add(&entry->all, bytes, true);
}

/* Its flow had no room: a part of what was counted. */
static __always_inline void count_entry_overflow(struct dropreason_entry *entry, __u64 bytes)
{
	add(&entry->overflow, bytes, true);
}

#endif
