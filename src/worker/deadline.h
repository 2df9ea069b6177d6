/*
 * deadline - when the time of a client is up, and what that means for it.
 *
 * Runs in the worker, for whom the wheel brings up.
 */
#ifndef WORKER_DEADLINE_H
#define WORKER_DEADLINE_H

#include <stdint.h>

#include "worker/client.h"
#include "worker/worker.h"

/* The nearest of all times it waits for, in ms; UINT64_MAX: none. */
uint64_t client_due(const struct worker *, const struct client *);
/* Sees to it that its deadline comes up in time; early is fine. */
void client_schedule(struct worker *, struct client *);
/* Its deadline came up, perhaps early: does what is due, sets the next. */
void deadline_passed(struct worker *, struct client *);

#endif
