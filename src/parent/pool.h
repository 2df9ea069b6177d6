/*
 * pool - which worker has which connection.
 *
 * A pure table of the parent: slots, counts, and the sockets on their way.
 * A socket is *in flight* from the moment it is sent to a worker until that
 * has said TAKEN; until then the parent keeps its copy.  What a dead worker
 * had not taken *waits* for another one.
 */
#ifndef PARENT_POOL_H
#define PARENT_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/messages.h"

#define POOL_IN_FLIGHT	32	/* sockets on their way to one worker */

struct pool;

/* A socket on its way. */
struct pool_entry {
	struct ipc_accepted accepted;
	uint64_t address;		/* whom it counts for; 0: nobody */
	int fd;				/* the parent's copy */
	unsigned deaths;		/* of workers that were to take it, for
					 * which it may be why */
};

/* Of several workers the last of these counts. */
enum pool_choice {
	POOL_NOBODY,		/* no worker takes connections now */
	POOL_FULL,		/* no worker has a free slot */
	POOL_SHORT,		/* those that could are short of memory: they
				 * can say so */
	POOL_BUSY,		/* those that could have their share in
				 * flight: wait */
	POOL_CHOSEN
};

static inline bool
pool_can_be_given(enum pool_choice choice)
{
	return choice == POOL_CHOSEN || choice == POOL_SHORT;
}

/* `slots`: connections a worker may have.  NULL: no memory. */
struct pool *pool_new(unsigned workers, uint32_t slots)
    __attribute__((warn_unused_result));
/* Has so many workers from now on, if these are more; at most
 * SETTINGS_PLACES. */
void pool_grow(struct pool *, unsigned workers);
/* Calls `drop` for each socket that is still on its way. */
void pool_free(struct pool *, void (*drop)(void *, const struct pool_entry *),
    void *);

/* Whether the worker may be chosen. */
void pool_open_worker(struct pool *, unsigned index, bool open);

/* Whether memory is short there. */
void pool_set_short(struct pool *, unsigned index, bool is_short);

/* The worker with the fewest connections among those of which this holds; it
 * stays so for a few in a row, a 64th of what it has, at most 16. */
enum pool_choice pool_choose(const struct pool *, unsigned *index_out);

/* Gives the entry a connection number in a chosen worker and keeps it until
 * TAKEN; takes its fd.  Lends the kept entry; NULL: no memory, nothing
 * changed. */
const struct pool_entry *pool_add(struct pool *, unsigned index,
    const struct pool_entry *) __attribute__((warn_unused_result));

/* TAKEN: gives back the copy, owned by the caller; -1: not in flight. */
int pool_take(struct pool *, unsigned index, uint64_t connection)
    __attribute__((warn_unused_result));

/* CLOSED: frees the slot.  False: that worker has no such connection.
 * `fd_out`: a copy to be closed, or -1. */
bool pool_remove(struct pool *, unsigned index, uint64_t connection,
    uint64_t *address_out, int *fd_out)
    __attribute__((warn_unused_result));

/* The worker is dead: what was on its way to it, and may be why, waits from
 * now on, each of its other connections is told to `lost`.  It is not open any
 * more. */
void pool_remove_worker(struct pool *, unsigned index, bool may_be_why,
    void (*lost)(void *, uint64_t address), void *);

/* The oldest entry that waits, or NULL; lent until pool_pop_waiting, after
 * which its fd is the caller's. */
const struct pool_entry *pool_waiting(const struct pool *);
void pool_pop_waiting(struct pool *);

uint64_t pool_connections(const struct pool *);	/* waiting ones included */
uint32_t pool_worker_connections(const struct pool *, unsigned index);

#endif
