/*
 * forward CLIENT SERVER CPU FROM PORT TO COUNT EACH: sends COUNT datagrams from the address FROM in one network namespace to TO
 * in another. Each connection has EACH datagrams (at least 1); the source ports count up from PORT. Datagrams are received before more
 * are sent than a socket holds, so none is dropped. Prints how many arrived, how many of these from an address other than FROM (source
 * NAT), the number of system calls of this thread, and the seconds.
 */
#define _GNU_SOURCE
#include "../kernel/traffic/traffic.h"
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#define PORT 9000
#define SECOND 1000000000LL

static long calls;

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

/* The bytes of a datagram, and the destination or source of each datagram of a batch. */
struct batch {
	char data[BATCH][64];
	struct iovec vectors[BATCH];
	struct sockaddr_in addresses[BATCH];
	struct mmsghdr messages[BATCH];
};

static void prepare(struct batch *batch, const struct address *to)
{
	for (int i = 0; i < BATCH; i++) {
		batch->addresses[i] = to->v4;
		batch->vectors[i] = (struct iovec){.iov_base = batch->data[i], .iov_len = sizeof(batch->data[i])};
		batch->messages[i].msg_hdr = (struct msghdr){
			.msg_name = &batch->addresses[i],
			.msg_namelen = sizeof(batch->addresses[i]),
			.msg_iov = &batch->vectors[i],
			.msg_iovlen = 1,
		};
	}
}

/* The socket of the next connection. Leaves the thread in the server's namespace. */
static int client(int old, const char *netns, const char *server, int port)
{
	struct address from = address_of("0.0.0.0", port);
	int fd;

	if (old >= 0)
		close(old);
	enter(netns);
	fd = open_socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(fd, &from.any, from.length))
		fail("bind");
	enter(server);
	calls += old >= 0 ? 9 : 8; /* open, setns and close twice, socket, bind */
	return fd;
}

static void send_all(int fd, struct batch *batch, int count)
{
	for (int sent = 0, n; sent < count; sent += n) {
		n = sendmmsg(fd, batch->messages + sent, count - sent, 0);
		calls++;
		if (n < 0)
			fail("sendmmsg");
	}
}

/* Returns the number of datagrams from an address other than `own`. */
static int receive_all(int fd, struct batch *batch, int count, struct in_addr own)
{
	int translated = 0;

	for (int received = 0, n; received < count; received += n) {
		n = recvmmsg(fd, batch->messages, count - received, MSG_WAITFORONE, NULL);
		calls++;
		if (n < 0)
			fail("recvmmsg");
		for (int i = 0; i < n; i++)
			translated += batch->addresses[i].sin_addr.s_addr != own.s_addr;
	}
	return translated;
}

static int server(const char *netns)
{
	const struct timeval patience = {.tv_sec = 30};
	struct address at = address_of("0.0.0.0", PORT);
	int fd;

	enter(netns);
	fd = open_socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(fd, &at.any, at.length) || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		fail("bind");
	return fd;
}

int main(int argc, char **argv)
{
	static struct batch out, in;
	struct address to, own;
	long count, each, sent = 0, translated = 0, of_connection = 0;
	int port;
	cpu_set_t cpus;
	long long start;
	int receiving, sending = -1;

	if (argc != 9)
		return 2;
	CPU_ZERO(&cpus);
	CPU_SET(number(argv[3]), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		fail("sched_setaffinity");
	own = address_of(argv[4], 0);
	port = number(argv[5]);
	to = address_of(argv[6], PORT);
	count = number(argv[7]);
	each = number(argv[8]);
	prepare(&out, &to);
	prepare(&in, &to);
	receiving = server(argv[2]);
	start = now();
	while (sent < count) {
		long n = count - sent < BATCH ? count - sent : BATCH;

		if (sending < 0 || of_connection == each) {
			sending = client(sending, argv[1], argv[2], port++);
			of_connection = 0;
		}
		n = n < each - of_connection ? n : each - of_connection;
		send_all(sending, &out, n);
		translated += receive_all(receiving, &in, n, own.v4.sin_addr);
		of_connection += n;
		sent += n;
	}
	printf("{\"received\":%ld,\"translated\":%ld,\"calls\":%ld,\"seconds\":%.4f}\n", sent, translated, calls,
	       (double)(now() - start) / SECOND);
	return 0;
}
