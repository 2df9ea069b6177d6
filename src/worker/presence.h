/*
 * presence - how many are in a large room, which JSON clients are told
 * instead of each join and leave.
 *
 * In the worker, a part of the delivery: notes the count of every join and
 * leave, and puts it into a turn's batch at most once a second.  The last
 * count is always told.
 */
#ifndef WORKER_PRESENCE_H
#define WORKER_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/settings.h"
#include "log/record.h"

struct audience;
struct delivery;

/* Embedded in an audience. */
struct presence {
	struct audience *next, **at;	/* with a count untold; at NULL: not */
	uint64_t users;			/* of the last join or leave */
	uint64_t told_ms;		/* monotonic; 0: not yet */
	bool is_large;			/* that was told by its count */
};

/* A record of the audience's room has passed. */
void presence_note(struct delivery *, struct audience *,
    const struct settings_route *, const struct record *);
/* Somebody who lagged has caught up, by the log, which knows no counts. */
void presence_note_return(struct delivery *, struct audience *);
/* The audience vanishes, or has been told otherwise. */
void presence_forget(struct audience *);

/* When the next count may be told, in ms; UINT64_MAX: none waits. */
uint64_t presence_due(const struct delivery *);
/* Adds the counts that may be told now to the turn's batches, behind the
 * records before `end`.  What there is no memory for is told later. */
void presence_tell(struct delivery *, uint64_t end, uint64_t now_ms);

#endif
