/*
 * room - the rooms there are.
 *
 * A pure module of the broker: an index over the ROOM rows of the state file
 * and the counts of members that only the living broker needs.  A room is
 * found by its route and name, or by its identity.  How many rooms an address
 * has made is counted here, too, since a room comes and goes here alone.
 */
#ifndef BROKER_ROOM_H
#define BROKER_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "broker/lists.h"
#include "log/state.h"

#define ROOM_NAME_MAX	64

struct room {
	uint64_t identity;
	uint64_t seq;		/* number of the last message; 0: none */
	uint64_t newest;	/* position of the newest message,
				 * KEPT or not */
	uint64_t said_us;	/* time of the newest message in the log */
	uint64_t maker;		/* address it counts for; 0: nobody */
	uint32_t row;		/* in the state file */
	uint32_t count;		/* members, those who are away, too */
	struct list members;	/* rows: SESSION, MEMBER */
	bool is_dirty;		/* seq or newest differ from the row */
	bool has_grown;		/* live readers have something to read */
	bool is_pressing;	/* which is more than who came and went */
	struct room *next_dirty;
	struct room **at_dirty;	/* what points to it in that list */
	uint32_t *readers;	/* how many connections, by worker index */
	UT_hash_handle by_identity, by_key;
	uint8_t key_len;
	char key[1 + ROOM_NAME_MAX];	/* route, then the name */
};

struct room_table;

/* `workers`: how many worker indexes there are.  NULL: no memory. */
struct room_table *room_table_new(struct state *, unsigned workers)
    __attribute__((warn_unused_result));
/* So many from now on, which are more.  False: no memory; as many as before.
 */
bool room_table_grow(struct room_table *, unsigned workers)
    __attribute__((warn_unused_result));
void room_table_free(struct room_table *);

struct room *room_find(const struct room_table *, uint8_t route,
    const char *name, size_t len);
struct room *room_find_by_identity(const struct room_table *, uint64_t);

/* Adds a room with a published row of its own, which counts for the address
 * `maker` (0: for none).  NULL: no memory. */
struct room *room_add(struct room_table *, uint64_t identity, uint8_t route,
    const char *name, size_t len, uint64_t maker)
    __attribute__((warn_unused_result));
/* Adds the room that a row of the state file describes. */
struct room *room_restore(struct room_table *, uint32_t row)
    __attribute__((warn_unused_result));
/* Removes a room without members, with its row. */
void room_remove(struct room_table *, struct room *);

uint8_t room_route(const struct room *);
const char *room_name(const struct room *, size_t *len_out);

/* Counts a member's connection in or out; of a worker that is not there
 * (no index) nothing is. */
void room_count_reader(const struct room_table *, struct room *,
    unsigned worker, int change);

/* Remembers that the row is to be stored; room_store_dirty stores all such
 * rows and calls back once for each that has grown. */
void room_touch(struct room_table *, struct room *, bool has_grown);
void room_store_dirty(struct room_table *,
    void (*grown)(void *arg, const struct room *), void *arg);

/* Calls back for each room; the callback may remove it. */
void room_each(struct room_table *, void (*callback)(void *, struct room *),
    void *arg);
unsigned room_table_count(const struct room_table *);
/* How many of them an address has made. */
uint64_t room_table_made_by(const struct room_table *, uint64_t maker);

#endif
