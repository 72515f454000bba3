/* Buffers that are not packets: local sockets, closed with data in them. */
#define _GNU_SOURCE
#include "traffic.h"
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void unix_messages(long count, size_t size, const char *payload)
{
	int ends[2], room = 4 << 20;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) || setsockopt(ends[0], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)))
		fail("socketpair");
	for (long i = 0; i < count; i++)
		if (send(ends[0], payload, size, MSG_DONTWAIT) < 0)
			fail("send");
	close(ends[0]);
	close(ends[1]);
}

static void netlink_messages(long count, size_t size, const char *payload)
{
	struct sockaddr_nl to = {.nl_family = AF_NETLINK};
	socklen_t length = sizeof(to);
	int sender = open_socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK), room = 4 << 20;
	int receiver = open_socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);

	if (setsockopt(receiver, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) || bind(receiver, (struct sockaddr *)&to, sizeof(to)) ||
	    getsockname(receiver, (struct sockaddr *)&to, &length))
		fail("netlink");
	for (long i = 0; i < count; i++)
		if (sendto(sender, payload, size, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to)) < 0)
			fail("sendto");
	close(receiver);
	close(sender);
}

int local_command(int argc, char **argv)
{
	long count = number(argv[2]), size = number(argv[3]);
	char *payload = calloc(1, size);

	(void)argc;
	if (!strcmp(argv[1], "unix"))
		unix_messages(count, size, payload);
	else if (!strcmp(argv[1], "netlink"))
		netlink_messages(count, size, payload);
	else {
		errno = EINVAL;
		fail(argv[1]);
	}
	printf("{\"sent\":%ld}\n", count);
	free(payload);
	return 0;
}
