/* A TCP sender of large segments, and the only known way to make packets reach a closed TCP socket. */
#define _GNU_SOURCE
#include "traffic.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096

/* One connection: `here` is in the network namespace of this process, `there` in the other. */
struct connection {
	int here, there;
};

static struct connection connected(const char *netns, const char *text)
{
	struct address to = address_of(text, 0);
	struct connection connection = {.here = open_socket(to.any.sa_family, SOCK_STREAM, 0)};
	int listener;

	enter(netns);
	listener = open_socket(to.any.sa_family, SOCK_STREAM, 0);
	if (bind(listener, &to.any, to.length) || listen(listener, 1))
		fail("listen");
	to = address_of(text, port_of(listener));
	if (connect(connection.here, &to.any, to.length))
		fail("connect");
	connection.there = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (connection.there < 0)
		fail("accept");
	close(listener);
	return connection;
}

/* In repair mode a socket closes without notifying its peer, and shows its sequence numbers. */
static void repair(int socket)
{
	int on = 1;

	if (setsockopt(socket, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)))
		fail("TCP_REPAIR");
}

static uint32_t sequence(int socket, int queue)
{
	uint32_t value;
	socklen_t length = sizeof(value);

	if (setsockopt(socket, IPPROTO_TCP, TCP_REPAIR_QUEUE, &queue, sizeof(queue)) ||
	    getsockopt(socket, IPPROTO_TCP, TCP_QUEUE_SEQ, &value, &length))
		fail("TCP_QUEUE_SEQ");
	return value;
}

/* Connects, runs COMMAND to add the rule, and writes BYTES at once, so that the segments leave as GSO packets. */
int tcp_send_command(int argc, char **argv)
{
	struct connection connection = connected(argv[1], argv[2]);
	struct linger reset = {.l_onoff = 1};
	long bytes = number(argv[3]);
	char *payload = calloc(1, bytes);

	(void)argc;
	if (system(argv[4]))
		fail("the command failed");
	if (send(connection.here, payload, bytes, MSG_DONTWAIT) < 0)
		fail("send");
	/* Ends the retransmissions; the reset meets the rule too. */
	if (setsockopt(connection.here, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)))
		fail("SO_LINGER");
	close(connection.here);
	repair(connection.there);
	close(connection.there);
	printf("{\"sent\":%ld}\n", bytes);
	free(payload);
	return 0;
}

static void *receive(void *buffer)
{
	int socket = *(int *)((char *)buffer - sizeof(int));

	if (recv(socket, buffer, 1, 0) != 1)
		fail("recv");
	return NULL;
}

/* A page whose first access blocks until the page is provided. A thread that accesses it in a system call keeps its locks meanwhile. */
static int faulting_page(char *page)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register area = {.range = {.start = (unsigned long)page, .len = PAGE}, .mode = UFFDIO_REGISTER_MODE_MISSING};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &area))
		fail("userfaultfd");
	return fd;
}

static void write_segment(int raw, const struct address *to, const struct address *from, struct tcphdr *segment, size_t length)
{
	bool v4 = to->any.sa_family == AF_INET;
	size_t size = v4 ? 4 : 16;
	const void *a = v4 ? (const void *)&from->v4.sin_addr : (const void *)&from->v6.sin6_addr;
	const void *b = v4 ? (const void *)&to->v4.sin_addr : (const void *)&to->v6.sin6_addr;
	uint32_t sum = (uint16_t)~ntohs(checksum(a, size, 0)) + (uint16_t)~ntohs(checksum(b, size, 0)) + IPPROTO_TCP + length;

	segment->check = 0;
	segment->check = checksum(segment, length, sum);
	if (sendto(raw, segment, length, 0, &to->any, to->length) < 0)
		fail("sendto");
}

/*
 * A socket in TCP_CLOSE is in no table, so a packet reaches it only if it was queued before. A thread of the receiver holds the socket
 * lock, blocked in recv() on a missing page. Meanwhile a reset and then COUNT segments arrive, and wait in the socket's backlog. When the
 * page is provided, release_sock() processes them: the reset closes the socket, and each following segment reaches
 * tcp_rcv_state_process() in state TCP_CLOSE. All have the same sequence number, because otherwise the backlog would merge them.
 */
