/*
 * paced NETNS CPU ADDRESS RATE COUNT: sends COUNT echo requests of 56 bytes from one CPU, RATE a second, or as fast as possible
 * with RATE 0. Prints the number sent and the seconds.
 */
#define _GNU_SOURCE
#include "../kernel/traffic/traffic.h"
#include <errno.h>
#include <netinet/ip_icmp.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>

#define BATCH 64
#define SECOND 1000000000LL

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

static void wait_until(long long when)
{
	struct timespec time = {.tv_sec = when / SECOND, .tv_nsec = when % SECOND};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
}

int main(int argc, char **argv)
{
	struct {
		struct icmphdr header;
		uint8_t data[56];
	} packet = {.header.type = ICMP_ECHO};
	struct iovec data = {.iov_base = &packet, .iov_len = sizeof(packet)};
	struct mmsghdr messages[BATCH];
	struct address to;
	cpu_set_t cpus;
	long rate, count, sent = 0;
	long long start;
	int fd;

	if (argc != 6)
		return 2;
	CPU_ZERO(&cpus);
	CPU_SET(number(argv[2]), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		fail("sched_setaffinity");
	prctl(PR_SET_TIMERSLACK, 1UL);
	enter(argv[1]);
	to = address_of(argv[3], 0);
	rate = number(argv[4]);
	count = number(argv[5]);
	packet.header.checksum = checksum(&packet, sizeof(packet), 0);
	fd = open_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	for (int i = 0; i < BATCH; i++)
		messages[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &to.any, .msg_namelen = to.length, .msg_iov = &data, .msg_iovlen = 1}};
	start = now();
	while (sent < count) {
		int n;

		if (rate)
			wait_until(start + sent * SECOND / rate);
		n = sendmmsg(fd, messages, count - sent < BATCH ? count - sent : BATCH, 0);
		if (n < 0 && !dropped(errno))
			fail("sendmmsg");
		sent += n < 0 ? 1 : n;
	}
	printf("{\"sent\":%ld,\"seconds\":%.3f}\n", sent, (double)(now() - start) / SECOND);
	return 0;
}
