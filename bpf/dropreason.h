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

/*
 * Planes of the node rows. Where flows are counted, a run counts in the plane of its generation (its lowest bit), and what had no
 * room among the flows in that plane + DROPREASON_OVERFLOW too; else everything, and loss slots always, in plane 0.
 */
#define DROPREASON_PLANES 4
#define DROPREASON_OVERFLOW 2

/* A row that is no array index, in the map of one generation. */
struct dropreason_entry {
	struct dropreason_count all;
	struct dropreason_count overflow; /* of those, the ones whose flow had no room */
	__u64 since; /* when it was made: nanoseconds since the boot (CLOCK_BOOTTIME) */
};

/* What user space keeps of a row that it has taken out of the maps of generations (native/src/kept_rows.h). */
struct dropreason_kept {
	struct dropreason_entry entry;
	__u64 merged; /* of a row: the last generation that was added, + 1; else the last fold that was added, or has begun */
	__u64 folding; /* the fold that adds this row to its remainder and removes it; 0 if none does */
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
	/* Counted, but as a rule's drop even if NAT or conntrack dropped it: the map of their notes was full. */
	DROPREASON_SLOT_NOTES_FULL = 5,
	/* Counted, but without its call chain: the map of such was full, or the freeing function wasn't in it. */
	DROPREASON_SLOT_STACKS_FULL = 6,
	DROPREASON_SLOTS = 7,
};

/* Reasons of our own, beyond the reach of the kernel's (a subsystem's id is in the upper 16 bits). */
#define DROPREASON_CALL_CONNECT 0xffffff01u
#define DROPREASON_CALL_ACCEPT 0xffffff02u
#define DROPREASON_NOTE_NAT 0xffffff03u
#define DROPREASON_NOTE_CONNTRACK 0xffffff04u
/* In dropreason_rescued alone: runs of the rescuing program that had something to count. */
#define DROPREASON_RESCUED 0xffffff05u

/* Bits of config.attributes: what the key of dropreason_attributes holds besides reason, direction and family. */
#define DROPREASON_BY_PROTOCOL (1u << 0)
#define DROPREASON_BY_INTERFACE (1u << 1)
#define DROPREASON_BY_NETNS (1u << 2)
/* The freeing location of packets that the kernel gives no reason for, and that of every packet. */
#define DROPREASON_BY_LOCATION (1u << 3)
#define DROPREASON_BY_EVERY_LOCATION (1u << 4)
/* The call chain of what netfilter dropped. */
#define DROPREASON_BY_STACK (1u << 5)

/* Value of dropreason_key.protocol where there is no IP header. */
#define DROPREASON_NO_PROTOCOL 0xffffu

/* What tells rows apart that are no array index. What wasn't asked for is zero. */
struct dropreason_key {
	__u64 location; /* return address in the function that freed the packet */
	__u64 stack; /* key of dropreason_stacks */
	__u64 cookie; /* of the network namespace, which no other one ever has; 0 before Linux 5.12 */
	__u32 reason; /* the kernel's number, or one of DROPREASON_CALL_*, NOTE_*, RESCUED */
	__u32 netns; /* inode number of the network namespace, which the next one may have again */
	__u16 error; /* errno of a failed call */
	__u16 protocol; /* IP protocol number or DROPREASON_NO_PROTOCOL */
	__u8 direction; /* enum dropreason_direction */
	__u8 family; /* enum dropreason_family */
	__u8 unconfirmed; /* 1: with a stack, and conntrack had yet to confirm the connection when NAT was through with it */
	__u8 map; /* in dropreason_kept: of which map the row is (native/src/kept_rows.cc); elsewhere 0 */
	char interface[16]; /* IFNAMSIZ */
};

/* Whose drop it was. What isn't known, or wasn't asked for, is zero. */
struct dropreason_flow {
	__u8 source[16]; /* in network order; IPv4 as ::ffff:0:0/96 (RFC 4291 section 2.5.5.2) */
	__u8 destination[16];
	__u64 location; /* as in dropreason_key */
	__u64 stack;
	__u64 cookie;
	__u32 reason;
	__u32 netns;
	__u32 ifindex; /* of the packet's device, else of the one that it came in by */
	__u16 error;
	__u16 port; /* destination port in host order, below DROPREASON_EPHEMERAL_PORTS */
	__u16 protocol;
	__u8 direction;
	__u8 family;
	__u8 unconfirmed;
	__u8 pad[3];
};

/* Ports from here on are taken for ephemeral: Linux' own default (net.ipv4.ip_local_port_range). */
#define DROPREASON_EPHEMERAL_PORTS 32768

/* Interface indices mean something in their namespace alone. */
struct dropreason_interface {
	__u64 cookie;
	__u32 netns;
	__u32 ifindex;
};

struct dropreason_interface_name {
	char name[16]; /* IFNAMSIZ */
};

/* The generation that is counted in now, and the one before which everything has been taken out. */
struct dropreason_generation {
	__u64 current;
	__u64 taken;
};

/* A call chain from the function that freed the packet outwards: return addresses, 0 behind the last. */
#define DROPREASON_FRAMES 12
struct dropreason_stack {
	__u64 frames[DROPREASON_FRAMES];
};

/* What is pinned, and since when it counts; fingerprint is empty until all maps are pinned. */
struct dropreason_identity {
	__u64 start_time_millis;
	__u64 start_boot_nanos; /* the same moment by CLOCK_BOOTTIME */
	char fingerprint[64];
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
	__u32 netfilter; /* the running kernel's SKB_DROP_REASON_NETFILTER_DROP; that of unspecified where it has none */
	__u32 reasoned; /* 1 where the kernel's reasons are used */
	__u32 atomic; /* 1 where the kernel doesn't keep a program from interrupting itself */
	__u32 rescue; /* 1 where a second program counts what the first was kept from */
	__u32 notes; /* 1 where hooks of NAT and conntrack may leave notes */
	__u32 connect; /* 1 where the system calls' tracepoint counts failed connects */
	__u32 accept; /* 1 where it counts failed accepts */
	__u32 flows; /* 1 where flows are counted */
	__u32 ports; /* 1 where destination ports tell flows apart */
	__u32 cpus; /* slices of a plane */
	struct dropreason_range fragments; /* skb_release_data, which frees fragment lists; empty where unreadable */
	struct dropreason_range lists; /* kfree_skb_list, which does on kernels before 5.19 */
	__u8 hints[256]; /* DROPREASON_HINT_* by reason */
};

#endif
