/*
 * head: the HTTP/1.1 head of a request.
 *
 * A strict parser for what a WebSocket server must understand of RFC 9112
 * and RFC 6455 section 4.2. A pure module of the worker: it knows no route,
 * no origin policy, no socket and no clock, and allocates nothing.
 */
#ifndef WS_HEAD_H
#define WS_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ws/refusals.h"
#include "ws/slice.h"

#define HEAD_TARGET_MAX 4096

/* 0: no limit. */
struct head_limits {
	size_t bytes;      /* request line to the empty line, both included */
	unsigned fields;   /* field lines */
};

enum http_method {
	HTTP_OTHER,        /* also: not known yet */
	HTTP_GET,
	HTTP_HEAD
};

enum head_result {
	HEAD_MORE,         /* so far so good: call again when more is here */
	HEAD_DONE,         /* acceptable; `length` bytes were the head */
	HEAD_REFUSED       /* answer with `refusal` and close */
};

/*
 * A value, about 300 bytes. The slices are set when the result is HEAD_DONE,
 * and as far as they were found when a whole head is refused; they point
 * into the data of that last call. An absent field is {NULL, 0}, an empty
 * one has a place and length 0. All come without white space around them.
 */
struct head {
	enum http_method method;
	int minor;                 /* HTTP/1.minor: 0 or 1 */
	struct slice target;       /* origin form, percent-encoding as sent */
	struct slice path;         /* of target, before '?' */
	struct slice query;        /* after '?'; at NULL when there is none */
	struct slice host;
	struct slice origin;
	struct slice user_agent;
	struct slice cookie;       /* the first Cookie field */
	struct slice protocols;    /* the first Sec-WebSocket-Protocol field:
	                              walk all with head_next_protocol */
	struct slice key;          /* Sec-WebSocket-Key, when wants_upgrade */
	struct slice fields;       /* all field lines, each with its CRLF */
	bool wants_upgrade;        /* a good WebSocket handshake, when DONE */
	enum refusal refusal;      /* REFUSAL_NONE when not refused */
	size_t length;             /* HEAD_DONE: bytes of the head */

	/* Private to head.c: where the scan stands. */
	size_t scanned;
	size_t part_at;            /* where the word or line being read began */
	unsigned field_count;
	uint8_t state;
};

void head_init(struct head *);

/*
 * Parses a head that starts at `data` and of which `len` bytes are here. To
 * go on after HEAD_MORE, call again with all bytes since the start, the new
 * ones behind; `data` may have moved. Each byte is looked at a fixed number
 * of times however small the pieces are. Bytes behind the head are not
 * touched. After HEAD_DONE or HEAD_REFUSED, start anew with head_init.
 *
 * A byte that no continuation can heal is refused as soon as it is seen:
 *   400  malformed: bare CR or LF, folded lines, control bytes, space before
 *        the colon, no or two Host, a target not in origin form or with a
 *        fragment, bad length fields, an upgrade in HTTP/1.0, a bad key
 *   405  another method that HTTP knows      501  any other method
 *   413  a body                              414  target > HEAD_TARGET_MAX
 *   426  an upgrade whose Sec-WebSocket-Version is not 13
 *   431  more bytes or fields than `limits`
 *   505  HTTP versions other than 1.0 and 1.1
 * A GET whose Connection lists `upgrade` and whose Upgrade lists `websocket`
 * is an upgrade; without both it is a plain GET.
 */
enum head_result head_parse(struct head *, const char *data, size_t len,
    const struct head_limits *) __attribute__((warn_unused_result));

/*
 * Walks the values of all fields called `name` (any case), in order: set
 * *value_inout to {NULL, 0} before the first call. False at the end.
 */
bool head_next_value(const struct head *, const char *name,
    struct slice *value_inout);

/*
 * Walks the subprotocols that a client offers, over all its fields and in its
 * order: set *protocol_inout to {NULL, 0} before the first call. False at the
 * end.
 */
bool head_next_protocol(const struct head *, struct slice *protocol_inout);

/* Whether the client offers exactly this subprotocol. */
bool head_offers_protocol(const struct head *, const char *protocol);

#endif
