/* Connects and accepts that fail, or that look like failing and don't. Each prints what the calls returned: {"ERRNO":count,…}. */
#define _GNU_SOURCE
#include "traffic.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#define ERRNOS 256

static long returned[ERRNOS];

static void note(int result)
{
	__atomic_fetch_add(&returned[result < 0 ? errno % ERRNOS : 0], 1, __ATOMIC_RELAXED);
}

static int report(void)
{
	const char *comma = "";

	printf("{");
	for (int i = 0; i < ERRNOS; i++) {
		if (!returned[i])
			continue;
		printf("%s\"%s\":%ld", comma, i ? strerrorname_np(i) : "OK", returned[i]);
		comma = ",";
	}
	printf("}\n");
	return 0;
}

static int listener_on(struct address *address, const char *text, int port)
{
	int fd;

	*address = address_of(text, port);
	fd = open_socket(address->any.sa_family, SOCK_STREAM, 0);
	if (bind(fd, &address->any, address->length) || listen(fd, 128))
		fail("listen");
	*address = address_of(text, port_of(fd));
	return fd;
}

static void ignore(int signal)
{
	(void)signal;
}

/* From now on a signal every 20 ms, which ends a waiting system call rather than restarting it. */
static void interrupt(void)
{
	struct sigaction action = {.sa_handler = ignore};
	struct itimerval every = {.it_interval = {.tv_usec = 20000}, .it_value = {.tv_usec = 20000}};

	if (sigaction(SIGALRM, &action, NULL) || setitimer(ITIMER_REAL, &every, NULL))
		fail("setitimer");
}

static void connect_once(const struct address *to)
{
	int fd = open_socket(to->any.sa_family, SOCK_STREAM, 0);

	note(connect(fd, &to->any, to->length));
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
 * Resets the connection: ended in order, the socket that is closed first has its peer's end-of-stream segment in its queue when
 * the kernel frees it, which counts as a drop.
 */
static void close_both(int client, int listener)
{
	struct linger reset = {.l_onoff = 1};
	int server = accept(listener, NULL, NULL);

	if (server < 0 || setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)))
		fail("accept");
	close(client);
	close(server);
}

/* Without waiting in the call: begins, waits for the end, and calls again, which tells how it ended. */
static int connect_waiting(const struct address *to, int calls)
{
	int fd = open_socket(to->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd end = {.fd = fd, .events = POLLOUT};

	note(connect(fd, &to->any, to->length));
	if (poll(&end, 1, -1) < 0)
		fail("poll");
	for (int i = 1; i < calls; i++)
		note(connect(fd, &to->any, to->length));
	return fd;
}

/* To a listener of our own: begun, ended well, and called once too often. */
static void connect_answered(const char *text, int port, long count)
{
	struct address to;
	int listener = listener_on(&to, text, port);

	for (long i = 0; i < count; i++)
		close_both(connect_waiting(&to, 3), listener);
	close(listener);
}

/* The port range has one port, and the first connection has it. */
static void connect_without_port(const char *text, int port, long count)
{
	struct address to;
	int listener = listener_on(&to, text, port), first = open_socket(to.any.sa_family, SOCK_STREAM, 0);

	if (connect(first, &to.any, to.length))
		fail("connect");
	for (long i = 0; i < count; i++)
		connect_once(&to);
	close_both(first, listener);
	close(listener);
}

int connect_command(int argc, char **argv)
{
	struct address to = address_of(argv[2], number(argv[3]));
	long count = number(argv[4]);

	(void)argc;
	if (!strcmp(argv[1], "interrupted"))
		interrupt();
	if (!strcmp(argv[1], "parallel")) {
		connect_parallel(&to, count);
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
	return report();
}

int accept_command(int argc, char **argv)
{
	struct address address;
	int listener = listener_on(&address, argv[2], 0);
	long count = number(argv[3]);
	struct rlimit none = {0};

	(void)argc;
	if (!strcmp(argv[1], "emfile")) {
		if (setrlimit(RLIMIT_NOFILE, &none))
			fail("setrlimit");
	} else if (!strcmp(argv[1], "einval")) {
		if (shutdown(listener, SHUT_RDWR))
			fail("shutdown");
	} else if (!strcmp(argv[1], "eagain")) {
		close(listener);
		listener = open_socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (bind(listener, &address.any, address.length) || listen(listener, 128))
			fail("listen");
	} else {
		interrupt();
	}
	for (long i = 0; i < count; i++)
		note(accept(listener, NULL, NULL));
	close(listener);
	return report();
}
