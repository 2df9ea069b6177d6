/*
 * gather - lets what is about to be said leave with what is there.
 *
 * Whatever is due to a client in one turn costs one send.  So before a turn
 * tells anybody it looks once more who has said something; and before it tells
 * many, it lets others of this machine run, who may be about to say something,
 * and waits a little for the broker to answer what was asked: each message
 * that leaves with another saves as many sends as there are clients to tell.
 * Where a machine has other work, which then comes first, it stops doing so.
 * In the worker.
 */
#ifndef WORKER_GATHER_H
#define WORKER_GATHER_H

#include <stdint.h>

struct worker;

struct gather {
	unsigned look_rest;		/* turns without a look */
	unsigned look_pause;		/* after the next vain look */
	unsigned wait_rest;		/* turns without a wait */
	unsigned wait_pause;		/* after the next that is too long */
	uint64_t told_us;		/* what telling took in the last turn */
};

/* Before a turn tells its clients what is in the log. */
void gather_more(struct worker *);
/* And after it: how long that took, in microseconds. */
void gather_told(struct gather *, uint64_t us);

#endif
