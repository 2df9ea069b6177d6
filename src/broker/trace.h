/*
 * trace - a user as an administrator follows him: what he says and does, and
 * what the room he is in gives him.
 *
 * A pure module of the broker over the hub and the log; no socket.  What the
 * log has is read there by a cursor; whispers, which it has not, come by
 * hub_overhear.  What only a worker sees (frames, handshakes, what it refuses
 * by itself) is not here.
 */
#ifndef BROKER_TRACE_H
#define BROKER_TRACE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "broker/hub.h"
#include "broker/office_parts.h"
#include "broker/order.h"
#include "broker/session.h"
#include "log/cursor.h"

struct trace {
	bool is_on;		/* he is there still, as far as was told */
	bool has_lost;		/* whispers, since the last event */
	uint8_t route;
	uint64_t number;	/* N of his first name userN: nobody else's */
	char name[SESSION_NAME];	/* at the cursor; no NUL */
	uint8_t name_len;
	uint64_t room;		/* identity of his room, at the cursor */
	char path[OFFICE_PATH];	/* likewise */
	unsigned tabs;		/* his connections, as told */
	struct cursor cursor;
};

/* The order TRACE: answers, and begins to follow the user unless that says no.
 * The answer is owned; NULL: no memory for it. */
json_t *trace_begin(struct hub *, const struct order *, struct trace *)
    __attribute__((warn_unused_result));
/* As tail_next.  Behind the event that he has left the trace is off. */
json_t *trace_next(const struct hub *, struct trace *, bool *more_out)
    __attribute__((warn_unused_result));
/* The event of a whisper, owned; NULL: it does not concern him, or there is no
 * memory. */
json_t *trace_whisper(const struct trace *, const struct hub_overheard *)
    __attribute__((warn_unused_result));

#endif
