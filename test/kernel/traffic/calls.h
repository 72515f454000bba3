#ifndef CALLS_H
#define CALLS_H

#include "traffic.h"

/* Counts what a call returned, by errno; of any thread. */
void note_call(int result);
/* Prints all of that as {"ERRNO":count,…}; returns 0. */
int report_calls(void);
/* A socket that listens, of `type` besides SOCK_STREAM; `address` becomes its own. Port 0: whichever is free. */
int listener_on(struct address *address, const char *text, int port, int type);
/* From now on a signal every 20 ms, which ends a waiting system call rather than restarting it. */
void interrupt_calls(void);
/* Closes a connection once its peer's reset is there: before, it would send a last segment to a socket that is gone. */
void close_reset(int socket);

#endif
