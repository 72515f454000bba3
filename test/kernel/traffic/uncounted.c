/* Losses without kfree_skb(), or only partly with it: a full raw socket, overlapping fragments, packets that are not IP. */
#define _GNU_SOURCE
#include "traffic.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The size of the first fragment, and the overlap of the second one; multiples of 8. */
#define FRAGMENT_BYTES 64
#define OVERLAP_BYTES 16

/* Unrequested replies that only a raw socket receives: COUNT more than fit in its buffer. Those that fit are read. */
int raw_full_command(int argc, char **argv)
{
	struct address to = address_of(argv[2], 0);
	long count = number(argv[3]), size = number(argv[4]);
	int sender = open_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), receiver, room = 20000;
	uint8_t *packet = calloc(1, size);
	uint16_t sum;

	(void)argc;
	packet[0] = ICMP_TIMESTAMPREPLY;
	sum = checksum(packet, size, 0);
	memcpy(packet + 2, &sum, sizeof(sum));
	enter(argv[1]);
	receiver = open_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	if (setsockopt(receiver, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)))
		fail("SO_RCVBUF");
	for (long sent = 0; drops_of(receiver) < count; sent++) {
		if (sent > 100000)
			errno = ETIMEDOUT, fail("the receiver's buffer never filled");
		if (sendto(sender, packet, size, 0, &to.any, to.length) < 0 && !dropped(errno))
			fail("sendto");
	}
	while (recv(receiver, packet, size, MSG_DONTWAIT) >= 0)
		;
	printf("{\"dropped\":%u}\n", drops_of(receiver));
	free(packet);
	return 0;
}

/* COUNT pairs of overlapping IPv4 fragments. The kernel discards both (RFC 5722). */
int overlap_command(int argc, char **argv)
{
	struct address from = address_of(argv[1], 0), to = address_of(argv[2], 0);
	long count = number(argv[3]);
	struct {
		struct iphdr ip;
		char data[FRAGMENT_BYTES];
	} packet = {.ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP}};
	int socket = open_socket(AF_INET, SOCK_RAW, IPPROTO_RAW);

	(void)argc;
	packet.ip.saddr = from.v4.sin_addr.s_addr;
	packet.ip.daddr = to.v4.sin_addr.s_addr;
	packet.ip.tot_len = htons(sizeof(packet));
	for (long i = 0; i < count; i++) {
		packet.ip.id = htons(1 + i);
		for (int second = 0; second < 2; second++) {
			packet.ip.frag_off = htons(second ? (FRAGMENT_BYTES - OVERLAP_BYTES) / 8 : 1 << 13);
			if (sendto(socket, &packet, sizeof(packet), 0, &to.any, to.length) < 0)
				fail("sendto");
		}
	}
	printf("{\"bytes\":%zu}\n", sizeof(packet));
	return 0;
}
