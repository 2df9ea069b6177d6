/*
 * wheel - the deadlines of a worker's connections, in coarse steps.
 *
 * A pure module: a ring of lists, one for each WHEEL_TICK_MS.  A connection
 * has at most one deadline, the nearest of all that it waits for, and no
 * timer of its own.  What is further away than one turn comes up early and
 * is put back by its owner.
 */
#ifndef WORKER_WHEEL_H
#define WORKER_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

#define WHEEL_TICK_MS	32
#define WHEEL_BUCKETS	1024	/* about 33 s */

/* Embedded in what has a deadline. */
struct wheel_item {
	struct wheel_item *next, **at;	/* at: NULL when not on the wheel */
	uint64_t due_ms;		/* monotonic */
};

struct wheel {
	uint64_t tick;			/* ticks up to here are done */
	uint64_t used[WHEEL_BUCKETS / 64];	/* a bit for each bucket */
	struct wheel_item *buckets[WHEEL_BUCKETS];
};

void wheel_init(struct wheel *, uint64_t now_ms);
/* Sets the deadline, instead of an earlier one. */
void wheel_set(struct wheel *, struct wheel_item *, uint64_t due_ms);
void wheel_unset(struct wheel *, struct wheel_item *);
/* Takes one item off whose bucket has come up; NULL: none. */
struct wheel_item *wheel_next_due(struct wheel *, uint64_t now_ms);
/* Milliseconds until wheel_next_due may have something; false: the wheel is
 * empty. */
bool wheel_wait(const struct wheel *, uint64_t now_ms, uint64_t *wait_out);

#endif
