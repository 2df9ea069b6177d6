/*
 * answer - what an HTTP request gets: the switch to WebSocket, the page, a
 * health check or a refusal.
 *
 * Runs in the worker, between a client's first bytes and its frames.
 */
#ifndef WORKER_ANSWER_H
#define WORKER_ANSWER_H

#include <stdint.h>

#include "base/settings.h"
#include "worker/seat.h"
#include "worker/worker.h"
#include "ws/deflate.h"
#include "ws/handshake.h"

/* What follows the answer. */
struct answer {
	enum refusal refusal;			/* nothing was appended */
	const struct settings_route *route;	/* NULL: the end */
	const char *room;			/* lent from the head */
	size_t room_len;
	bool is_json;				/* wschat.v1 was taken */
	struct deflate_terms deflate;
	struct seat *seat;			/* the caller's; NULL: none */
	const uint8_t *body;			/* to send behind the head: */
	size_t body_len;			/* of the site's image */
};

/* Appends the response to an acceptable head, or says why there is none;
 * `is_secure`: the client speaks TLS, with us or with its proxy.
 * False: no memory, or no randomness, and there is no seat. */
bool answer_head(struct worker *, const struct client *, const struct head *,
    bool is_secure, struct buf *out, struct answer *answer_out)
    __attribute__((warn_unused_result));

/* Appends the switch to WebSocket for a good handshake that is refused all
 * the same, by a close frame.  False: no memory. */
bool answer_accept(const struct head *, struct buf *out)
    __attribute__((warn_unused_result));

/* Appends a refusal that has a status. */
bool answer_refusal(struct buf *out, enum refusal, bool is_head)
    __attribute__((warn_unused_result));

#endif
