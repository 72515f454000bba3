/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Seam 1: what the kernel side and the addon share. Plain C and C++; nothing but fixed-width types. */
#ifndef DROPREASON_H
#define DROPREASON_H

#include <linux/types.h>

/* Packets and bytes of one row; a failed call has no bytes. */
struct dropreason_count {
	__u64 packets;
	__u64 bytes;
};

enum dropreason_direction {
	DROPREASON_UNKNOWN = 0,
	DROPREASON_INGRESS = 1,
	DROPREASON_EGRESS = 2,
	DROPREASON_FORWARD = 3,
};

enum dropreason_family {
	DROPREASON_OTHER = 0,
	DROPREASON_IPV4 = 1,
	DROPREASON_IPV6 = 2,
};

/*
 * A row of a CPU's slice is (reason << 4) | (direction << 2) | family for each reason below config.reasons, then one row
 * for each loss slot, then padding to whole pages.
 */
#define DROPREASON_REASON_SHIFT 4
#define DROPREASON_DIRECTION_SHIFT 2
#define DROPREASON_MAX_REASONS 248

/* What can't be counted as a drop, or not in full. */
enum dropreason_slot {
	/* A member of another packet's fragment list was freed: no packet of its own. */
	DROPREASON_SLOT_FRAGMENT = 0,
	/* A buffer without protocol and network header was freed: unix, netlink or vsock data, no packet. */
	DROPREASON_SLOT_NOT_PACKET = 1,
	/* Counted, but the network header lay beyond the end: its bytes are the buffer's length. */
	DROPREASON_SLOT_NO_HEADER = 2,
	/* Counted, but without its opt-in attributes: the map of attributes was full. */
	DROPREASON_SLOT_ATTRIBUTES_FULL = 3,
	/* Lost: the reason, or the call, has no row and the map of such was full. */
	DROPREASON_SLOT_UNLISTED_FULL = 4,
	DROPREASON_SLOTS = 5,
};

/* Reasons of our own, beyond the reach of the kernel's (a subsystem's id is in the upper 16 bits). */
#define DROPREASON_CALL_CONNECT 0xffffff01u
#define DROPREASON_CALL_ACCEPT 0xffffff02u

/* Bits of config.attributes: what the key of dropreason_attributes holds besides reason, direction and family. */
#define DROPREASON_BY_PROTOCOL (1u << 0)
#define DROPREASON_BY_INTERFACE (1u << 1)
#define DROPREASON_BY_NETNS (1u << 2)
/* The freeing location of packets that the kernel gives no reason for. */
#define DROPREASON_BY_LOCATION (1u << 3)

/* Value of dropreason_key.protocol where there is no IP header. */
#define DROPREASON_NO_PROTOCOL 0xffffu

/* A row that is no array index. What wasn't asked for is zero. */
struct dropreason_key {
	__u64 location; /* return address in the function that freed the packet */
	__u32 reason; /* the kernel's number, or DROPREASON_CALL_* */
	__u32 netns; /* inode number of the network namespace */
	__u16 error; /* errno of a failed call */
	__u16 protocol; /* IP protocol number or DROPREASON_NO_PROTOCOL */
	__u8 direction; /* enum dropreason_direction */
	__u8 family; /* enum dropreason_family */
	__u8 pad[2];
	char interface[16]; /* IFNAMSIZ */
};

/* Bits of config.hints: what a reason's name says about direction where the packet itself says nothing. */
#define DROPREASON_HINT_INGRESS 1
#define DROPREASON_HINT_EGRESS 2

struct dropreason_range {
	__u64 start;
	__u64 end; /* exclusive; an empty range holds nothing */
};

/* Set once, before the programs are loaded: the verifier drops what it rules out. */
struct dropreason_config {
	__u32 rows; /* rows of one CPU's slice */
	__u32 reasons; /* reasons 0 … reasons-1 have rows of their own */
	__u32 unspecified; /* the running kernel's SKB_DROP_REASON_NOT_SPECIFIED */
	__u32 attributes; /* DROPREASON_BY_* */
	__u32 atomic; /* 1 where the kernel doesn't keep a program from interrupting itself */
	__u32 connect; /* 1 where failed connects are counted */
	__u32 accept; /* 1 where failed accepts are counted */
	__u32 pad;
	struct dropreason_range fragments; /* skb_release_data, which frees fragment lists; empty where unreadable */
	struct dropreason_range lists; /* kfree_skb_list, which does on kernels before 5.19 */
	__u8 hints[256]; /* DROPREASON_HINT_* by reason */
};

#endif
