/* Connects by io_uring, without a library. All of them are in one ring at the same time. */
#define _GNU_SOURCE
#include "uring.h"
#include <linux/io_uring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct ring {
	int fd;
	struct io_uring_params setup;
	char *submissions, *completions;
	struct io_uring_sqe *entries;
};

static void *map(const struct ring *ring, size_t length, uint64_t offset)
{
	void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd, offset);

	if (memory == MAP_FAILED)
		fail("mmap");
	return memory;
}

static struct ring open_ring(unsigned int entries)
{
	struct ring ring = {0};
	const struct io_uring_params *setup = &ring.setup;

	ring.fd = syscall(SYS_io_uring_setup, entries, &ring.setup);
	if (ring.fd < 0)
		fail("io_uring_setup");
	ring.submissions = map(&ring, setup->sq_off.array + setup->sq_entries * sizeof(__u32), IORING_OFF_SQ_RING);
	ring.completions =
		map(&ring, setup->cq_off.cqes + setup->cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
	ring.entries = map(&ring, setup->sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	return ring;
}

static void submit(struct ring *ring, const struct io_uring_sqe *entry)
{
	__u32 *tail = (void *)(ring->submissions + ring->setup.sq_off.tail);
	__u32 index = *tail & *(__u32 *)(ring->submissions + ring->setup.sq_off.ring_mask);

	ring->entries[index] = *entry;
	((__u32 *)(ring->submissions + ring->setup.sq_off.array))[index] = index;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
}

void uring_connect(const int *sockets, long count, const struct address *to, void note(int error))
{
	struct ring ring = open_ring(count);
	const __u32 mask = *(__u32 *)(ring.completions + ring.setup.cq_off.ring_mask);
	const struct io_uring_cqe *results = (void *)(ring.completions + ring.setup.cq_off.cqes);

	for (long i = 0; i < count; i++) {
		const struct io_uring_sqe entry = {
			.opcode = IORING_OP_CONNECT, .fd = sockets[i], .addr = (uintptr_t)&to->any, .off = to->length};

		submit(&ring, &entry);
	}
	if (syscall(SYS_io_uring_enter, ring.fd, count, count, IORING_ENTER_GETEVENTS, NULL, 0) != count)
		fail("io_uring_enter");
	for (long i = 0; i < count; i++)
		note(results[i & mask].res < 0 ? -results[i & mask].res : 0);
	close(ring.fd);
}
