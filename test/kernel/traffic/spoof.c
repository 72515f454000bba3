/* Datagrams from unused addresses. Each has a different one, so each is a separate flow. */
#define _GNU_SOURCE
#include "traffic.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ipv6.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 64
#define PAYLOAD 22
#define DISCARD 9

/* xorshift64: the same addresses for the same seed. */
static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

struct packet4 {
	struct iphdr ip;
	struct udphdr udp;
	uint8_t data[PAYLOAD];
};

struct packet6 {
	struct ipv6hdr ip;
	struct udphdr udp;
	uint8_t data[PAYLOAD];
};

union packet {
	struct packet4 v4;
	struct packet6 v6;
};

static void build(union packet *packet, const struct address *to)
{
	const struct udphdr udp = {.source = htons(40000), .dest = htons(DISCARD), .len = htons(sizeof(udp) + PAYLOAD)};

	if (to->any.sa_family == AF_INET) {
		packet->v4.ip = (struct iphdr){.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .daddr = to->v4.sin_addr.s_addr};
		packet->v4.udp = udp;
	} else {
		packet->v6.ip = (struct ipv6hdr){.version = 6, .hop_limit = 64, .nexthdr = IPPROTO_UDP, .daddr = to->v6.sin6_addr};
		packet->v6.ip.payload_len = udp.len;
		packet->v6.udp = udp;
	}
}

/* A random address in 11.0.0.0/8 or fd11::/16. */
static void set_source(union packet *packet, bool v4, uint64_t random)
{
	if (v4) {
		packet->v4.ip.saddr = htonl(11u << 24 | (random & 0xffffff));
		return;
	}
	memcpy((uint8_t *)&packet->v6.ip.saddr + 8, &random, sizeof(random));
	memcpy(&packet->v6.ip.saddr, (uint8_t[]){0xfd, 0x11}, 2);
}

/*
 * Sends COUNT of them, as fast as one CPU can. If SOURCES is given, they come from that many IPv4 addresses in turn. The kernel is supposed
 * to drop them on their way out.
 */
int spoof_command(int argc, char **argv)
{
	struct address to = address_of(argv[1], 0);
	bool v4 = to.any.sa_family == AF_INET;
	long count = number(argv[2]), sent = 0;
	uint64_t state = number(argv[3]) * 0x9e3779b97f4a7c15u + 1;
	long sources = argc > 4 ? number(argv[4]) : 0;
	union packet packets[BATCH] = {};
	struct iovec data[BATCH];
	struct mmsghdr messages[BATCH];
	int socket = open_socket(to.any.sa_family, SOCK_RAW, IPPROTO_RAW);

	for (int i = 0; i < BATCH; i++) {
		build(&packets[i], &to);
		data[i] = (struct iovec){.iov_base = &packets[i], .iov_len = v4 ? sizeof(struct packet4) : sizeof(struct packet6)};
		messages[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &to.any, .msg_namelen = to.length, .msg_iov = &data[i], .msg_iovlen = 1}};
	}
	while (sent < count) {
		int due = count - sent < BATCH ? count - sent : BATCH, done = 0;

		for (int i = 0; i < due; i++)
			set_source(&packets[i], v4, sources ? (uint64_t)(sent + i) % sources : next(&state));
		while (done < due) {
			int n = sendmmsg(socket, messages + done, due - done, 0);

			if (n < 0 && !dropped(errno))
				fail("sendmmsg");
			done += n < 0 ? 1 : n;
		}
		sent += due;
	}
	printf("{\"sent\":%ld,\"bytes\":%ld}\n", sent, sent * (long)data[0].iov_len);
	return 0;
}
