/* Preloaded into a process: a signal for its main thread, which does nothing, each 100 microseconds, as a profiler's timer sends. */
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void nothing(int signal)
{
	(void)signal;
}

__attribute__((constructor)) static void start(void)
{
	const struct sigaction action = { .sa_handler = nothing, .sa_flags = SA_RESTART };
	const struct itimerspec often = { .it_interval.tv_nsec = 100000, .it_value.tv_nsec = 100000 };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGPROF };
	timer_t timer;

	event._sigev_un._tid = getpid();
	sigaction(SIGPROF, &action, 0);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) == 0)
		timer_settime(timer, 0, &often, 0);
}
