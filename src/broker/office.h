/*
 * office - what an administrator's order does, and what he is answered.
 *
 * A part of the hub, in the broker; no socket.  An answer is one object, with
 * `ok`, and where that is false a word and a sentence that say why.  How
 * the server is stands in status.h, lists of who is there are census.h's, who
 * is sent away expulsion.h's, and how a room is followed tail.h's.
 */
#ifndef BROKER_OFFICE_H
#define BROKER_OFFICE_H

#include <jansson.h>

#include "broker/hub.h"
#include "broker/order.h"

struct office {
	struct hub *hub;
	/* Has the worker close a connection; false: no memory. */
	bool (*kick)(void *arg, unsigned index, uint64_t connection,
	    bool is_ban);
	/* Tells the parent of a ban, as hub_ban; likewise. */
	bool (*report)(void *arg, struct network, uint64_t until_s);
	/* Likewise of a mute, as hub_mute. */
	bool (*mute)(void *arg, struct network, uint64_t until_s,
	    bool is_address);
	void *arg;
};

/* Carries out all orders but TAIL and TRACE.  Returns the answer, owned; NULL:
 * there is no memory for it. */
json_t *office_answer(const struct office *, const struct order *)
    __attribute__((warn_unused_result));
/* An answer that says no. */
json_t *office_refusal(const char *word, const char *text)
    __attribute__((warn_unused_result));

#endif
