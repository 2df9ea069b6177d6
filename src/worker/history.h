/*
 * history - what a JSON client asks for of its room's past.
 *
 * Runs in the worker, which reads it from the log; the broker has no part in
 * it.  Told is what the route keeps: its last `history` messages, none older
 * than `history-age`, and no more at a time than fits the client's backlog.
 */
#ifndef WORKER_HISTORY_H
#define WORKER_HISTORY_H

#include <stdint.h>

#include "worker/client.h"
#include "worker/worker.h"

/* The last `count` messages (at most JSON_HISTORY_MAX) of the client's room
 * below the number `before` (0: the newest), told behind all that he is sent
 * before: now, or when he is in a room and has caught up. */
void history_ask(struct worker *, struct client *, uint64_t before,
    unsigned count);

#endif
