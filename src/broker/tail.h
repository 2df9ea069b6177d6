/*
 * tail - a room as an administrator follows it, from a place in the log on.
 *
 * A pure module of the broker over the hub and the log; no socket.
 */
#ifndef BROKER_TAIL_H
#define BROKER_TAIL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "broker/hub.h"
#include "broker/order.h"
#include "log/cursor.h"

struct tail {
	bool is_on;
	uint8_t route;
	char room[64];		/* name */
	uint8_t room_len;
	uint64_t identity;	/* of the room last seen by that name */
	struct cursor cursor;
	size_t before;		/* how many lines from before come first */
	uint64_t lines[100];	/* their positions */
};

/* The order TAIL: answers, and begins to follow the room unless that says no.
 * Each event has the log's position behind it (`at`), from which another
 * broker goes on.  The answer is owned; NULL: no memory for it. */
json_t *tail_begin(struct hub *, const struct order *, struct tail *)
    __attribute__((warn_unused_result));
/* The next event of the room, owned.  NULL: there is none up to the log's
 * committed end, or not within a bounded number of records; then *more_out
 * says whether to ask again. */
json_t *tail_next(const struct hub *, struct tail *, bool *more_out)
    __attribute__((warn_unused_result));

#endif
