/*
 * connects CPU COUNT LOOPS: makes COUNT nonblocking connections to its own listener on loopback, and resets each, LOOPS times. Prints
 * the nanoseconds of one connection in the fastest loop, because other work on the CPU can only add time.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_in to = {.sin_family = AF_INET};

static int listener(void)
{
	socklen_t length = sizeof(to);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (void *)&to, length) || listen(fd, 16) || getsockname(fd, (void *)&to, &length))
		exit(1);
	return fd;
}

static void connect_one(int listening)
{
	const struct linger reset = {.l_onoff = 1};
	int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), server;

	if (client < 0 || !connect(client, (void *)&to, sizeof(to)) || errno != EINPROGRESS)
		exit(1);
	server = accept(listening, NULL, NULL);
	if (server < 0 || setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)))
		exit(1);
	close(client);
	close(server);
}

static double nanoseconds(int listening, long count)
{
	struct timespec start, end;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (long i = 0; i < count; i++)
		connect_one(listening);
	clock_gettime(CLOCK_MONOTONIC, &end);
	return ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)) / count;
}

int main(int argc, char **argv)
{
	cpu_set_t cpus;
	double least;
	int listening;

	if (argc != 4)
		return 2;
	CPU_ZERO(&cpus);
	CPU_SET(atoi(argv[1]), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		return 1;
	listening = listener();
	least = nanoseconds(listening, atol(argv[2]));
	for (long loop = 1; loop < atol(argv[3]); loop++) {
		double took = nanoseconds(listening, atol(argv[2]));

		least = took < least ? took : least;
	}
	printf("%.1f\n", least);
	return 0;
}
