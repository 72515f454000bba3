/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What interrupted.bpf.c and attach.c share. */
#ifndef INTERRUPTED_H
#define INTERRUPTED_H

#include <linux/types.h>

/* SO_MARK of the packets whose drop is made to wait; a packet loses it where it enters another namespace. */
#define WAITING_MARK 0x5eed

/* Where the drop of a marked packet waits to be interrupted: in turn. */
enum place {
	NOWHERE = 0,
	/* In the first program, where it looks up a row in a hash map. */
	LOOKUP = 1,
	/* In the first program, where it asks for the call chain. */
	CHAIN = 2,
	/* In the first program, where it asks for its CPU, just before it adds to that CPU's row. */
	PROCESSOR = 3,
	/* Between the first program and the one that rescues. */
	BETWEEN = 4,
	PLACES = 5,
};

/* One CPU's. */
struct interruptions {
	__u32 armed; /* where this event is to wait */
	__u32 waiting; /* where it waits now */
	__u64 turn;
	__u64 waits[PLACES];
	__u64 interrupted[PLACES]; /* waits in which another drop came on this CPU */
	__u64 drops[PLACES]; /* drops that came during waits */
};

#endif