int tcp_closed_command(int argc, char **argv)
{
	struct address to = address_of(argv[2], 0), from = address_of(argv[3], 0);
	long count = number(argv[4]);
	size_t length = sizeof(struct tcphdr) + number(argv[5]);
	struct tcphdr *segment = calloc(1, length);
	int raw, own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct connection connection = connected(argv[1], argv[2]);
	char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_zeropage zero = {.range = {.start = (unsigned long)pages + PAGE, .len = PAGE}};
	struct uffd_msg message;
	pthread_t receiver;
	int fd = faulting_page(pages + PAGE);

	(void)argc;
	if (send(connection.here, "x", 1, 0) != 1)
		fail("send");
	segment->source = htons(port_of(connection.here));
	segment->dest = htons(port_of(connection.there));
	*(int *)(pages + PAGE - sizeof(int)) = connection.there;
	if (pthread_create(&receiver, NULL, receive, pages + PAGE) || read(fd, &message, sizeof(message)) != sizeof(message))
		fail("no fault");
	repair(connection.here);
	segment->seq = htonl(sequence(connection.here, TCP_SEND_QUEUE));
	segment->ack_seq = htonl(sequence(connection.here, TCP_RECV_QUEUE));
	segment->doff = sizeof(*segment) / 4;
	segment->window = htons(1000);
	segment->ack = 1;
	segment->rst = 1;
	/* Only now, and not for long: a raw socket gets a copy of all TCP that comes in, and to close it unread is a drop. */
	if (setns(own, CLONE_NEWNET))
		fail("setns");
	raw = open_socket(to.any.sa_family, SOCK_RAW, IPPROTO_TCP);
	write_segment(raw, &to, &from, segment, sizeof(*segment));
	segment->rst = 0;
	for (long i = 0; i < count; i++)
		write_segment(raw, &to, &from, segment, length);
	close(raw);
	if (ioctl(fd, UFFDIO_ZEROPAGE, &zero) || pthread_join(receiver, NULL))
		fail("UFFDIO_ZEROPAGE");
	printf("{\"sent\":%ld,\"dropped\":%u}\n", count, drops_of(connection.there));
	free(segment);
	return 0;
}

#define FIN_WAIT2 5
#define TIME_WAIT 6
/* Instead of a timer: the socket is gone, and the listed entry waits for the end of the connection. */
#define NO_SOCKET 3

struct listed {
	unsigned int state, timer;
};

/* The only connection from that local port in this namespace; all 0 if there is none. */
static struct listed listed(int family, unsigned int port)
{
	FILE *sockets = fopen(family == AF_INET ? "/proc/thread-self/net/tcp" : "/proc/thread-self/net/tcp6", "re");
	struct listed one, found = {0};
	unsigned int local;
	char line[512];

	if (!sockets)
		fail("/proc/thread-self/net");
	while (!found.state && fgets(line, sizeof(line), sockets))
		if (sscanf(line, "%*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*x:%*x %x", &local, &one.state, &one.timer) == 3 &&
		    local == port)
			found = one;
	fclose(sockets);
	return found;
}

static bool comes_to(int family, unsigned int port, unsigned int state)
{
	for (int tries = 0; tries < 5000; tries++) {
		if (listed(family, port).state == state)
			return true;
		usleep(1000);
	}
	return false;
}

/*
 * Makes COUNT connections that the listener's side closes first. This side closes when only the entry that waits for its FIN is left there.
 * The first FIN must be acknowledged separately, because a FIN with the acknowledgement would reach the full socket. If the kernel still
 * keeps the socket, the connection does not count towards COUNT.
 */
int tcp_time_wait_command(int argc, char **argv)
{
	int family = address_of(argv[2], 0).any.sa_family, on = 1;
	int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	long count = number(argv[3]), ended = 0, tries;
	char byte;

	(void)argc;
	for (tries = 0; ended < count && tries < 2 * count; tries++) {
		struct connection connection;
		unsigned int port;
		bool is_gone;

		if (setns(own, CLONE_NEWNET))
			fail("setns");
		connection = connected(argv[1], argv[2]);
		port = port_of(connection.there);
		close(connection.there);
		if (recv(connection.here, &byte, 1, 0) != 0)
			fail("recv");
		if (setsockopt(connection.here, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on)))
			fail("TCP_QUICKACK");
		if (!comes_to(family, port, FIN_WAIT2))
			fail("no FIN_WAIT2");
		is_gone = listed(family, port).timer == NO_SOCKET;
		close(connection.here);
		if (!comes_to(family, port, TIME_WAIT))
			fail("no TIME_WAIT");
		ended += is_gone;
	}
	printf("{\"sent\":%ld,\"ended\":%ld}\n", tries, ended);
	return 0;
}
