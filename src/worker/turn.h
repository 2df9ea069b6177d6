/*
 * turn - what a worker does between two waits.
 *
 *	callbacks: clients' bytes in, messages of parent and broker
 *	-> requests to the broker, in one send
 *	-> the log has grown? what is about to be said leaves with it (gather.h)
 *	-> render and send, once for each client
 *	-> receipts: answered requests leave the outbox
 *
 * In the worker.
 */
#ifndef WORKER_TURN_H
#define WORKER_TURN_H

#include <stdbool.h>

struct worker;

/* Makes the events of the loop: the clients' descriptor, the timer.  False,
 * with errno. */
bool turn_open(struct worker *) __attribute__((warn_unused_result));
/* Waits, unless there is something to deliver, and does one turn. */
void turn_run(struct worker *);

#endif
