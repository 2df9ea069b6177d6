/*
 * stopwatch - how long messages take from their client to the room.
 *
 * A pure module of the worker.  Runs from the moment a message becomes a
 * request to the broker until its record has been delivered here.  At most
 * STOPWATCH_MAX run at once; what comes while all run is not measured.
 */
#ifndef WORKER_STOPWATCH_H
#define WORKER_STOPWATCH_H

#include <stdint.h>

#define STOPWATCH_MAX	1024	/* a power of two */

struct stopwatch {
	struct {
		uint64_t number;	/* of the request */
		uint64_t us;		/* clock_us() when it was made */
	} runs[STOPWATCH_MAX];
	uint32_t first, next;		/* never wrap at STOPWATCH_MAX */
};

/* Numbers rise. */
void stopwatch_start(struct stopwatch *, uint64_t number, uint64_t now_us);
/* All up to this number are delivered: calls back with the time of each, in
 * microseconds. */
void stopwatch_stop(struct stopwatch *, uint64_t number, uint64_t now_us,
    void (*tell)(uint64_t us));

#endif
