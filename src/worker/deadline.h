/*
 * deadline - what it means for a client that a time is up.
 *
 * Runs in the worker, for whom the wheel brings up.
 */
#ifndef WORKER_DEADLINE_H
#define WORKER_DEADLINE_H

#include "worker/client.h"
#include "worker/worker.h"

/* Its deadline came up, perhaps early: does what is due, sets the next. */
void deadline_passed(struct worker *, struct client *);

#endif
