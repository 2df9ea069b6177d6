/*
 * entry - how a client comes into a room: by a record of his own, which the
 * turn has come to.
 *
 * A JOIN makes him a new member and an ENTER the one that his token is of; a
 * move takes him, and the other connections of his member, to another room;
 * an ENTER may end the connection that had his place before.  Here he becomes
 * one of the room's audience, and is told where he is.
 *
 * Runs in the worker, for delivery.c.  Who lags comes to such records in his
 * own time, which is catchup.c's; what was said before is backfill.c's.
 */
#ifndef WORKER_ENTRY_H
#define WORKER_ENTRY_H

#include "base/settings.h"
#include "log/cursor.h"
#include "worker/client.h"
#include "worker/worker.h"

/* Makes the client, who is in no room, a member by the record JOIN or ENTER;
 * its lines begin behind it.  False: no memory. */
bool entry_add(struct worker *, struct client *, const struct cursor_view *)
    __attribute__((warn_unused_result));

/* What the turn has brought the client so far becomes his own: what he alone
 * is told next, or hears in another room, comes behind it.  False: no
 * memory. */
bool entry_settle(struct client *) __attribute__((warn_unused_result));

/* A JOIN or ENTER of this worker that is no move. */
void entry_take(struct worker *, const struct settings_route *,
    const struct cursor_view *);
/* A record for which event_is_answer, of this worker: a rename, a move. */
void entry_answer(struct worker *, const struct cursor_view *);
/* A record for which event_is_acked: behind his message its sender learns that
 * it is said. */
void entry_ack(struct worker *, const struct cursor_view *);
/* An ENTER of whatever worker: closes whom it replaces, if he is here. */
void entry_replace(struct worker *, const struct cursor_view *);

#endif
