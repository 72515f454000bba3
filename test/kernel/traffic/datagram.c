/* A datagram including its IP header, for senders of frames or packets that bypass the kernel's own IP. */
#define _GNU_SOURCE
#include "traffic.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

#define DISCARD 9

size_t datagram_bytes(const struct address *to, size_t size)
{
	return (to->any.sa_family == AF_INET ? sizeof(struct iphdr) : sizeof(struct ip6_hdr)) + sizeof(struct udphdr) + size;
}

void write_datagram(void *packet, const struct address *from, const struct address *to, size_t size)
{
	const struct udphdr udp = {.source = htons(40000), .dest = htons(DISCARD), .len = htons(sizeof(udp) + size)};
	struct iphdr v4 = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .tot_len = htons(datagram_bytes(to, size))};
	struct ip6_hdr v6 = {.ip6_flow = htonl(6u << 28), .ip6_hlim = 64, .ip6_nxt = IPPROTO_UDP, .ip6_plen = udp.len};
	size_t header = to->any.sa_family == AF_INET ? sizeof(v4) : sizeof(v6);

	if (from->any.sa_family != to->any.sa_family) {
		errno = EAFNOSUPPORT;
		fail("write_datagram");
	}
	v4.saddr = from->v4.sin_addr.s_addr;
	v4.daddr = to->v4.sin_addr.s_addr;
	v4.check = checksum(&v4, sizeof(v4), 0);
	v6.ip6_src = from->v6.sin6_addr;
	v6.ip6_dst = to->v6.sin6_addr;
	memset(packet, 0, datagram_bytes(to, size));
	memcpy(packet, header == sizeof(v4) ? (const void *)&v4 : (const void *)&v6, header);
	memcpy((char *)packet + header, &udp, sizeof(udp));
}
