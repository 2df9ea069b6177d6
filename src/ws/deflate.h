/*
 * deflate: the negotiation of permessage-deflate (RFC 7692).
 *
 * Reads what a client offers and writes what the server agrees to. A pure
 * module of the worker: it allocates nothing and takes time linear in the
 * head. The streams themselves are inflater.h and deflater.h; how they look
 * in frames is frame.h.
 */
#ifndef WS_DEFLATE_H
#define WS_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ws/head.h"

/* Windows have 2^bits bytes. RFC 7692 has 8, too, which zlib has not. */
#define DEFLATE_BITS_MIN 9
#define DEFLATE_BITS_MAX 15

#define DEFLATE_RESPONSE_SIZE 160   /* the longest response and a NUL */

/* What a route wants. */
struct deflate_policy {
	bool is_on;            /* false: every offer is declined */
	bool client_takeover;  /* clients may keep their window from message to
	                          message, which costs an inflater for each */
};

/* A value: what both ends have agreed on. */
struct deflate_terms {
	bool is_on;            /* false: the extension was not negotiated, and
	                          nothing else here counts */
	bool client_takeover;  /* the client keeps its window from one message
	                          to the next; the server never does */
	bool server_bits_asked;  /* the client limits the server's window */
	uint8_t server_bits;   /* the window to compress with: 9..15 */
	uint8_t client_bits;   /* the one the client compresses with: 9..15 */
};

/*
 * Takes the first acceptable offer of all fields Sec-WebSocket-Extensions,
 * in the client's order. Declined is an offer with a parameter that is
 * unknown, twice there, or has a value that it may not have, and one with
 * server_max_window_bits=8. Other extensions are passed over, and so are
 * empty elements of the list, as in RFC 9110 5.6.1. Values may be tokens
 * or quoted.
 *
 * True: *terms_out is set, and is_on says whether an offer was taken. False:
 * a field is malformed, wherever in it, and whatever the policy. It is to be
 * answered with 400, because RFC 6455 9.1 wants the handshake to fail: who
 * cannot be understood here would be understood differently by the two ends.
 */
bool deflate_negotiate(const struct head *, const struct deflate_policy *,
    struct deflate_terms *terms_out) __attribute__((warn_unused_result));

/*
 * Writes the value of the response's Sec-WebSocket-Extensions, with a NUL,
 * for terms that are on. Returns its length.
 *
 * It always has server_no_context_takeover, which needs not be offered
 * (7.1.1.1), so that a broadcast is compressed once for each window size and
 * not for each client; client_no_context_takeover if the client offered it or
 * the policy refuses the takeover; the window sizes when they were offered
 * with a value below 15, the server's also with 15.
 */
size_t deflate_response_write(char out[static DEFLATE_RESPONSE_SIZE],
    const struct deflate_terms *);

#endif
