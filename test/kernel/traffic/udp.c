/* Datagrams: small, fragmented, GSO, keepalives, and datagrams for a full receive buffer. */
#define _GNU_SOURCE
#include "traffic.h"
#include <errno.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_ENCAP
#define UDP_ENCAP 100
#endif
#ifndef UDP_ENCAP_ESPINUDP
#define UDP_ENCAP_ESPINUDP 2
#endif

static void set(int socket, int level, int option, int value, const char *name)
{
	if (setsockopt(socket, level, option, &value, sizeof(value)))
		fail(name);
}

static void apply(int socket, int family, const char *option)
{
	if (!strncmp(option, "gso=", 4)) {
		set(socket, SOL_UDP, UDP_SEGMENT, number(option + 4), option);
	} else if (!strncmp(option, "ttl=", 4)) {
		if (family == AF_INET)
			set(socket, IPPROTO_IP, IP_TTL, number(option + 4), option);
		else
			set(socket, IPPROTO_IPV6, IPV6_UNICAST_HOPS, number(option + 4), option);
	} else if (!strncmp(option, "sport=", 6)) {
		struct address any = address_of(family == AF_INET ? "0.0.0.0" : "::", number(option + 6));

		if (bind(socket, &any.any, any.length))
			fail(option);
	} else if (!strncmp(option, "from=", 5)) {
		struct address from = address_of(option + 5, 0);

		if (bind(socket, &from.any, from.length))
			fail(option);
	} else if (!strncmp(option, "dev=", 4)) {
		if (setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, option + 4, strlen(option + 4)))
			fail(option);
	} else {
		errno = EINVAL;
		fail(option);
	}
}

static void send_all(int socket, const struct address *to, long count, size_t size)
{
	char *payload = calloc(1, size);

	for (long i = 0; i < count; i++)
		if (sendto(socket, payload, size, 0, &to->any, to->length) < 0 && !dropped(errno))
			fail("sendto");
	free(payload);
}

int udp_command(int argc, char **argv)
{
	struct address to = address_of(argv[1], number(argv[2]));
	long count = number(argv[3]);
	int socket = open_socket(to.any.sa_family, SOCK_DGRAM, 0);

	/* Room for everything in flight: a queue under test must be what is full, not the sender's own buffer. */
	set(socket, SOL_SOCKET, SO_SNDBUFFORCE, 64 << 20, "SO_SNDBUFFORCE");
	for (int i = 5; i < argc; i++)
		apply(socket, to.any.sa_family, argv[i]);
	send_all(socket, &to, count, number(argv[4]));
	printf("{\"sent\":%ld}\n", count);
	return 0;
}

/*
 * Sends to a receiver that doesn't read, until its own counter reports that COUNT did not fit. After the first that doesn't fit, no later
 * one of the same size fits. The others are read at the end: they were delivered, and closing the socket with data in it would cause drops.
 */
int udp_full_command(int argc, char **argv)
{
	struct address to = address_of(argv[2], 0);
	long count = number(argv[3]), size = number(argv[4]), sent = 0, read = 0;
	int receiver, sender = open_socket(to.any.sa_family, SOCK_DGRAM, 0);
	char *payload = malloc(size);

	(void)argc;
	enter(argv[1]);
	receiver = open_socket(to.any.sa_family, SOCK_DGRAM, 0);
	set(receiver, SOL_SOCKET, SO_RCVBUF, 20000, "SO_RCVBUF");
	if (bind(receiver, &to.any, to.length))
		fail("bind");
	to = address_of(argv[2], port_of(receiver));
	while (drops_of(receiver) < count) {
		send_all(sender, &to, 1, size);
		if (++sent > 100000) {
			errno = ETIMEDOUT;
			fail("the receiver's buffer never filled");
		}
	}
	while (recv(receiver, payload, size, MSG_DONTWAIT) >= 0)
		read++;
	printf("{\"sent\":%ld,\"read\":%ld,\"dropped\":%u}\n", sent, read, drops_of(receiver));
	free(payload);
	return 0;
}

/* Keepalives of IPsec through NAT (RFC 3948): one octet, which a socket that decapsulates ESP accepts and discards. */
int udp_keepalive_command(int argc, char **argv)
{
	struct address to = address_of(argv[2], 0);
	long count = number(argv[3]);
	int sender = open_socket(to.any.sa_family, SOCK_DGRAM, 0), receiver;
	const uint8_t keepalive = 0xff;

	(void)argc;
	enter(argv[1]);
	receiver = open_socket(to.any.sa_family, SOCK_DGRAM, 0);
	set(receiver, SOL_UDP, UDP_ENCAP, UDP_ENCAP_ESPINUDP, "UDP_ENCAP");
	if (bind(receiver, &to.any, to.length))
		fail("bind");
	to = address_of(argv[2], port_of(receiver));
	for (long i = 0; i < count; i++)
		if (sendto(sender, &keepalive, sizeof(keepalive), 0, &to.any, to.length) < 0)
			fail("sendto");
	printf("{\"sent\":%ld}\n", count);
	return 0;
}
