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
 * Rows with opt-in attributes, shared by the CPUs. Size: attributes_max_entries × (48 + 64 bytes and the kernel's 48),
 * 0.6 MB by default. What doesn't fit goes to the node row without them.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct dropreason_key);
	__type(value, struct dropreason_entry);
} dropreason_attributes SEC(".maps");

/* Rows that are no array index: failed calls by errno, subsystems' reasons. Size: 1024 × 160 bytes. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct dropreason_key);
	__type(value, struct dropreason_entry);
} dropreason_unlisted SEC(".maps");

/*
 * What was dropped while kfree_skb was interrupted: the second program's own rows in place of node rows, since both may be at
 * the same one. Size: 1024 × 160 bytes, with atomic adds; what doesn't fit goes to the slot of dropreason_unlisted.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct dropreason_key);
	__type(value, struct dropreason_entry);
} dropreason_rescued SEC(".maps");

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
 * For user space alone: dropreason_metrics as of the last drain, so that what has been taken and what hasn't can be told apart
 * after a restart too; and likewise the rows of the shared maps, by key, whose pad is the map's number. Sizes: as of
 * dropreason_metrics; as many rows as there are × 160 bytes, taken as they are needed.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dropreason_count);
} dropreason_drained SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct dropreason_key);
	__type(value, struct dropreason_entry);
} dropreason_drained_entries SEC(".maps");

/* For user space alone: whose maps these are, where they are pinned. Key: 0. Size: 72 bytes. */
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

/* The row of a key in a shared map, where it stays; NULL where it is new and the map is full. */
static __always_inline struct dropreason_entry *entry_of(void *map, const struct dropreason_key *key)
{
	const struct dropreason_entry nothing = {};
	struct dropreason_entry *entry = bpf_map_lookup_elem(map, key);

	if (entry)
		return entry;
	/* Where it fails another CPU may have been first. */
	bpf_map_update_elem(map, key, &nothing, BPF_NOEXIST);
	return bpf_map_lookup_elem(map, key);
}

/* Adds one to a row of a shared map. */
static __always_inline void count_entry(struct dropreason_entry *entry, __u32 plane, __u64 bytes)
{
	add(&entry->planes[plane & (DROPREASON_PLANES - 1)], bytes, true);
}

#endif
