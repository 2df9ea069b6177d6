/*
 * close_codes: every way a connection ends, written once.
 *
 * One row is the enum, the wire code of RFC 6455 section 7.4, whether the
 * end counts as an error, the word in the log and in counters, and the text
 * the peer reads. Workers and clients use it; it owns nothing.
 */
#ifndef WS_CLOSE_CODES_H
#define WS_CLOSE_CODES_H

#include <stdbool.h>
#include <stdint.h>

/*
 * CLOSE_REASON(name, wire code, is an error, word for the log, text to the
 * peer). Wire code 0: never sent, the reason exists for the log alone.
 */
/* clang-format off */
#define CLOSE_REASONS(CLOSE_REASON) \
CLOSE_REASON(NORMAL,             1000, false, "normal",             "bye") \
CLOSE_REASON(GOING_AWAY,         1001, false, "going-away",         "the server stops") \
CLOSE_REASON(PROTOCOL,           1002, true,  "protocol",           "protocol error") \
CLOSE_REASON(UNACCEPTED,         1003, true,  "unaccepted",         "this kind of message is not accepted") \
CLOSE_REASON(BAD_UTF8,           1007, true,  "bad-utf8",           "text is not UTF-8") \
CLOSE_REASON(BAD_DEFLATE,        1007, true,  "bad-deflate",        "compressed data is corrupt") \
CLOSE_REASON(POLICY,             1008, true,  "policy",             "not allowed here") \
CLOSE_REASON(TOO_MANY_FRAGMENTS, 1008, true,  "too-many-fragments", "too many fragments") \
CLOSE_REASON(MESSAGE_TIMEOUT,    1008, true,  "message-timeout",    "the message took too long") \
CLOSE_REASON(TOO_MANY_CONTROLS,  1008, true,  "too-many-controls",  "too many control frames") \
CLOSE_REASON(TOO_BIG,            1009, true,  "too-big",            "message too big") \
CLOSE_REASON(PING_TIMEOUT,       1011, true,  "ping-timeout",       "no answer to a ping") \
CLOSE_REASON(SERVER_FAULT,       1011, true,  "server-fault",       "server fault") \
CLOSE_REASON(RESTART,            1012, false, "restart",            "the server restarts") \
CLOSE_REASON(BACKLOG,            1013, true,  "backlog",            "too far behind") \
CLOSE_REASON(MEMORY,             1013, true,  "memory",             "the server is short of memory") \
CLOSE_REASON(TRY_LATER,          1013, true,  "try-later",          "try again later") \
CLOSE_REASON(TOO_MANY_CONNECTIONS, 1013, true, "too-many-of-address", "too many connections from your address") \
CLOSE_REASON(TOO_MANY_ROOMS,     1013, true,  "too-many-rooms",     "there are too many rooms") \
CLOSE_REASON(TOO_MANY_TABS,      1013, true,  "too-many-tabs",      "too many connections of your session") \
CLOSE_REASON(KICKED,             4500, false, "kicked",             "an administrator has ended your connection") \
CLOSE_REASON(BANNED,             4503, false, "banned",             "an administrator keeps your address out") \
CLOSE_REASON(REPLACED,           4509, false, "replaced",           "your session goes on in another place") \
CLOSE_REASON(BY_PEER,               0, false, "by-peer",            "") \
CLOSE_REASON(RESET,                 0, true,  "reset",              "") \
CLOSE_REASON(TIMEOUT,               0, true,  "timeout",            "")
/* clang-format on */

/*
 * CLOSE_BY_PEER: the peer closed first; the code on the wire is the peer's.
 * CLOSE_RESET: the peer reset the connection or vanished.
 * CLOSE_TIMEOUT: the deadline of the close handshake passed.
 */
enum close_reason {
#define CLOSE_REASON(name, code, is_error, log_name, text) CLOSE_##name,
	CLOSE_REASONS(CLOSE_REASON)
#undef CLOSE_REASON
	CLOSE_REASONS_COUNT
};

/* The status code to send, in host order; 0 when nothing is to be sent. */
uint16_t close_code(enum close_reason);

/* Whether a connection that ends so did not end in good order. */
bool close_is_error(enum close_reason);

/* The stable word for logs and counters, such as "bad-utf8". */
const char *close_name(enum close_reason);

/* The text to send, short enough for a control frame; "" for none. */
const char *close_text(enum close_reason);

/*
 * Whether a peer may send this code (RFC 6455 7.4 and the IANA registry):
 * 1000-1003, 1007-1014, 3000-4999. The rest, among them 1005, 1006 and 1015,
 * which only stand for something that was not sent, is a protocol error.
 */
bool close_code_is_valid_from_peer(uint16_t code);

#endif
