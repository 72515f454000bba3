#define _GNU_SOURCE
#include "traffic.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif

void fail(const char *what)
{
	fprintf(stderr, "traffic: %s: %s\n", what, strerrorname_np(errno));
	exit(1);
}

struct address address_of(const char *text, int port)
{
	struct address address = {0};

	if (inet_pton(AF_INET, text, &address.v4.sin_addr) == 1) {
		address.v4.sin_family = AF_INET;
		address.v4.sin_port = htons(port);
		address.length = sizeof(address.v4);
	} else if (inet_pton(AF_INET6, text, &address.v6.sin6_addr) == 1) {
		address.v6.sin6_family = AF_INET6;
		address.v6.sin6_port = htons(port);
		address.length = sizeof(address.v6);
	} else {
		errno = EINVAL;
		fail(text);
	}
	return address;
}

int port_of(int socket)
{
	struct address address = {.length = sizeof(address.v6)};

	if (getsockname(socket, &address.any, &address.length))
		fail("getsockname");
	return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

void enter(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		fail(path);
	close(fd);
}

int open_socket(int family, int type, int protocol)
{
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		fail("socket");
	return fd;
}

uint32_t drops_of(int socket)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t length = sizeof(info);

	if (getsockopt(socket, SOL_SOCKET, SO_MEMINFO, info, &length))
		fail("SO_MEMINFO");
	return info[SK_MEMINFO_DROPS];
}

long number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (!*text || *end) {
		errno = EINVAL;
		fail(text);
	}
	return value;
}

bool dropped(int error)
{
	return error == EPERM || error == ENOBUFS || error == ECONNREFUSED;
}

uint16_t checksum(const void *data, size_t length, uint32_t sum)
{
	const uint8_t *byte = data;

	for (size_t i = 0; i < length; i++)
		sum += i % 2 ? byte[i] : (uint32_t)byte[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}
