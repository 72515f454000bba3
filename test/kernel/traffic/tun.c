/* The program's end of an existing TUN device: packets that it writes, and packets that it does not read. */
#define _GNU_SOURCE
#include "traffic.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int open_tun(const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request))
		fail("/dev/net/tun");
	return fd;
}

/* An open device has a carrier, but its queue drops until the kernel's link watch, which runs asynchronously, has seen it. */
static void wait_for_carrier(const char *name)
{
	int socket = open_socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq request = {0};

	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	while (!(request.ifr_flags & IFF_RUNNING)) {
		usleep(1000);
		if (ioctl(socket, SIOCGIFFLAGS, &request))
			fail(name);
	}
	/* Flags are written under the lock that the link watch has until it is done. */
	if (ioctl(socket, SIOCSIFFLAGS, &request))
		fail(name);
	close(socket);
}

/* A device that is down returns EIO. Every device returns EINVAL for data without an IP version. */
int tun_write_command(int argc, char **argv)
{
	struct address from = address_of(argv[2], 0), to = address_of(argv[3], 0);
	long count = number(argv[4]), size = number(argv[5]);
	size_t length = datagram_bytes(&to, size);
	char *packet = malloc(length);
	int tun = open_tun(argv[1]);

	write_datagram(packet, &from, &to, size);
	if (argc > 6)
		packet[0] = 0;
	for (long i = 0; i < count; i++)
		if (write(tun, packet, length) < 0 && errno != EIO && errno != EINVAL)
			fail("write");
	printf("{\"written\":%ld}\n", count);
	free(packet);
	return 0;
}

/* Nobody reads the packets that are sent to the device. The sender may be in another namespace. */
int tun_full_command(int argc, char **argv)
{
	int tun = open_tun(argv[1]), sender;
	struct address to = address_of(argv[3], 9);
	long count = number(argv[4]), size = number(argv[5]);
	char *payload = calloc(1, size);

	(void)argc;
	wait_for_carrier(argv[1]);
	enter(argv[2]);
	sender = open_socket(to.any.sa_family, SOCK_DGRAM, 0);
	for (long i = 0; i < count; i++)
		if (sendto(sender, payload, size, 0, &to.any, to.length) < 0 && !dropped(errno))
			fail("sendto");
	printf("{\"sent\":%ld}\n", count);
	free(payload);
	close(tun);
	return 0;
}
