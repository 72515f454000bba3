#ifndef URING_H
#define URING_H

#include "traffic.h"

/* Connects all of these sockets, and notes the errno that each connect ends with, 0 for none. */
void uring_connect(const int *sockets, long count, const struct address *to, void note(int error));

#endif
