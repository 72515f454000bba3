/*
 * Connection attempts, step by step. All sockets execute a step before the next one begins. The results are counted by step name and
 * errno.
 */
#define _GNU_SOURCE
#include "calls.h"
#include "uring.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define ERRNOS 256
#define PATIENCE_MILLIS 20000 /* emulation is slow */
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static int *sockets;
static long count;
static const char *address;

static const char *const NAMES[] = {"connect", "uring", "sendto", "send", "so_error", "errqueue", "unspec"};
enum told { CONNECT, URING, SENDTO, SEND, SO_ERROR_READ, ERRQUEUE, UNSPEC, TOLD };
static long notes[TOLD][ERRNOS];

static void note(enum told step, int error)
{
	notes[step][error % ERRNOS]++;
}

static void note_uring(int error)
{
	note(URING, error);
}

static void turn_on(int fd, int level, int option)
{
	const int on = 1;

	if (setsockopt(fd, level, option, &on, sizeof(on)))
		fail("setsockopt");
}

/* `kind`: blocking or nonblocking, and further options, such as nonblocking,fastopen. */
static int open_one(const char *kind)
{
	int family = address_of(address, 0).any.sa_family;
	int fd = open_socket(family, SOCK_STREAM | (strstr(kind, "nonblocking") ? SOCK_NONBLOCK : 0),
			     strstr(kind, "mptcp") ? IPPROTO_MPTCP : 0);

	if (strstr(kind, "fastopen"))
		turn_on(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT);
	if (strstr(kind, "recverr"))
		turn_on(fd, family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6, family == AF_INET ? IP_RECVERR : IPV6_RECVERR);
	return fd;
}

/* The destination: PORT, or PORT@ADDRESS. */
static struct address target_of(const char *text)
{
	const char *at = strchr(text, '@');
	char port[16];

	snprintf(port, sizeof(port), "%.*s", at ? (int)(at - text) : (int)strlen(text), text);
	return address_of(at ? at + 1 : address, number(port));
}

/* A listener on that port of the address, until the process ends. */
static void listen_at(const char *port)
{
	struct address own;

	listener_on(&own, address, number(port), 0);
}

/* A connection to a listener on that port, which occupies a port until the process ends. */
static void occupy(const char *port)
{
	struct address to;
	int fd = open_socket(address_of(address, 0).any.sa_family, SOCK_STREAM, 0);

	listener_on(&to, address, number(port), 0);
	if (connect(fd, &to.any, to.length))
		fail("connect");
}

static void wait_by_poll(int fd)
{
	struct pollfd end = {.fd = fd, .events = POLLOUT};

	if (poll(&end, 1, PATIENCE_MILLIS) != 1)
		fail("poll");
}

static void wait_by_epoll(int fd)
{
	struct epoll_event event = {.events = EPOLLOUT | EPOLLET};
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) || epoll_wait(epoll, &event, 1, PATIENCE_MILLIS) != 1)
		fail("epoll");
	close(epoll);
}

static int socket_error(int fd)
{
	int error = 0;
	socklen_t length = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length))
		fail("SO_ERROR");
	return error;
}

static int result(ssize_t value)
{
	return value < 0 ? errno : 0;
}

static void step_of(const char *step, const char *argument, int fd)
{
	const struct linger reset = {.l_onoff = 1};
	const struct sockaddr unspec = {.sa_family = AF_UNSPEC};
	struct address to;
	char buffer[512] = "data";

	if (!strcmp(step, "connect")) {
		to = target_of(argument);
		note(CONNECT, result(connect(fd, &to.any, to.length)));
	} else if (!strcmp(step, "sendto")) {
		to = target_of(argument);
		note(SENDTO, result(sendto(fd, buffer, 4, MSG_FASTOPEN | MSG_NOSIGNAL, &to.any, to.length)));
	} else if (!strcmp(step, "send")) {
		note(SEND, result(send(fd, buffer, 4, MSG_NOSIGNAL)));
	} else if (!strcmp(step, "so_error")) {
		note(SO_ERROR_READ, socket_error(fd));
	} else if (!strcmp(step, "errqueue")) {
		note(ERRQUEUE, result(recv(fd, buffer, sizeof(buffer), MSG_ERRQUEUE)));
	} else if (!strcmp(step, "unspec")) {
		note(UNSPEC, result(connect(fd, &unspec, sizeof(unspec))));
	} else if (!strcmp(step, "poll")) {
		wait_by_poll(fd);
	} else if (!strcmp(step, "epoll")) {
		wait_by_epoll(fd);
	} else if (!strcmp(step, "close")) {
		close(fd);
	} else if (!strcmp(step, "reset")) {
		if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)))
			fail("SO_LINGER");
		close(fd);
	} else {
		errno = EINVAL;
		fail(step);
	}
}

static int report(void)
{
	const char *comma = "";

	printf("{");
	for (int step = 0; step < TOLD; step++) {
		for (int error = 0; error < ERRNOS; error++) {
			if (!notes[step][error])
				continue;
			printf("%s\"%s:%s\":%ld", comma, NAMES[step], error ? strerrorname_np(error) : "OK", notes[step][error]);
			comma = ",";
		}
	}
	printf("}\n");
	return 0;
}

int attempts_command(int argc, char **argv)
{
	count = number(argv[1]);
	address = argv[2];
	sockets = calloc(count, sizeof(*sockets));
	for (long i = 0; i < count; i++)
		sockets[i] = open_one(argv[3]);
	for (int i = 4; i < argc; i++) {
		char *argument = strchr(argv[i], ':');

		if (argument)
			*argument++ = '\0';
		if (!strcmp(argv[i], "wait")) {
			usleep(number(argument) * 1000);
		} else if (!strcmp(argv[i], "listen")) {
			listen_at(argument);
		} else if (!strcmp(argv[i], "occupy")) {
			occupy(argument);
		} else if (!strcmp(argv[i], "uring")) {
			struct address to = target_of(argument);

			uring_connect(sockets, count, &to, note_uring);
		} else {
			for (long j = 0; j < count; j++)
				step_of(argv[i], argument, sockets[j]);
		}
	}
	return report();
}
