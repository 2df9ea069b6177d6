/*
 * event - what a record of the log is to a client: whether he is shown it,
 * and the line that it becomes.
 *
 * A pure module of the worker, over a cursor's view.  It knows no client: who
 * gets a line, and where among others, is delivery.c's and catchup.c's.  The
 * questions are the same for whatever a record is rendered to; how a line is
 * written is render.c's, and for him who asked for the record aside.c's.
 */
#ifndef WORKER_EVENT_H
#define WORKER_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/settings.h"
#include "log/cursor.h"

/* Whether the members of the record's room are shown it on this route. */
bool event_is_shown(const struct settings_route *, const struct record *);
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

/* Both append a line, and keep nothing of the view, which may change under
 * their hands (log/cursor.h).  False: no memory, nothing was appended. */

/* What the room is shown, of a record for which event_is_shown. */
bool event_render(struct buf *, const struct settings_route *,
    const struct cursor_view *) __attribute__((warn_unused_result));
/* What the record tells him who asked for it: RENAME, and the JOIN or ENTER
 * of a move. */
bool event_render_own(struct buf *, const struct cursor_view *)
    __attribute__((warn_unused_result));

#endif
