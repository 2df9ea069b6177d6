/*
 * look - hears the clients that are ready.
 *
 * Owns the clients' epoll descriptor: one event of the loop for all of them,
 * which saves libevent's share of each, and can be looked at between two
 * turns of the loop.  In the worker.
 */
#ifndef WORKER_LOOK_H
#define WORKER_LOOK_H

#include <stdbool.h>

struct worker;

/* Makes the descriptor and its event.  False, with errno. */
bool look_open(struct worker *) __attribute__((warn_unused_result));
/* Reads and writes what can be, without waiting, and takes what was said.
 * Returns how many clients were ready; some more may be. */
int look(struct worker *);

#endif
