#define _GNU_SOURCE
#include "traffic.h"
#include <sched.h>
#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name, *usage;
	int least;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"udp", "ADDRESS PORT COUNT SIZE [gso=SEGMENT] [ttl=N] [from=ADDRESS] [sport=PORT] [dev=DEVICE]", 4, udp_command},
	{"udp-full", "RECEIVER-NETNS ADDRESS COUNT SIZE", 4, udp_full_command},
	{"udp-keepalive", "RECEIVER-NETNS ADDRESS COUNT", 3, udp_keepalive_command},
	{"raw-udp", "RECEIVER-NETNS ADDRESS FROM COUNT SIZE", 5, raw_udp_command},
	{"arp", "DEVICE TARGET SOURCE COUNT", 4, arp_command},
	{"llc", "DEVICE COUNT SIZE", 3, llc_command},
	{"igmp", "DEVICE COUNT", 2, igmp_command},
	{"flood", "ADDRESS COUNT SIZE", 3, flood_command},
	{"spoof", "ADDRESS COUNT SEED [SOURCES]", 3, spoof_command},
	{"tcp-send", "LISTENER-NETNS ADDRESS BYTES COMMAND", 4, tcp_send_command},
	{"tcp-time-wait", "LISTENER-NETNS ADDRESS COUNT", 3, tcp_time_wait_command},
	{"tcp-closed", "LISTENER-NETNS ADDRESS FROM COUNT SIZE", 5, tcp_closed_command},
	{"connect", "KIND ADDRESS PORT COUNT [UNREACHABLE]", 4, connect_command},
	{"attempts", "COUNT ADDRESS blocking|nonblocking[,mptcp|,fastopen|,recverr] STEP[:ARGUMENT]…", 4, attempts_command},
	{"accept", "KIND ADDRESS COUNT [nonblocking]", 3, accept_command},
	{"local", "unix|netlink COUNT SIZE", 3, local_command},
	{"tun-write", "DEVICE FROM TO COUNT SIZE [versionless]", 5, tun_write_command},
	{"tun-full", "DEVICE SENDER-NETNS ADDRESS COUNT SIZE", 5, tun_full_command},
	{"raw-full", "RECEIVER-NETNS ADDRESS COUNT SIZE", 4, raw_full_command},
	{"overlap", "FROM TO COUNT", 3, overlap_command},
	{"tagged", "DEVICE MAC FROM TO TAGS COUNT SIZE", 7, tagged_command},
};

/* usage: traffic NETNS CPU COMMAND …; everything runs on this CPU, including the softirqs of the sent packets. */
int main(int argc, char **argv)
{
	cpu_set_t cpus;

	if (argc >= 4) {
		for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
			if (strcmp(argv[3], commands[i].name) || argc - 4 < commands[i].least)
				continue;
			CPU_ZERO(&cpus);
			CPU_SET(number(argv[2]), &cpus);
			if (sched_setaffinity(0, sizeof(cpus), &cpus))
				fail("sched_setaffinity");
			enter(argv[1]);
			return commands[i].run(argc - 3, argv + 3);
		}
	}
	fprintf(stderr, "usage: traffic NETNS CPU COMMAND …\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		fprintf(stderr, "  %s %s\n", commands[i].name, commands[i].usage);
	return 2;
}
