/*
 * office - what an administrator's order does, and what he is answered.
 *
 * A part of the hub, in the broker; no socket.  An answer is one object, with
 * `ok`, and where that is false a word and a sentence that say why.  Lists
 * come in pieces, each of bounded work: `next` is where the following one
 * begins, in the rows of the state file, which stay where they are while
 * people come and go.
 */
#ifndef BROKER_OFFICE_H
#define BROKER_OFFICE_H

#include <jansson.h>

#include "broker/hub.h"
#include "broker/order.h"
#include "log/cursor.h"

struct office {
	struct hub *hub;
	/* Has the worker close a connection; false: no memory. */
	bool (*kick)(void *arg, unsigned index, uint64_t connection,
	    bool is_ban);
	/* Tells the parent of a ban, as hub_ban; likewise. */
	bool (*report)(void *arg, uint64_t address, uint64_t until_s);
	void *arg;
};

/* What follows a room from a place in the log on. */
struct office_tail {
	bool is_on;
	uint8_t route;
	char room[64];		/* name */
	uint8_t room_len;
	uint64_t identity;	/* of the room last seen by that name */
	struct cursor cursor;
	size_t before;		/* how many lines from before come first */
	uint64_t lines[100];	/* their positions */
};

/* Carries out all orders but TAIL.  Returns the answer, owned; NULL: there is
 * no memory for it. */
json_t *office_answer(const struct office *, const struct order *)
    __attribute__((warn_unused_result));
/* An answer that says no. */
json_t *office_refusal(const char *word, const char *text)
    __attribute__((warn_unused_result));

/* TAIL: answers, and begins to follow the room unless that says no.  Each
 * event has the log's position behind it (`at`), from which another broker
 * goes on. */
json_t *office_follow(const struct office *, const struct order *,
    struct office_tail *) __attribute__((warn_unused_result));
/* The next event of the room, owned.  NULL: there is none up to the log's
 * committed end, or not within a bounded number of records; then *more_out
 * says whether to ask again. */
json_t *office_next(const struct office *, struct office_tail *,
    bool *more_out) __attribute__((warn_unused_result));

#endif
