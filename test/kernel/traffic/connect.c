/* Connects that fail, or that only look like failures. */
#define _GNU_SOURCE
#include "calls.h"
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void connect_once(const struct address *to)
{
	int fd = open_socket(to->any.sa_family, SOCK_STREAM, 0);

	note_call(connect(fd, &to->any, to->length));
	close(fd);
}

static void *connect_thread(void *to)
{
	connect_once(to);
	return NULL;
}

static void connect_parallel(struct address *to, long count)
{
	pthread_t *threads = calloc(count, sizeof(*threads));

	for (long i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, connect_thread, to))
			fail("pthread_create");
	for (long i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	free(threads);
}

/*
 * Resets the connection. After an orderly close, the socket that is closed first would have its peer's FIN in its queue when the kernel
 * frees it, which counts as a drop.
 */
static void close_both(int client, int listener)
{
	struct linger reset = {.l_onoff = 1};
	int server = accept(listener, NULL, NULL);

	if (server < 0 || setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)))
		fail("accept");
	close(client);
	close_reset(server);
}

/* Nonblocking: begins, waits for the end, and calls again to get the result. */
static int connect_waiting(const struct address *to, int calls)
{
	int fd = open_socket(to->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd end = {.fd = fd, .events = POLLOUT};

	note_call(connect(fd, &to->any, to->length));
	if (poll(&end, 1, -1) < 0)
		fail("poll");
	for (int i = 1; i < calls; i++)
		note_call(connect(fd, &to->any, to->length));
	return fd;
}

/* To our own listener: begins, succeeds, and calls once too often. */
static void connect_answered(const char *text, int port, long count)
{
	struct address to;
	int listener = listener_on(&to, text, port, 0);

	for (long i = 0; i < count; i++)
		close_both(connect_waiting(&to, 3), listener);
	close(listener);
}

/* The port range has one port, which the first connection uses. */
static void connect_without_port(const char *text, int port, long count)
{
	struct address to;
	int listener = listener_on(&to, text, port, 0), first = open_socket(to.any.sa_family, SOCK_STREAM, 0);

	if (connect(first, &to.any, to.length))
		fail("connect");
	for (long i = 0; i < count; i++)
		connect_once(&to);
	close_both(first, listener);
	close(listener);
}

/* Alternately to a port without a listener and to an address without a route. A call must not get the errno of an earlier one. */
static void connect_by_turns(const struct address *refuses, const char *unreachable, long count, bool waiting)
{
	struct address away = address_of(unreachable, 9);

	for (long i = 0; i < count; i++) {
		if (waiting)
			close(connect_waiting(refuses, 1));
		else
			connect_once(refuses);
		if (i % 2)
			continue;
		int fd = open_socket(away.any.sa_family, SOCK_STREAM | (waiting ? SOCK_NONBLOCK : 0), 0);

		note_call(connect(fd, &away.any, away.length));
		close(fd);
	}
}

int connect_command(int argc, char **argv)
{
	struct address to = address_of(argv[2], number(argv[3]));
	long count = number(argv[4]);

	if (!strcmp(argv[1], "interrupted"))
		interrupt_calls();
	if (!strcmp(argv[1], "parallel")) {
		connect_parallel(&to, count);
	} else if (argc > 5) {
		connect_by_turns(&to, argv[5], count, !strcmp(argv[1], "waiting"));
	} else if (!strcmp(argv[1], "port")) {
		connect_without_port(argv[2], number(argv[3]), count);
	} else if (!strcmp(argv[1], "answered")) {
		connect_answered(argv[2], number(argv[3]), count);
	} else {
		for (long i = 0; i < count; i++) {
			if (!strcmp(argv[1], "waiting"))
				close(connect_waiting(&to, 2));
			else
				connect_once(&to);
		}
	}
	return report_calls();
}
