/*
 * delivery - the way from the log to the clients of a worker.
 *
 * Owns the worker's cursor in the log and the turn's batches.  In a turn it
 * walks the records that came, renders those of rooms with an audience once,
 * and sends every member the whole batch in one call.  Runs in the worker.
 * Records of a client's own take him into rooms: that is entry.c's.  Who
 * cannot take a batch goes on by a cursor of his own, which is catchup.c's;
 * what a record is to a client is event.c's to say.
 */
#ifndef WORKER_DELIVERY_H
#define WORKER_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "worker/client.h"
#include "worker/worker.h"

struct compress;

/* Starts at the log's end, for the life of the process.  NULL: no memory. */
struct delivery *delivery_new(const struct log *, struct compress *)
    __attribute__((warn_unused_result));

/* Whether the log has grown behind the cursor. */
bool delivery_is_due(const struct worker *);
/* Whether it is looked at again without waiting: a bell has told of what is
 * due, or the last walk had something for somebody here.  Where many come and
 * go elsewhere it grows all the time, for nobody here. */
bool delivery_goes_on(const struct worker *);
/* How many clients the largest room had that was told something in the last
 * turn. */
uint32_t delivery_audience(const struct delivery *);
/* When there is something to send though the log has not grown, in
 * milliseconds of the monotonic clock; UINT64_MAX: not yet. */
uint64_t delivery_due(const struct worker *);
/* Walks, renders, sends up to `end`, of log_committed; a bounded part of what
 * is due, so that between two parts sockets that take bytes again are
 * served. */
void delivery_run(struct worker *, uint64_t end);
/* Whether what stands before the log position has been given to the
 * client. */
bool delivery_has_reached(const struct worker *, const struct client *,
    uint64_t position);
/* Whether all that the worker has passed has been given to the client. */
bool delivery_is_level(const struct client *);
/* Other settings are in force: what was rendered under the old ones is finished
 * by those who have it in part, and by nobody else. */
void delivery_renew(struct delivery *);

#endif
