/*
 * opening - from a URL to a stream on which WebSocket is spoken.
 *
 * Runs in wschat: dials, shakes hands for TLS, asks for the upgrade and
 * judges the answer.
 */
#ifndef CLIENT_OPENING_H
#define CLIENT_OPENING_H

#include "base/buf.h"
#include "client/connection.h"
#include "ws/slice.h"

struct opening;
struct stream;

struct opening_hooks {
	/* The stream is the owner's from now on; the slices and `rest`, the
	 * first bytes behind the handshake, are lent for the call. */
	void (*on_open)(void *, struct stream *, struct slice protocol,
	    struct slice session, struct slice rest);
	void (*on_failure)(void *, const struct connection_end *);
};

/* Calls one of the hooks, once, from the loop; then only opening_free is
 * allowed, and within the hook already.  NULL: no memory. */
struct opening *opening_new(struct event_base *,
    const struct connection_request *, const struct opening_hooks *,
    void *arg) __attribute__((warn_unused_result));
void opening_free(struct opening *);

#endif
