/*
 * refusals: every way a request is refused, written once.
 *
 * One row is the enum, the HTTP status, the close code that says the same to
 * a page (accept-then-close), the word in the log and in counters, and the
 * text that the peer reads. The worker uses it; it owns nothing. How an open
 * WebSocket ends is close_codes.h.
 */
#ifndef WS_REFUSALS_H
#define WS_REFUSALS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * REFUSAL(name, status, close code, word for the log, text to the peer).
 * Status 0: nothing is answered, the connection just ends in good order.
 * Close code 0: never one, as what is refused is no good handshake. Else 4000
 * and the status's last two digits where coming back may help, 4500 and those
 * where it does not.
 */
/* clang-format off */
#define REFUSALS(REFUSAL) \
/* the request line */ \
REFUSAL(REQUEST_LINE,         400, 0,    "request-line",         "malformed request line") \
REFUSAL(METHOD,               405, 0,    "method",               "method not allowed") \
REFUSAL(UNKNOWN_METHOD,       501, 0,    "unknown-method",       "method not implemented") \
REFUSAL(NO_PATH,              400, 0,    "no-path",              "target is not a path") \
REFUSAL(FRAGMENT,             400, 0,    "target-fragment",      "target with a fragment") \
REFUSAL(BAD_TARGET,           400, 0,    "bad-target",           "bad character in target") \
REFUSAL(TARGET_TOO_LONG,      414, 0,    "target-too-long",      "target too long") \
REFUSAL(HTTP_VERSION,         505, 0,    "http-version",         "HTTP version not supported") \
/* lines and fields */ \
REFUSAL(BARE_CR,              400, 0,    "bare-cr",              "CR without LF") \
REFUSAL(BARE_LF,              400, 0,    "bare-lf",              "LF without CR") \
REFUSAL(FOLDED_FIELD,         400, 0,    "folded-field",         "folded field line") \
REFUSAL(FIELD_NAME,           400, 0,    "field-name",           "malformed field name") \
REFUSAL(CONTROL_CHARACTER,    400, 0,    "control-character",    "control character in a field") \
REFUSAL(TOO_MANY_FIELDS,      431, 0,    "too-many-fields",      "too many fields") \
REFUSAL(HEAD_TOO_LARGE,       431, 0,    "head-too-large",       "head too large") \
REFUSAL(NO_HOST,              400, 0,    "no-host",              "no Host") \
REFUSAL(TWO_HOSTS,            400, 0,    "two-hosts",            "more than one Host") \
REFUSAL(BAD_HOST,             400, 0,    "bad-host",             "malformed Host") \
REFUSAL(TWO_ORIGINS,          400, 0,    "two-origins",          "more than one Origin") \
REFUSAL(BAD_LENGTH,           400, 0,    "bad-length",           "malformed Content-Length") \
REFUSAL(BODY,                 413, 0,    "body",                 "a body is not accepted") \
/* the handshake */ \
REFUSAL(OLD_HTTP,             400, 0,    "old-http",             "an upgrade needs HTTP/1.1") \
REFUSAL(TWO_VERSIONS,         400, 0,    "two-versions",         "more than one Sec-WebSocket-Version") \
REFUSAL(BAD_VERSION,          426, 0,    "bad-version",          "WebSocket version 13 is needed") \
REFUSAL(TWO_KEYS,             400, 0,    "two-keys",             "more than one Sec-WebSocket-Key") \
REFUSAL(BAD_KEY,              400, 0,    "bad-key",              "bad Sec-WebSocket-Key") \
REFUSAL(BAD_PROTOCOL,         400, 0,    "bad-protocol",         "bad Sec-WebSocket-Protocol") \
REFUSAL(BAD_EXTENSIONS,       400, 0,    "bad-extensions",       "bad Sec-WebSocket-Extensions") \
/* good requests that are not granted */ \
REFUSAL(UNKNOWN_ROUTE,        404, 4504, "unknown-route",        "no such room or route") \
REFUSAL(ORIGIN,               403, 4503, "origin",               "pages of this origin may not connect") \
REFUSAL(TOO_MANY_CONNECTIONS, 503, 4003, "too-many-connections", "too many connections") \
REFUSAL(STOPPING,             503, 4003, "stopping",             "the server stops") \
REFUSAL(NOT_READY,            503, 0,    "not-ready",            "not ready") \
REFUSAL(NO_UPGRADE,           426, 0,    "no-upgrade",           "a WebSocket is spoken here") \
REFUSAL(UNKNOWN_PATH,         404, 0,    "unknown-path",         "nothing here") \
/* what is no request */ \
REFUSAL(HANDSHAKE_TIMEOUT,    408, 0,    "handshake-timeout",    "the request took too long") \
REFUSAL(TOO_MANY_HANDSHAKES,    0, 0,    "too-many-handshakes",  "") \
REFUSAL(PLAIN_ON_TLS_PORT,    400, 0,    "plain-on-tls-port",    "this port speaks TLS") \
REFUSAL(NOT_TLS,                0, 0,    "not-tls",              "") \
REFUSAL(TLS_HANDSHAKE,          0, 0,    "tls-handshake",        "") \
REFUSAL(TLS_ON_PLAIN_PORT,      0, 0,    "tls-on-plain-port",    "") \
REFUSAL(PROXY_HEADER,           0, 0,    "proxy-header",         "")
/* clang-format on */

enum refusal {
	REFUSAL_NONE,      /* not refused; has no row */
#define REFUSAL(name, status, close_code, word, text) REFUSAL_##name,
	REFUSALS(REFUSAL)
#undef REFUSAL
	REFUSALS_COUNT
};

/* The status of the answer; 0 when there is none. */
uint16_t refusal_status(enum refusal);

/*
 * The code with which a WebSocket is closed that was accepted only to say why
 * it is refused; 0 when the answer has to be HTTP.
 */
uint16_t refusal_close_code(enum refusal);

/* Whether it tells of somebody who does not speak as clients do, and not of
 * what the server has or grants. */
bool refusal_is_failure(enum refusal);

/* The stable word for logs and counters, such as "bad-key". */
const char *refusal_word(enum refusal);

/* The text to send, short enough for a control frame; "" for none. */
const char *refusal_text(enum refusal);

#endif
