/*
 * handshakes - connections of a worker whose handshake is under way, and
 * which of them goes when there are too many.
 *
 * Runs in the worker.  One that comes over the bound takes the place of
 * another, by chance: so those who never finish cannot fill the worker's
 * slots, and whoever is quick has most likely finished before it is his turn.
 * Who has finished is never ended for it.
 */
#ifndef WORKER_HANDSHAKES_H
#define WORKER_HANDSHAKES_H

#include <stdbool.h>
#include <stdint.h>

struct client;
struct worker;

/* All zero at first. */
struct handshakes {
	struct client **clients;
	uint32_t count, room;
};

/* Makes room for one more.  False: no memory. */
bool handshakes_reserve(struct worker *) __attribute__((warn_unused_result));
/* One begins; perhaps another is dropped for it. */
void handshakes_add(struct worker *, struct client *);
/* It is over, in whatever way. */
void handshakes_remove(struct worker *, struct client *);

#endif
