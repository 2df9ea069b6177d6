/*
 * waiting - what one client each is owed behind a position of the log, until
 * his delivery is there.
 *
 * Most clients are there when a line comes; then nothing waits.  Runs in the
 * worker.
 */
#ifndef WORKER_WAITING_H
#define WORKER_WAITING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "worker/client.h"
#include "worker/worker.h"

/* Gives the line to the client now or later, in its order; who does not take
 * what he is told is closed. */
void waiting_put(struct worker *, struct client *, uint64_t position,
    const struct buf *line);
/* Gives the client, now or when he has had everything that the worker has
 * passed, what `give` makes of the question then. */
typedef void waiting_giver(struct worker *, struct client *,
    const struct buf *question);
void waiting_put_question(struct worker *, struct client *,
    const struct buf *question, waiting_giver *give);
/* The nearest position behind this one at which something waits for the
 * client, or first for one of all: a delivery that passes it puts later lines
 * before what waits.  UINT64_MAX: none. */
uint64_t waiting_next(const struct client *, uint64_t position);
uint64_t waiting_next_of_all(const struct worker *, uint64_t position);
/* In the middle of a delivery, before the record at `position`: gives what
 * waits there to all who do not lag, behind what `settle` has made theirs of
 * the turn; that is false for want of memory. */
typedef bool waiting_settler(struct client *);
void waiting_give_before(struct worker *, uint64_t position,
    waiting_settler *);
/* Delivery has moved: gives whoever is there what waits for him. */
void waiting_give(struct worker *);
/* What waits for the client, in bytes. */
uint64_t waiting_bytes(const struct client *);
/* Frees what waits for a client who is freed. */
void waiting_forget(struct client *);

/* Whether the whisper of this origin has been here for the connection;
 * remembers it when not.  False for want of memory, too: twice is better
 * than never. */
bool waiting_is_repeat(struct worker *, uint64_t generation, uint64_t request,
    uint64_t connection);
/* The broker is dead, and everything that it has sent is read. */
void waiting_broker_died(struct worker *);

#endif
