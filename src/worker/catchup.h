/*
 * catchup - the clients who lag: whose sockets took less than the turn brought
 * them.
 *
 * Each goes on at a cursor of his own in the log when his socket takes bytes
 * again, until that cursor is where the worker's is.  Meanwhile a turn spends
 * no more on him than a look at how much he is owed, and he is closed for more
 * than his route's backlog, or passes over messages and is told which.
 *
 * Who has just come lags, too, while he is told what was said before, which
 * is backfill.c's.
 *
 * Runs in the worker.  Owns a lagging client's `cursor`, `room` and `mark`;
 * the worker's own cursor and who is in which room are delivery.c's.
 */
#ifndef WORKER_CATCHUP_H
#define WORKER_CATCHUP_H

#include <stddef.h>

#include "log/cursor.h"
#include "worker/batch.h"
#include "worker/client.h"
#include "worker/worker.h"

/* The client took the batch, of the turn or of catchup_run, up to the offset
 * `at` of his form: the frame it is in is finished from a copy, the rest is
 * read from the log when the socket takes it.  Drops him for want of
 * memory. */
void catchup_cut(struct worker *, struct client *, const struct batch *,
    size_t at);
/* The client, if he does not lag, has had what is before the record, and goes
 * on there by himself.  Closes him when what that was for him cannot be told
 * twice; drops him for want of memory. */
void catchup_begin(struct worker *, struct client *,
    const struct cursor_view *);
/* When the client, who lags, is too far behind: closes him, or has him pass
 * over messages, as his route says. */
void catchup_check_backlog(struct worker *, struct client *);
/* The turn has come to the JOIN or ENTER of a move.  When its sender lags he
 * counts in the new room from now on, and comes to it in his own time; what he
 * is owed by the old one he is owed still. */
void catchup_move(struct worker *, const struct cursor_view *join);
/* The socket of the client, who lags, takes bytes again and nothing of his own
 * waits: renders and sends a bounded part of what he has not had. */
void catchup_run(struct worker *, struct client *);

#endif
