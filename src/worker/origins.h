/*
 * origins - which whispers have been here, for as long as they can come again.
 *
 * A broker that dies leaves requests without a receipt, and the next one
 * carries them out again: what some of them whispered has been here.  A
 * whisper comes once from one broker, so only those of dead ones are looked
 * through; those of the living are kept for the day it dies.  Whatever has a
 * receipt by then is forgotten, so no more is remembered than is on its way.
 *
 * A pure module of the worker.
 */
#ifndef WORKER_ORIGINS_H
#define WORKER_ORIGINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct origin {
	uint64_t generation;	/* of the worker whose request it was */
	uint64_t request;
	uint64_t connection;	/* that it was for */
};

struct origins {
	struct origin *dead, *fresh;	/* of dead brokers, in order; of the
					 * living one, as they came */
	size_t dead_count, fresh_count, fresh_room;
};

/* Whether a request has no receipt yet. */
typedef bool origins_is_open(const void *arg, uint64_t generation,
    uint64_t request);

void origins_init(struct origins *);
void origins_clear(struct origins *);

/* Whether a dead broker has sent this; else remembers it.  For want of memory
 * it does not: twice is better than never. */
bool origins_is_repeat(struct origins *, const struct origin *,
    origins_is_open *, const void *arg);
/* The broker is dead, and everything that it has sent is read. */
void origins_broker_died(struct origins *, origins_is_open *,
    const void *arg);

#endif
