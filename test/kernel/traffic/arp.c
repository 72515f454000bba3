/* Complete frames: ARP requests that bypass the sender's own ARP, 802.2 frames, and IGMP as received from Ethernet. */
#define _GNU_SOURCE
#include "traffic.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netinet/igmp.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* The receiver decides which are dropped, and sends the replies. */
int arp_command(int argc, char **argv)
{
	struct address target = address_of(argv[2], 0), source = address_of(argv[3], 0);
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP), .sll_halen = ETH_ALEN};
	struct ether_arp request = {
		.ea_hdr = {.ar_hrd = htons(ARPHRD_ETHER), .ar_pro = htons(ETH_P_IP), .ar_hln = ETH_ALEN, .ar_pln = 4, .ar_op = htons(ARPOP_REQUEST)},
	};
	struct ifreq device = {0};
	int socket = open_socket(AF_PACKET, SOCK_DGRAM, 0); /* bound to no protocol: it receives nothing */
	long count = number(argv[4]);

	(void)argc;
	strncpy(device.ifr_name, argv[1], IFNAMSIZ - 1);
	if (ioctl(socket, SIOCGIFHWADDR, &device))
		fail(argv[1]);
	memcpy(request.arp_sha, device.ifr_hwaddr.sa_data, ETH_ALEN);
	memcpy(request.arp_spa, &source.v4.sin_addr, 4);
	memcpy(request.arp_tpa, &target.v4.sin_addr, 4);
	memset(to.sll_addr, 0xff, ETH_ALEN);
	to.sll_ifindex = if_nametoindex(argv[1]);
	for (long i = 0; i < count; i++)
		if (sendto(socket, &request, sizeof(request), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			fail("sendto");
	printf("{\"sent\":%ld}\n", count);
	return 0;
}

/* Unnumbered information for a service access point without a protocol, to a group that is not for bridges. */
int llc_command(int argc, char **argv)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_802_2), .sll_halen = ETH_ALEN};
	const uint8_t group[ETH_ALEN] = {0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc};
	int socket = open_socket(AF_PACKET, SOCK_DGRAM, 0);
	long count = number(argv[2]), size = number(argv[3]);
	uint8_t *frame = calloc(1, size);

	(void)argc;
	memcpy(frame, (const uint8_t[]){0x12, 0x12, 0x03}, 3);
	memcpy(to.sll_addr, group, ETH_ALEN);
	to.sll_ifindex = if_nametoindex(argv[1]);
	for (long i = 0; i < count; i++)
		if (sendto(socket, frame, size, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			fail("sendto");
	printf("{\"sent\":%ld}\n", count);
	free(frame);
	return 0;
}

/*
 * Reports of the all-hosts group, which hosts ignore, in frames padded to Ethernet's 60 bytes. They come from 0.0.0.0, as from a host
 * without an address.
 */
int igmp_command(int argc, char **argv)
{
	const uint8_t all_hosts[ETH_ALEN] = {0x01, 0x00, 0x5e, 0x00, 0x00, 0x01};
	struct sockaddr_ll device = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(argv[1])};
	struct {
		struct ether_header ethernet;
		struct iphdr ip;
		struct igmp igmp;
		uint8_t padding[ETH_ZLEN - sizeof(struct ether_header) - sizeof(struct iphdr) - sizeof(struct igmp)];
	} __attribute__((packed)) frame = {
		.ethernet = {.ether_shost = {0x02, 0, 0, 0, 0, 0x01}, .ether_type = htons(ETHERTYPE_IP)},
		.ip = {.version = 4, .ihl = 5, .ttl = 1, .protocol = IPPROTO_IGMP, .daddr = htonl(INADDR_ALLHOSTS_GROUP)},
		.igmp = {.igmp_type = IGMP_V2_MEMBERSHIP_REPORT, .igmp_group.s_addr = htonl(INADDR_ALLHOSTS_GROUP)},
	};
	int socket = open_socket(AF_PACKET, SOCK_RAW, 0);
	long count = number(argv[2]);

	(void)argc;
	memcpy(frame.ethernet.ether_dhost, all_hosts, ETH_ALEN);
	frame.ip.tot_len = htons(sizeof(frame.ip) + sizeof(frame.igmp));
	frame.ip.check = checksum(&frame.ip, sizeof(frame.ip), 0);
	frame.igmp.igmp_cksum = checksum(&frame.igmp, sizeof(frame.igmp), 0);
	for (long i = 0; i < count; i++)
		if (sendto(socket, &frame, sizeof(frame), 0, (struct sockaddr *)&device, sizeof(device)) < 0)
			fail("sendto");
	printf("{\"sent\":%ld}\n", count);
	return 0;
}
