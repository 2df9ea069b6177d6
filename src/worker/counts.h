/*
 * counts - what a worker's metrics count of its connections: how requests and
 * WebSockets end, and which limit was it that ended them; and what is looked
 * at once a second.
 *
 * Runs in the worker, over base/metrics.h.
 */
#ifndef WORKER_COUNTS_H
#define WORKER_COUNTS_H

#include "base/metrics.h"
#include "worker/client.h"
#include "ws/refusals.h"

void counts_refused(enum refusal);
/* A WebSocket ends, for the reason that stands in the client. */
void counts_closed(const struct client *);
void counts_limit(enum metrics_limit);
/* The client is behind its room by so many bytes. */
void counts_backlog(struct worker *, uint64_t bytes);
/* About once a second. */
void counts_sample(struct worker *);

#endif
