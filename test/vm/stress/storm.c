/*
 * storm SECONDS: reads jobs from standard input, one a line, and runs them all at once, each in its own process:
 *
 *   NETNS CPU KIND ADDRESS PORT BURST PAUSE COUNT MARK
 *
 * A job makes BURST calls of its KIND and sleeps for PAUSE microseconds, until it has made COUNT calls (0: no limit) or the time is over.
 * At the end storm prints an array with the results of the calls, in the order of the jobs: [{"ERRNO":count,…},…]. A MARK other than 0 is
 * the packets' SO_MARK.
 */
#define _GNU_SOURCE
#include "../../kernel/traffic/traffic.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS 64
#define ERRNOS 256
#define SIZE 100

struct job {
	char netns[64], kind[16], address[64];
	int cpu, port;
	long burst, pause, count;
	unsigned mark;
	int pipe;
};

struct result {
	long returned[ERRNOS]; /* by errno; 0: success */
};

static char payload[SIZE];
static volatile sig_atomic_t over;

static void end(int signal)
{
	(void)signal;
	over = 1;
}

static int set(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		fail("setsockopt");
	return fd;
}

static int sender(const struct job *job, const struct address *to)
{
	int fd = open_socket(to->any.sa_family, SOCK_DGRAM, 0);

	/* Room for everything in flight: what a queue holds isn't to stop the sender. */
	set(fd, SOL_SOCKET, SO_SNDBUFFORCE, 64 << 20);
	if (!strcmp(job->kind, "bulk"))
		set(fd, SOL_SOCKET, SO_PRIORITY, 0x10003); /* class 1:3, which htb goes by */
	if (job->mark)
		set(fd, SOL_SOCKET, SO_MARK, job->mark);
	return fd;
}

static int listener(struct address *at)
{
	int fd = open_socket(at->any.sa_family, SOCK_STREAM, 0);

	if (bind(fd, &at->any, at->length) || listen(fd, 8))
		fail("listen");
	return fd;
}

/* A socket whose buffer fills quickly. It is emptied at the end, because closing it with datagrams in it would cause drops too. */
static void hold_receiver(const struct address *at)
{
	int fd = set(open_socket(at->any.sa_family, SOCK_DGRAM, 0), SOL_SOCKET, SO_RCVBUF, 8192);

	if (bind(fd, &at->any, at->length))
		fail("bind");
	while (!over)
		pause();
	while (recv(fd, payload, sizeof(payload), MSG_DONTWAIT) >= 0)
		;
	close(fd);
}

/* Makes one call of the job. Returns the errno, or 0. */
static int once(const struct job *job, int fd, const struct address *to)
{
	int result, error;

	if (!strcmp(job->kind, "accept"))
		return accept(fd, NULL, NULL) < 0 ? errno : 0;
	if (strcmp(job->kind, "connect"))
		return sendto(fd, payload, sizeof(payload), 0, &to->any, to->length) < 0 ? errno : 0;
	fd = open_socket(to->any.sa_family, SOCK_STREAM, 0);
	result = connect(fd, &to->any, to->length);
	error = result < 0 ? errno : 0;
	close(fd);
	return error;
}

static void work(const struct job *job, struct result *result)
{
	struct address to = address_of(job->address, job->port);
	const struct rlimit none = {0};
	int fd = -1;
	long done = 0;

	if (!strcmp(job->kind, "receive"))
		return hold_receiver(&to);
	if (!strcmp(job->kind, "accept"))
		fd = listener(&to);
	else if (strcmp(job->kind, "connect"))
		fd = sender(job, &to);
	/* An accept that can't have a descriptor fails; one that may have it waits for a connection that never comes. */
	if (!strcmp(job->kind, "accept") && job->burst && setrlimit(RLIMIT_NOFILE, &none))
		fail("setrlimit");
	while (!over && (!job->count || done < job->count)) {
		for (long i = 0; i < (job->burst ? job->burst : 1) && !over; i++, done++)
			result->returned[once(job, fd, &to) % ERRNOS]++;
		if (job->pause)
			usleep(job->pause);
	}
}

static void child(const struct job *job, long seconds, int out)
{
	struct sigaction action = {.sa_handler = end};
	struct result result = {0};
	cpu_set_t cpus;

	/* Without SA_RESTART: the signal ends a call that waits. Once more every second, for one that had not begun to wait. */
	sigaction(SIGALRM, &action, NULL);
	CPU_ZERO(&cpus);
	CPU_SET(job->cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		fail("sched_setaffinity");
	enter(job->netns);
	struct itimerval at = {.it_value = {.tv_sec = seconds}, .it_interval = {.tv_sec = 1}};

	if (setitimer(ITIMER_REAL, &at, NULL))
		fail("setitimer");
	work(job, &result);
	if (write(out, &result, sizeof(result)) != sizeof(result))
		fail("write");
	exit(0);
}

static void start(struct job *job, long seconds)
{
	int ends[2];
	pid_t pid;

	if (pipe(ends))
		fail("pipe");
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (!pid)
		child(job, seconds, ends[1]);
	close(ends[1]);
	job->pipe = ends[0];
}

static bool print(const struct job *job, bool first)
{
	struct result result;
	const char *comma = "";

	if (read(job->pipe, &result, sizeof(result)) != sizeof(result)) {
		fprintf(stderr, "storm: %s %s failed\n", job->kind, job->address);
		return false;
	}
	printf("%s{", first ? "[" : ",");
	for (int i = 0; i < ERRNOS; i++) {
		if (!result.returned[i])
			continue;
		printf("%s\"%s\":%ld", comma, i ? strerrorname_np(i) : "OK", result.returned[i]);
		comma = ",";
	}
	printf("}");
	return true;
}

int main(int argc, char **argv)
{
	static struct job jobs[JOBS];
	long seconds = argc > 1 ? number(argv[1]) : 1;
	int count = 0;

	while (count < JOBS) {
		struct job *job = &jobs[count];

		if (scanf("%63s %d %15s %63s %d %ld %ld %ld %u", job->netns, &job->cpu, job->kind, job->address, &job->port, &job->burst,
			  &job->pause, &job->count, &job->mark) != 9)
			break;
		count++;
	}
	for (int i = 0; i < count; i++)
		start(&jobs[i], seconds);
	for (int i = 0; i < count; i++)
		if (!print(&jobs[i], i == 0))
			return 1;
	puts("]");
	return 0;
}
