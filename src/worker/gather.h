/*
 * gather - lets what is about to be said leave with what is there.
 *
 * Whatever is due to a client in one turn costs one send.  So before a turn
 * tells anybody it looks once more who has said something.  In the worker.
 */
#ifndef WORKER_GATHER_H
#define WORKER_GATHER_H

#include <stdint.h>

struct worker;

/* Before a turn tells its clients what is in the log. */
void gather(struct worker *);

#endif
