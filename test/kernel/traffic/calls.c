/* Code shared by connects and accepts. */
#define _GNU_SOURCE
#include "calls.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define ERRNOS 256

static long returned[ERRNOS];

void note_call(int result)
{
	__atomic_fetch_add(&returned[result < 0 ? errno % ERRNOS : 0], 1, __ATOMIC_RELAXED);
}

int report_calls(void)
{
	const char *comma = "";

	printf("{");
	for (int i = 0; i < ERRNOS; i++) {
		if (!returned[i])
			continue;
		printf("%s\"%s\":%ld", comma, i ? strerrorname_np(i) : "OK", returned[i]);
		comma = ",";
	}
	printf("}\n");
	return 0;
}

int listener_on(struct address *address, const char *text, int port, int type)
{
	int fd;

	*address = address_of(text, port);
	fd = open_socket(address->any.sa_family, SOCK_STREAM | type, 0);
	if (bind(fd, &address->any, address->length) || listen(fd, 128))
		fail("listen");
	*address = address_of(text, port_of(fd));
	return fd;
}

static void ignore(int signal)
{
	(void)signal;
}

void interrupt_calls(void)
{
	struct sigaction action = {.sa_handler = ignore};
	struct itimerval every = {.it_interval = {.tv_usec = 20000}, .it_value = {.tv_usec = 20000}};

	if (sigaction(SIGALRM, &action, NULL) || setitimer(ITIMER_REAL, &every, NULL))
		fail("setitimer");
}

void close_reset(int socket)
{
	struct pollfd end = {.fd = socket}; /* errors are waited for without being asked for */

	if (poll(&end, 1, -1) < 0)
		fail("poll");
	close(socket);
}
