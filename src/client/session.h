/*
 * session - a member of a room, over as many connections as it takes.
 *
 * Runs in wschat.  It speaks wschat.v1, or plain text with a server that does
 * not: has its name, says what is to be said until it is acknowledged, and
 * comes back after a loss without a gap or a repeat.  What is shown is its
 * owner's.
 */
#ifndef CLIENT_SESSION_H
#define CLIENT_SESSION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ws/url.h"

struct event_base;
struct session;
struct trust;

enum session_outcome {
	SESSION_DONE,		/* it was to end, and did in good order */
	SESSION_CLOSED,		/* the server closed it in good order */
	SESSION_REFUSED,	/* the server, or we, will not have it */
	SESSION_LOST
};

/* `why` and `text` are for people, and not yet made safe to show. */
struct session_hooks {
	/* An event of wschat.v1, in order, each message once; borrowed.
	 * Acknowledgements and pages of history are among them only with
	 * `wants_all`. */
	void (*on_event)(void *, const json_t *event);
	/* A message of a server that does not speak wschat.v1. */
	void (*on_text)(void *, const char *text, size_t len);
	/* About the connection. */
	void (*on_note)(void *, const char *text);
	/* More may be said: ask session_takes. */
	void (*on_ready)(void *);
	/* Once; then only session_free is allowed, and not within. */
	void (*on_end)(void *, enum session_outcome, const char *why);
};

struct session_settings {
	struct url url;
	const struct trust *trust;	/* these are borrowed */
	const char *name;		/* to be taken; NULL: the given one */
	bool must_have_name;		/* else it ends when it is refused */
	bool wants_json;		/* ends when wschat.v1 is not spoken */
	bool wants_all;
	bool has_since;			/* tell what was said since then */
	uint64_t since;
	bool may_reconnect;
};

/* Begins to connect.  NULL: no memory. */
struct session *session_new(struct event_base *,
    const struct session_settings *, const struct session_hooks *,
    void *arg) __attribute__((warn_unused_result));
void session_free(struct session *);

/* Whether something more to say is taken now. */
bool session_takes(const struct session *);

/* Says it; without a connection as soon as there is one.  False: the text is
 * not UTF-8, or session_takes does not hold. */
bool session_say(struct session *, const char *text, size_t len,
    bool is_action) __attribute__((warn_unused_result));

/* Sends a request of call.h, which is taken.  False: there is no connection
 * now, or none that knows requests. */
bool session_request(struct session *, json_t *request)
    __attribute__((warn_unused_result));

/* Ends it when all that was said is acknowledged; or at once. */
void session_finish(struct session *);
void session_close(struct session *);

/* Nothing is read while paused. */
void session_pause(struct session *, bool is_paused);

bool session_is_connected(const struct session *);
bool session_speaks_json(const struct session *);
const char *session_name(const struct session *);	/* "": none yet */
/* What was said and is not acknowledged; what is known to be lost. */
size_t session_pending(const struct session *);
bool session_has_lost(const struct session *);

#endif
