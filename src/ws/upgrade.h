/*
 * upgrade: the client's half of the opening handshake (RFC 6455 4.1).
 *
 * Writes the request and judges the answer to it. A pure module of clients:
 * it knows no socket and allocates nothing. handshake.h is the server's half.
 */
#ifndef WS_UPGRADE_H
#define WS_UPGRADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ws/slice.h"

#define UPGRADE_NONCE    16      /* random bytes, new for each handshake */
#define UPGRADE_KEY_SIZE 25      /* 24 characters and a NUL */
#define UPGRADE_HEAD_MAX 16384   /* bytes of an answer's head */

/* NUL-terminated texts without control characters, all borrowed. */
struct upgrade_request {
	const char *target;      /* path and query, percent-encoded */
	const char *authority;   /* the Host: host, and port unless default */
	const char *protocols;   /* offered, comma-separated; "" for none */
	const char *cookie;      /* "" for none */
};

/* Sec-WebSocket-Key of a nonce, NUL-terminated. */
void upgrade_key_write(const uint8_t nonce[static UPGRADE_NONCE],
    char out[static UPGRADE_KEY_SIZE]);

/* Returns the request's length, without a NUL; 0 when it does not fit. */
size_t upgrade_request_write(char *out, size_t size,
    const struct upgrade_request *, const char *key)
    __attribute__((warn_unused_result));

enum upgrade_result {
	UPGRADE_MORE,      /* so far so good: call again when more is here */
	UPGRADE_DONE,      /* 101, and all of it as it must be */
	UPGRADE_REFUSED,   /* another status: see the fields */
	UPGRADE_BAD        /* not an answer to this request: see why */
};

/* The slices point into the data; what is absent has length 0. */
struct upgrade_answer {
	unsigned status;
	size_t length;             /* DONE, REFUSED: bytes of the head */
	struct slice protocol;     /* DONE: chosen among the offered */
	struct slice session;      /* DONE: the cookie SESSION that is set */
	struct slice location;     /* REFUSED: where else */
	unsigned retry_after_s;    /* REFUSED: 0 when it does not say */
	const char *why;           /* BAD: static text, for people */
};

/*
 * Judges the first `len` bytes of an answer. `key` and `protocols` are those
 * of the request. Asks for no more than UPGRADE_HEAD_MAX bytes. A 101 has to
 * upgrade to websocket, carry the key's Sec-WebSocket-Accept, choose a
 * protocol that was offered or none, and name no extension: none is offered.
 */
enum upgrade_result upgrade_answer_parse(const char *data, size_t len,
    const char *key, const char *protocols, struct upgrade_answer *out)
    __attribute__((warn_unused_result));

#endif
