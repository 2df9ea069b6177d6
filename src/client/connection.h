/*
 * connection - one WebSocket connection to a server, from the URL to the end.
 *
 * Runs in wschat.  It frames and unframes, answers and sends pings, and closes
 * in good order.  How it opens is opening.h's, what messages mean the
 * session's.
 *
 *	OPENING -> OPEN -> CLOSING -> DRAINING -> ENDED
 *
 * From each of them to ENDED, and from OPEN to DRAINING, when it goes wrong.
 */
#ifndef CLIENT_CONNECTION_H
#define CLIENT_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ws/slice.h"

struct connection;
struct event_base;
struct trust;
struct url;

#define CONNECTION_MESSAGE_MAX	(16 << 20)	/* bytes of what is taken */

enum connection_outcome {
	CONNECTION_UNREACHABLE,	/* no address answers */
	CONNECTION_UNTRUSTED,	/* the certificate will not do */
	CONNECTION_REFUSED,	/* HTTP says no: see status */
	CONNECTION_NOT_WEBSOCKET, /* the handshake went wrong */
	CONNECTION_CLOSED,	/* a close frame came: see code */
	CONNECTION_BROKEN,	/* the server broke the protocol */
	CONNECTION_LOST		/* it ended, or went silent */
};

struct connection_end {
	enum connection_outcome outcome;
	unsigned status;	/* REFUSED */
	uint16_t code;		/* CLOSED: FRAME_CODE_NONE when it had none */
	uint64_t asked_ms;	/* how long the server asks to stay away */
	char why[256];		/* for people; not yet made safe to show */
};

struct connection_hooks {
	/* The handshake is done.  `protocol` is "" when none was chosen;
	 * `session` is the cookie of that name, "" for none. */
	void (*on_open)(void *, struct slice protocol, struct slice session);
	void (*on_text)(void *, const char *text, size_t len);
	void (*on_binary)(void *, size_t len);
	void (*on_pong)(void *);	/* to connection_ping */
	/* Once, from the loop; then only connection_free is allowed. */
	void (*on_end)(void *, const struct connection_end *);
};

struct connection_request {
	const struct url *url;	/* borrowed as long as the connection lasts */
	const struct trust *trust;
	const char *target, *protocols, *cookie;	/* copied */
};

/* NULL: no memory. */
struct connection *connection_new(struct event_base *,
    const struct connection_request *, const struct connection_hooks *,
    void *arg) __attribute__((warn_unused_result));
void connection_free(struct connection *);	/* at once, no close frame */

/* Queue a frame; without effect before OPEN and after it. */
void connection_say(struct connection *, const char *text, size_t len);
void connection_ping(struct connection *);

/* Bytes queued and not yet taken by the socket. */
size_t connection_backlog(const struct connection *);

/* Closes with this code and waits for the answer, 5 s at most; what comes
 * before it is delivered.  Before OPEN it ends at once. */
void connection_close(struct connection *, uint16_t code);

/* While paused nothing is read. */
void connection_pause(struct connection *, bool is_paused);

#endif
