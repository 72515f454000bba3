/* Manually built packets: datagrams with a wrong checksum, and the ICMP flood. */
#define _GNU_SOURCE
#include "traffic.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 64

/* The sum of the pseudo header, which the receiver adds before the comparison. */
static uint32_t pseudo_header(const struct address *from, const struct address *to, int protocol, size_t length)
{
	bool v4 = to->any.sa_family == AF_INET;
	size_t size = v4 ? 4 : 16;
	const void *a = v4 ? (const void *)&from->v4.sin_addr : (const void *)&from->v6.sin6_addr;
	const void *b = v4 ? (const void *)&to->v4.sin_addr : (const void *)&to->v6.sin6_addr;

	return (uint16_t)~ntohs(checksum(a, size, 0)) + (uint16_t)~ntohs(checksum(b, size, 0)) + protocol + length;
}

/* A socket with a filter that accepts everything: with it, checksums of datagrams are verified on arrival, not when they are read. */
static int filtering_receiver(const struct address *address)
{
	struct sock_filter take_all = {.code = BPF_RET | BPF_K, .k = 0x40000};
	struct sock_fprog program = {.len = 1, .filter = &take_all};
	int socket = open_socket(address->any.sa_family, SOCK_DGRAM, 0);

	if (setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) || bind(socket, &address->any, address->length))
		fail("receiver");
	return socket;
}

/* The checksum is off by one, but not 0, which would mean "none". So the checksum is the only error of the datagram. */
int raw_udp_command(int argc, char **argv)
{
	struct address to = address_of(argv[2], 0), from = address_of(argv[3], 0);
	long count = number(argv[4]);
	size_t length = sizeof(struct udphdr) + number(argv[5]);
	struct udphdr *packet = calloc(1, length);
	int socket = open_socket(to.any.sa_family, SOCK_RAW, IPPROTO_UDP);
	uint16_t right;

	(void)argc;
	packet->source = htons(40000);
	enter(argv[1]);
	packet->dest = htons(port_of(filtering_receiver(&to)));
	packet->len = htons(length);
	right = ntohs(checksum(packet, length, pseudo_header(&from, &to, IPPROTO_UDP, length)));
	packet->check = htons(right == 1 ? 2 : right - 1);
	for (long i = 0; i < count; i++)
		if (sendto(socket, packet, length, 0, &to.any, to.length) < 0 && !dropped(errno))
			fail("sendto");
	printf("{\"sent\":%ld}\n", count);
	free(packet);
	return 0;
}

/* Echo requests in batches, as fast as one CPU can. The packets are built only once. */
int flood_command(int argc, char **argv)
{
	struct address to = address_of(argv[1], 0);
	bool v4 = to.any.sa_family == AF_INET;
	long count = number(argv[2]), sent = 0;
	size_t size = number(argv[3]) + sizeof(struct icmphdr);
	uint8_t *packet = calloc(1, size);
	struct iovec data = {.iov_base = packet, .iov_len = size};
	struct mmsghdr messages[BATCH];
	int socket = open_socket(to.any.sa_family, SOCK_RAW, v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	uint16_t sum;

	(void)argc;
	packet[0] = v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
	sum = checksum(packet, size, 0);
	if (v4) /* the kernel fills in ICMPv6's */
		memcpy(packet + 2, &sum, sizeof(sum));
	for (int i = 0; i < BATCH; i++)
		messages[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &to.any, .msg_namelen = to.length, .msg_iov = &data, .msg_iovlen = 1}};
	while (sent < count) {
		int n = sendmmsg(socket, messages, count - sent < BATCH ? count - sent : BATCH, 0);

		if (n < 0 && !dropped(errno))
			fail("sendmmsg");
		sent += n < 0 ? 1 : n;
	}
	printf("{\"sent\":%ld}\n", sent);
	free(packet);
	return 0;
}
