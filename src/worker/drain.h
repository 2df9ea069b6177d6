/*
 * drain - how a worker's clients go when the server stops.
 *
 * Runs in the worker.  Owns when each is closed, spread over the drain time,
 * and what it is told about coming back.  Who is behind gets what it is owed
 * first, be it at the end of that time, within bounds: at most DRAIN_END_MS
 * behind the drain time the last one is gone.
 */
#ifndef WORKER_DRAIN_H
#define WORKER_DRAIN_H

#include <stdint.h>

#include "ws/close_codes.h"

struct ipc_stop;
struct worker;

#define DRAIN_END_MS	650	/* behind the drain time, for lines that are
				 * owed and for close handshakes */

/* Embedded in the worker; all zero: nothing ends yet. */
struct drain {
	uint64_t begin_ms, length_ms;
	uint64_t rest_ms;		/* until the server is back */
	uint32_t return_s;		/* clients come back within */
	uint32_t total, closed, slot;	/* of the walk over the clients */
	enum close_reason why;
};

/* The worker is stopping, and this is how. */
void drain_begin(struct worker *, const struct ipc_stop *);
/* In a turn that has delivered: closes who is due. */
void drain_run(struct worker *);
/* When there is something to do, monotonic; UINT64_MAX: never. */
uint64_t drain_due(const struct worker *);

#endif
