/*
 * seat - what a client has that others have not: a member that may come back.
 *
 * In the worker; `client->seat`.  It is made with the handshake and freed
 * with the client.  A plain text client, one without a token, has none; but
 * who is owed what was said before it came has one until it has had that, and
 * then `has_token` is false: ask seat_has_token.
 *
 * A handshake decides which token counts: the subprotocol's, else that of
 * ?resume=, else, on a route with `identity = session`, the cookie's.  JSON
 * clients and those of session routes always have one.  JOIN carries `token`
 * for a member that is made, and `resume` before it when `has_resume`.  The
 * record tells what came of it:
 *
 *	JOIN	a new member, whose token is `token`
 *	ENTER	the member again that `resume` is of
 *
 * Both are wiped when the client has been told (entry.c).
 */
#ifndef WORKER_SEAT_H
#define WORKER_SEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/settings.h"
#include "ipc/messages.h"
#include "worker/token.h"
#include "ws/head.h"

#define SEAT_COOKIE_MAX	192	/* bytes of a Set-Cookie line, with a NUL */

struct backfill;

struct seat {
	uint8_t token[TOKEN_BYTES];
	uint8_t resume[TOKEN_BYTES];
	bool has_token : 1;
	bool has_resume : 1;	/* `resume` is one */
	bool asks_again : 1;	/* it named a token, well-formed or not, and
				 * is told what came of it */
	bool is_cookie : 1;	/* identity = session, by the cookie: it is
				 * not told its token */
	bool sets_cookie : 1;	/* it had none, and gets `token` as one */
	bool has_after : 1;	/* it named the last message that it had: */
	uint8_t bad_json;	/* that many in a row, of a JSON client */
	uint64_t after;
	uint64_t proof_room;	/* what the broker knows to be proven: */
	uint64_t proof_seq;
	uint64_t pinged_ms;	/* when it was last asked for a proof */
	struct backfill *backfill; /* NULL: nothing of before is owed */
};

/* Seats a client of the route as its handshake wants it, `always` or only
 * when there is something of a token in it.  The seat is the caller's; NULL
 * for who needs none.  False: no memory, or no randomness. */
bool seat_claim(const struct settings_route *, const struct head *,
    bool always, struct seat **seat_out) __attribute__((warn_unused_result));
/* Wipes and frees it; NULL is fine. */
void seat_free(struct seat *);
/* The tokens are needed no more. */
void seat_wipe(struct seat *);

static inline bool
seat_has_token(const struct seat *seat)
{
	return seat != NULL && seat->has_token;
}

/* The field line that gives a browser the token; "" when it needs none. */
const char *seat_write_cookie(const struct seat *,
    const struct settings_route *, bool is_secure, char out[SEAT_COOKIE_MAX]);
/* The tail of a JOIN (of a seat or of NULL) to a room of at most IPC_ROOM
 * bytes: returns its length; the flags are added. */
size_t seat_write_join(const struct seat *, const char *room, size_t room_len,
    uint8_t out[IPC_JOIN_TAIL], uint32_t *flags_inout);

#endif
