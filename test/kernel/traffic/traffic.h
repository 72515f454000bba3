/*
 * traffic: causes a known number of packets or calls, for the scenarios of test/kernel. Each command is one process that does
 * its work, prints one JSON object about it and ends; none of them waits for longer than the kernel makes it wait.
 */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* An address with its port, of either family. */
struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
	socklen_t length;
};

/* Ends the process with status 1 and the errno's name: the scenario could not be caused. */
void fail(const char *what) __attribute__((noreturn));
/* `text` is a numeric IPv4 or IPv6 address. */
struct address address_of(const char *text, int port);
/* The port that a bound socket was given. */
int port_of(int socket);
/* Enters the network namespace of /run/netns/NAME; sockets made from then on belong to it. */
void enter(const char *name);
/* A socket, or the end. */
int open_socket(int family, int type, int protocol);
/* The packets that this socket had to drop, by its own counter (SO_MEMINFO). */
uint32_t drops_of(int socket);
long number(const char *text);
/* Whether a send failed only because the kernel dropped the packet, which is what was wanted. */
bool dropped(int error);
uint16_t checksum(const void *data, size_t length, uint32_t sum);

/* Bytes of a datagram with SIZE bytes of payload, from its IP header on. */
size_t datagram_bytes(const struct address *to, size_t size);
/* Writes such a datagram to the discard port; its UDP checksum is left out. */
void write_datagram(void *packet, const struct address *from, const struct address *to, size_t size);

/* One file each; argv[0] is the command's name. */
int udp_command(int argc, char **argv);
int udp_full_command(int argc, char **argv);
int udp_keepalive_command(int argc, char **argv);
int raw_udp_command(int argc, char **argv);
int arp_command(int argc, char **argv);
int igmp_command(int argc, char **argv);
int llc_command(int argc, char **argv);
int flood_command(int argc, char **argv);
int spoof_command(int argc, char **argv);
int tcp_send_command(int argc, char **argv);
int tcp_closed_command(int argc, char **argv);
int tcp_time_wait_command(int argc, char **argv);
int connect_command(int argc, char **argv);
int attempts_command(int argc, char **argv);
int accept_command(int argc, char **argv);
int local_command(int argc, char **argv);
int tun_write_command(int argc, char **argv);
int tun_full_command(int argc, char **argv);
int tagged_command(int argc, char **argv);
int raw_full_command(int argc, char **argv);
int overlap_command(int argc, char **argv);

#endif
