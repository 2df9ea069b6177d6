/*
 * audience - the members of a room that are on this worker.
 *
 * In the worker: who they are and where they stand in a dense array, which
 * delivery walks, how many take each form, and what is known of their room.
 * An audience appears with its first member and vanishes with its last.
 */
#ifndef WORKER_AUDIENCE_H
#define WORKER_AUDIENCE_H

#include <stdbool.h>
#include <stdint.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "worker/form.h"
#include "worker/presence.h"

struct batch;
struct client;
struct audience_table;

struct audience {
	struct audience_table *table;
	UT_hash_handle hh;
	uint64_t room;			/* its identity */
	struct client **members;
	uint32_t count, capacity;
	uint32_t in_form[FORMS];	/* members that take this form */
	uint64_t rendered[FORMS];	/* bytes of frames, ever */
	uint64_t seq;			/* of the last message, and where */
	uint64_t newest;		/* the last record is, as delivered */
	struct batch *batch;		/* of this turn: keeps it alive */
	struct presence presence;
};

struct audience_table *audience_table_new(void)
    __attribute__((warn_unused_result));

/* The audience of a room; _find gives NULL when nobody is here, _get makes
 * it, or gives NULL for want of memory. */
struct audience *audience_find(const struct audience_table *, uint64_t room);
struct audience *audience_get(struct audience_table *, uint64_t room)
    __attribute__((warn_unused_result));
/* Frees an audience that has neither members nor a batch. */
void audience_trim(struct audience *);

/* Adds a client that is in none; false: no memory. */
bool audience_add(struct audience *, struct client *)
    __attribute__((warn_unused_result));
/* Takes a client out of its audience; the last member takes its place. */
void audience_leave(struct client *);

#endif
