/*
 * getppid CPU COUNT LOOPS: makes COUNT system calls that do almost nothing, LOOPS times. Prints the nanoseconds of a call in the
 * fastest loop, because other work on the CPU can only add time.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double nanoseconds(long count)
{
	struct timespec start, end;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (long i = 0; i < count; i++)
		syscall(SYS_getppid);
	clock_gettime(CLOCK_MONOTONIC, &end);
	return ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)) / count;
}

int main(int argc, char **argv)
{
	cpu_set_t cpus;
	double least;

	if (argc != 4)
		return 2;
	CPU_ZERO(&cpus);
	CPU_SET(atoi(argv[1]), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		return 1;
	least = nanoseconds(atol(argv[2]));
	for (long loop = 1; loop < atol(argv[3]); loop++) {
		double took = nanoseconds(atol(argv[2]));

		least = took < least ? took : least;
	}
	printf("%.2f\n", least);
	return 0;
}
