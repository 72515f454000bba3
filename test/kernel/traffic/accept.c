/* Accepts that fail, or that only look like failures. */
#define _GNU_SOURCE
#include "calls.h"
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Allows this process to open one more descriptor, or none. */
static void allow_descriptors(bool any)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		fail("getrlimit");
	limit.rlim_cur = any ? limit.rlim_max : 0;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		fail("setrlimit");
}

/* Alternates between both system calls. Requests the address if `address` isn't NULL. */
static int accept_once(int listener, long i, struct address *address)
{
	struct sockaddr *any = address ? &address->any : NULL;
	socklen_t *length = address ? &address->length : NULL;
	int result = i % 2 ? accept4(listener, any, length, SOCK_CLOEXEC) : accept(listener, any, length);

	note_call(result);
	return result;
}

/* Alternately without descriptors and on a socket that has stopped listening: two errnos in turn. */
static void accept_by_turns(int listener, int deaf, long count)
{
	for (long i = 0; i < count; i++) {
		allow_descriptors(false);
		accept_once(listener, i, NULL);
		allow_descriptors(true);
		if (i % 3 == 0)
			accept_once(deaf, i, NULL);
	}
}

/* A connection that is reset while it waits to be accepted stays in the queue, closed, and is still accepted. */
static void accept_reset(int listener, struct address *address, long count)
{
	struct linger reset = {.l_onoff = 1};

	for (long i = 0; i < count; i++) {
		struct address peer = {.length = sizeof(peer.v6)};
		struct pollfd waiting = {.fd = listener, .events = POLLIN};
		int client = open_socket(address->any.sa_family, SOCK_STREAM, 0);

		if (connect(client, &address->any, address->length) || poll(&waiting, 1, -1) < 0 ||
		    setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)))
			fail("connect");
		close(client);
		close_reset(accept_once(listener, i, &peer));
	}
}

static void *accept_thread(void *listener)
{
	accept_once(*(int *)listener, 0, NULL);
	return NULL;
}

/* Whether a thread of this process sleeps in accept(). The kernel shows the number of a thread's current system call. */
static bool all_wait(long count)
{
	char command[128];

	snprintf(command, sizeof(command), "test $(cat /proc/%d/task/*/syscall | grep -c '^%d ') -eq %ld", getpid(), SYS_accept, count);
	return system(command) == 0;
}

/* Threads that are already waiting in accept() when the socket stops listening. */
static void accept_shut_down(int listener, long count)
{
	pthread_t *threads = calloc(count, sizeof(*threads));

	for (long i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, accept_thread, &listener))
			fail("pthread_create");
	while (!all_wait(count))
		usleep(10000);
	if (shutdown(listener, SHUT_RDWR))
		fail("shutdown");
	for (long i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	free(threads);
}

int accept_command(int argc, char **argv)
{
	struct address address;
	const char *kind = argv[1];
	int type = argc > 4 && !strcmp(argv[4], "nonblocking") ? SOCK_NONBLOCK : 0;
	int listener = listener_on(&address, argv[2], 0, type), deaf = listener_on(&address, argv[2], 0, type);
	long count = number(argv[3]);

	if (shutdown(deaf, SHUT_RDWR))
		fail("shutdown");
	address = address_of(argv[2], port_of(listener));
	if (!strcmp(kind, "turns")) {
		accept_by_turns(listener, deaf, count);
	} else if (!strcmp(kind, "reset")) {
		accept_reset(listener, &address, count);
	} else if (!strcmp(kind, "shutdown")) {
		accept_shut_down(listener, count);
	} else {
		if (!strcmp(kind, "emfile"))
			allow_descriptors(false);
		if (!strcmp(kind, "interrupted"))
			interrupt_calls();
		for (long i = 0; i < count; i++)
			accept_once(!strcmp(kind, "einval") ? deaf : listener, i, NULL);
	}
	close(listener);
	close(deaf);
	return report_calls();
}
