/*
 * broker - the process that owns names, rooms and order.
 */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "base/settings.h"
#include "ipc/peer.h"

/* The life of the broker process; returns its exit code. */
int broker_main(const struct settings *);

/* What the broker hears, for the test that holds it against the catalogue. */
peer_handler *const *broker_parent_handlers(void);
peer_handler *const *broker_worker_handlers(void);

#endif
