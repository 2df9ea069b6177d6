/*
 * roster - the connection table.
 *
 * A pure module of the broker: for each worker generation an array from a
 * connection's slot to its SESSION or CONNECTION row in the state file, which
 * holds the rest.  Rebuilt from those rows by a broker that takes over.
 */
#ifndef BROKER_ROSTER_H
#define BROKER_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "log/state.h"

struct roster;
struct roster_worker;		/* the connections of one generation */

/* What the row of a connection says. */
struct roster_entry {
	uint64_t generation;	/* of its worker */
	uint64_t connection;
	uint64_t address;	/* whom it counts for; 0: nobody */
	uint32_t member;	/* row: a SESSION's is its own */
};

/* False: the row is no connection's. */
bool roster_read(const struct state *, uint32_t row,
    struct roster_entry *out);

/* Borrows the state file and enters every connection in it.  NULL: no
 * memory. */
struct roster *roster_new(struct state *)
    __attribute__((warn_unused_result));
void roster_free(struct roster *);

/* The generation's table; _add makes it when there is none. */
struct roster_worker *roster_worker_find(const struct roster *,
    uint64_t generation);
struct roster_worker *roster_worker_add(struct roster *, uint64_t generation)
    __attribute__((warn_unused_result));
/* Removes a table without connections. */
void roster_worker_remove(struct roster *, struct roster_worker *);
uint32_t roster_worker_count(const struct roster_worker *);
/* Any generation that `is_wanted` answers true for; NULL: none. */
struct roster_worker *roster_worker_any(const struct roster *,
    bool (*is_wanted)(void *arg, uint64_t generation), void *arg);

/* The connection's row; STATE_NONE when it is not in the table. */
uint32_t roster_find(const struct roster *, const struct roster_worker *,
    uint64_t connection);
/* Makes room for the connection's slot, so that roster_add cannot fail.
 * False: no memory. */
bool roster_reserve(struct roster_worker *, uint64_t connection)
    __attribute__((warn_unused_result));
/* Enters a connection whose row is published; its slot must be reserved and
 * free. */
void roster_add(struct roster *, struct roster_worker *, uint32_t row);
/* Takes the connection out and releases its row. */
void roster_remove(struct roster *, uint32_t row);

/* Whether no connection has this one's slot. */
bool roster_slot_is_free(const struct roster_worker *, uint64_t connection);

/* To walk over the worker's connections: the row in each slot below
 * roster_slots, or STATE_NONE.  Removing on the way is fine. */
uint32_t roster_slots(const struct roster_worker *);
uint32_t roster_slot(const struct roster_worker *, uint32_t slot);

uint32_t roster_count(const struct roster *);

#endif
