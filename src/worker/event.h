/*
 * event - what a record of the log is to a client: whether he is shown it,
 * and the line of text or the JSON object that it becomes.
 *
 * A pure module of the worker, over a cursor's view.  It knows no client: who
 * gets what, and where among others, is delivery.c's and catchup.c's.  How a
 * line is written is render.c's, and for him who asked for the record
 * aside.c's; how an object is, json_write.c's.
 */
#ifndef WORKER_EVENT_H
#define WORKER_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/settings.h"
#include "log/cursor.h"
#include "worker/form.h"
#include "worker/json_write.h"

/* Whether those of the room's members who take a dialect are shown the record
 * on this route.  Who takes JSON sees who comes and goes whatever `announce`
 * says, but in a room of more than `presence-above` he is told a count
 * instead, which is presence.c's. */
bool event_is_shown(const struct settings_route *, const struct record *,
    enum dialect);
/* Whether somebody came or went, in a room of so many that JSON clients are
 * told the count alone. */
bool event_is_presence(const struct settings_route *, const struct record *);
/* Whether the record is more to its sender than to others: he is told what
 * has come of what he asked for. */
bool event_is_answer(const struct record *);
/* Whether it comes from the worker of `generation`, or is for it: what the
 * broker does to a connection by itself names its worker, too. */
bool event_is_of(const struct record *, uint64_t generation);
/* Whether it takes its sender's connection into a room. */
bool event_is_coming(const struct record *);
/* Whether it is an answer to this connection of the worker of `generation`. */
bool event_is_own(const struct record *, uint64_t generation,
    uint64_t connection);
/* Whether it is a message with an id, which this connection of the worker of
 * `generation` has said. */
bool event_is_acked(const struct record *, uint64_t generation,
    uint64_t connection);

/* All append, and keep nothing of the view, which may change under their
 * hands (log/cursor.h).  False: no memory, nothing was appended. */

/* What the room is shown, of a record for which event_is_shown. */
bool event_render(struct buf *, const struct settings_route *,
    const struct cursor_view *, enum dialect)
    __attribute__((warn_unused_result));
/* What the record tells him who asked for it: RENAME, and the JOIN or ENTER of
 * a move.  In JSON a RENAME tells him no more than the others: nothing is
 * appended. */
bool event_render_own(struct buf *, const struct cursor_view *, enum dialect)
    __attribute__((warn_unused_result));
/* In JSON: who he is, of his JOIN or ENTER, and the log's epoch (16 bytes) and
 * his token; an empty one is left out. */
bool event_render_welcome(struct buf *, const struct cursor_view *,
    const uint8_t *epoch, struct slice token)
    __attribute__((warn_unused_result));
/* In JSON: from where on he is told again what was said, of his ENTER. */
bool event_render_repeating(struct buf *, const struct cursor_view *)
    __attribute__((warn_unused_result));
/* In JSON: its sender learns that his message is said. */
bool event_render_ack(struct buf *, const struct cursor_view *)
    __attribute__((warn_unused_result));

/* The message of a record, MESSAGE or KEPT, lent from the view. */
struct json_message event_message(const struct cursor_view *);

#endif
