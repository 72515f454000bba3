/* Datagrams in frames with VLAN tags, as a switch sends them to a port with several VLANs. */
#define _GNU_SOURCE
#include "traffic.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tag {
	uint16_t id, next;
};

int tagged_command(int argc, char **argv)
{
	struct address from = address_of(argv[3], 0), to = address_of(argv[4], 0);
	long tags = number(argv[5]), count = number(argv[6]), size = number(argv[7]);
	const uint16_t protocol = htons(to.any.sa_family == AF_INET ? ETH_P_IP : ETH_P_IPV6), vlan = htons(ETH_P_8021Q);
	size_t before = sizeof(struct ether_header) + tags * sizeof(struct tag), length = before + datagram_bytes(&to, size);
	struct sockaddr_ll device = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(argv[1])};
	struct ether_header *frame = calloc(1, length);
	struct ether_addr *mac = ether_aton(argv[2]);
	struct tag *tag = (struct tag *)(frame + 1);
	int socket = open_socket(AF_PACKET, SOCK_RAW, 0);

	(void)argc;
	if (!mac) {
		errno = EINVAL;
		fail(argv[2]);
	}
	memcpy(frame->ether_dhost, mac, ETH_ALEN);
	frame->ether_type = tags ? vlan : protocol;
	for (long i = 0; i < tags; i++)
		tag[i] = (struct tag){.id = htons(7 + i), .next = i + 1 < tags ? vlan : protocol};
	write_datagram((char *)frame + before, &from, &to, size);
	for (long i = 0; i < count; i++)
		if (sendto(socket, frame, length, 0, (struct sockaddr *)&device, sizeof(device)) < 0)
			fail("sendto");
	printf("{\"sent\":%ld}\n", count);
	free(frame);
	return 0;
}
