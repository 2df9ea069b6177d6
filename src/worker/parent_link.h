/*
 * parent_link - the channel to the parent: what it tells this worker.
 *
 * In the worker.  Connections and everything that a reload brings come by it;
 * the broker's channel, too, which is broker_link.c's from then on.
 */
#ifndef WORKER_PARENT_LINK_H
#define WORKER_PARENT_LINK_H

#include <stdbool.h>

#include "ipc/peer.h"

struct worker;

/* Takes the channel that the process was started with.  False: no memory. */
bool parent_link_open(struct worker *) __attribute__((warn_unused_result));

/* What a worker hears from the parent, for the test that holds it against the
 * catalogue. */
peer_handler *const *parent_link_handlers(void);

#endif
