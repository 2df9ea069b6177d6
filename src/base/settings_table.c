/*
 * settings_table - see settings_table.h.
 *
 * What a limit counts or measures is its unit: numbers are plain, sizes are
 * in bytes, times in milliseconds; defaults stand as a user would write them.
 */
#include "config.h"

#include "base/settings_table.h"

#include "base/settings.h"

#define FIELD_SIZE(type, field)	sizeof(((struct type *)0)->field)

#define TOP(name, type, field, min, max, initial, words, change, help)	\
	{ SECTION_TOP, name, type, offsetof(struct settings, field),	\
	  FIELD_SIZE(settings, field), min, max, initial, words, false, \
	  change, help }
#define LIMIT(name, type, field, min, max, initial, in_route, change, help) \
	{ SECTION_LIMITS, name, type,					\
	  offsetof(struct settings_limits, field),			\
	  FIELD_SIZE(settings_limits, field), min, max, initial, NULL,	\
	  in_route, change, help }
#define ROUTE(name, type, field, min, max, initial, words, change, help) \
	{ SECTION_ROUTE, name, type,					\
	  offsetof(struct settings_route, field),			\
	  FIELD_SIZE(settings_route, field), min, max, initial, words,	\
	  false, change, help }
#define LISTEN(name, type, field, min, max, initial, words, change, help) \
	{ SECTION_LISTEN, name, type,					\
	  offsetof(struct settings_listener, field),			\
	  FIELD_SIZE(settings_listener, field), min, max, initial, words, \
	  false, change, help }

/* What a change in the file does: counts from the next reload on, or has to
 * wait for a new start. */
#define RELOAD		true
#define RESTART		false

#define KIB(n)		(UINT64_C(n) << 10)
#define MIB(n)		(UINT64_C(n) << 20)
#define GIB(n)		(UINT64_C(n) << 30)
#define SECONDS(n)	(UINT64_C(n) * 1000)
#define DAY		SECONDS(86400)
#define MANY		UINT64_C(1000000000)

/* In the order of their enums. */
static const char *const level_words[] = {
	"error", "warning", "info", "debug", NULL
};
static const char *const format_words[] = { "logfmt", "json", NULL };
static const char *const spawn_words[] = { "pool", "connection", NULL };
static const char *const kind_words[] = { "chat", "echo", NULL };
static const char *const identity_words[] = {
	"connection", "session", NULL
};
static const char *const drain_words[] = { "1001", "1012", NULL };
static const char *const client_words[] = { "required", "optional", NULL };
static const char *const serves_words[] = { "clients", "metrics", NULL };
static const char *const forwarded_words[] = {
	"x-forwarded-for", "forwarded", NULL
};

/* clang-format off */
const struct settings_row settings_table[] = {
	TOP("workers", TYPE_NUMBER, workers, 0, SETTINGS_WORKERS, "0", NULL,
	    RELOAD,
	    "Processes that serve connections; 0 takes one for each CPU. A"
	    " reload starts more, fewer need a restart."),
	TOP("spawn", TYPE_WORD, spawn, 0, 1, "pool", spawn_words, RESTART,
	    "Who serves connections: the pool of workers, or a worker for each"
	    " connection that is started for it and ends with it."),
	TOP("log-level", TYPE_WORD, log_level, 0, 3, "info", level_words,
	    RELOAD,
	    "What is written to standard error; with debug every connection"
	    " is."),
	TOP("log-format", TYPE_WORD, log_format, 0, 1, "logfmt", format_words,
	    RELOAD,
	    "How a line of it is written: key=value, or a JSON object."),
	TOP("log-size", TYPE_SIZE, log_size, MIB(1), GIB(4), "64M", NULL,
	    RESTART,
	    "The memory for what was said last, in all rooms together;"
	    " rounded up to a power of two."),
	TOP("site", TYPE_TEXT, site, 0, SETTINGS_PATH - 1, PKGDATADIR "/web",
	    NULL, RELOAD,
	    "The folder whose files are served as the page; empty serves"
	    " none."),
	TOP("user", TYPE_TEXT, user, 1, SETTINGS_USER - 1, "nobody", NULL,
	    RESTART,
	    "Who broker and workers run as when started as root; not root."),
	TOP("drain-time", TYPE_SECONDS, drain_time_ms, 0, SECONDS(3600), "0",
	    NULL, RELOAD,
	    "Over which the server closes its clients at the end; 0 closes"
	    " all at once."),
	TOP("drain-code", TYPE_WORD, drain_code, 0, 1, "1001", drain_words,
	    RELOAD,
	    "The close code they get: 1001, another server may take you, or"
	    " 1012, back when the drain time is over."),
	TOP("return-time", TYPE_SECONDS, return_time_ms, 0, SECONDS(3600), "0",
	    NULL, RELOAD,
	    "Over which clients are told to come back after the end; 0 lets"
	    " 200 come back in a second."),
	TOP("control", TYPE_TEXT, control, 0, SETTINGS_SOCKET - 1, "", NULL,
	    RESTART,
	    "The path of the socket by which wschatctl comes; empty has none."),
	TOP("attach", TYPE_TEXT, attach, 0, SETTINGS_SOCKET - 1, "", NULL,
	    RESTART,
	    "The path of the socket by which wschatd --inetd comes, for root"
	    " and the user who starts the server; empty has none."),
	TOP("bans", TYPE_TEXT, bans, 0, SETTINGS_PATH - 1, "", NULL, RESTART,
	    "The file that keeps the addresses that are banned or muted over a"
	    " restart; empty forgets them at the end."),
	TOP("trusted-proxies", TYPE_LIST, trusted_proxies, 1, 64, "", NULL,
	    RELOAD,
	    "Networks, addresses and unix: whose word is taken on which"
	    " address a connection is for."),
	TOP("forwarded-by", TYPE_WORD, forwarded_by, 0, 1, "x-forwarded-for",
	    forwarded_words, RELOAD,
	    "The header field in which trusted proxies say it; the other one"
	    " is ignored."),
	TOP("accept-then-close", TYPE_BOOL, accept_then_close, 0, 1, "no", NULL,
	    RELOAD,
	    "Whether refused handshakes are accepted and closed at once, with"
	    " a code and a reason that a page can read."),

	LISTEN("tls-certificate", TYPE_LIST, tls_certificate, 1, SETTINGS_LIST -
	    2, "", NULL, RELOAD,
	    "Files in PEM form, each with a certificate and those that lead"
	    " to a root; several are chosen by name. Without any there is no"
	    " TLS."),
	LISTEN("tls-key", TYPE_LIST, tls_key, 1, SETTINGS_LIST - 2, "", NULL,
	    RELOAD,
	    "Files in PEM form with the private keys, one for each"
	    " certificate, in the same order."),
	LISTEN("tls-client-ca", TYPE_TEXT, tls_client_ca, 0, SETTINGS_PATH - 1,
	    "", NULL, RELOAD,
	    "The file of who vouches for clients' certificates; empty asks"
	    " nobody for one."),
	LISTEN("tls-client", TYPE_WORD, tls_client, 0, 1, "required",
	    client_words, RELOAD,
	    "Whether a client without a certificate is sent away; only with"
	    " tls-client-ca."),
	LISTEN("serves", TYPE_WORD, serves, 0, 1, "clients", serves_words,
	    RELOAD,
	    "Whom it is for: clients, or whoever asks for /metrics and is on"
	    " this machine."),
	LISTEN("proxy-protocol", TYPE_BOOL, proxy_protocol, 0, 1, "no", NULL,
	    RELOAD,
	    "Whether every connection begins with a PROXY header, version 1"
	    " or 2."),
	LISTEN("mode", TYPE_MODE, mode, 0, 0777, "0666", NULL, RESTART,
	    "Permissions of a unix: socket's file, in octal; writing is"
	    " connecting."),
	LISTEN("owner", TYPE_TEXT, owner, 0, SETTINGS_USER - 1, "", NULL,
	    RESTART,
	    "Who owns a unix: socket's file, by name or number; empty leaves"
	    " it as started."),
	LISTEN("group", TYPE_TEXT, group, 0, SETTINGS_USER - 1, "", NULL,
	    RESTART,
	    "The group of a unix: socket's file, by name or number; empty"
	    " leaves it as started."),

	LIMIT("message-size", TYPE_SIZE, message_size, 0, MIB(256), "64K", true,
	    RELOAD,
	    "Of one message, over all its fragments; over it the client is"
	    " closed with 1009. On a chat route at most a sixteenth of"
	    " log-size, which is what 0 means there."),
	LIMIT("fragments", TYPE_NUMBER, fragments, 0, MANY, "64", true, RELOAD,
	    "Of one message; over it the client is closed with 1008."),
	LIMIT("message-time", TYPE_SECONDS, message_time_ms, 0, DAY, "30", true,
	    RELOAD,
	    "From a message's first byte to its last; over it the client is"
	    " closed with 1008."),
	LIMIT("handshake-time", TYPE_SECONDS, handshake_time_ms, 0,
	    SECONDS(3600), "10", false, RELOAD,
	    "From accept to the end of the handshake; over it the request is"
	    " answered 408."),
	LIMIT("handshakes", TYPE_NUMBER, handshakes, 0, MANY, "0", false,
	    RELOAD,
	    "Under way at once in a worker; over it one of them, chosen by"
	    " chance, is dropped. 0: half as many as it may have"
	    " connections."),
	LIMIT("head-size", TYPE_SIZE, head_size, 512, MIB(1), "8K", false,
	    RELOAD,
	    "Of a request's head; over it the request is answered 431."),
	LIMIT("head-fields", TYPE_NUMBER, head_fields, 0, 10000, "64", false,
	    RELOAD,
	    "Header fields of a request; over it the request is answered 431."),
	LIMIT("ping-interval", TYPE_SECONDS, ping_interval_ms, 0, DAY, "25",
	    true, RELOAD,
	    "Silence after which a client is pinged; 0 pings nobody."),
	LIMIT("ping-timeout", TYPE_SECONDS, ping_timeout_ms, 0, DAY, "20", true,
	    RELOAD,
	    "For the answer to a ping; over it the client is closed with"
	    " 1011."),
	LIMIT("control-burst", TYPE_NUMBER, control_burst, 0, MANY, "20", true,
	    RELOAD,
	    "Pings and pongs that a client may send at once; over it the"
	    " client is closed with 1008."),
	LIMIT("control-rate", TYPE_NUMBER, control_rate, 0, MANY, "10", true,
	    RELOAD,
	    "Pings and pongs per second of a client after the burst."),
	LIMIT("close-time", TYPE_SECONDS, close_time_ms, 0, SECONDS(3600), "5",
	    true, RELOAD,
	    "For the answer to a close frame; over it the connection is"
	    " reset."),
	LIMIT("message-rate", TYPE_NUMBER, message_rate, 0, MANY, "20", true,
	    RELOAD,
	    "Messages per second of a client; who is faster is slowed down,"
	    " and nothing is dropped."),
	LIMIT("message-burst", TYPE_NUMBER, message_burst, 0, MANY, "100", true,
	    RELOAD,
	    "Messages of a client that may come at once before the rate"
	    " counts."),
	LIMIT("message-rate-per-address", TYPE_NUMBER,
	    message_rate_per_address, 0, MANY, "200", false, RELOAD,
	    "Messages per second on chat routes of all clients of an address"
	    " together; over it these are slowed down, and nobody else."),
	LIMIT("message-burst-per-address", TYPE_NUMBER,
	    message_burst_per_address, 0, MANY, "1000", false, RELOAD,
	    "Their messages that may come at once before that rate counts."),
	LIMIT("backlog", TYPE_SIZE, backlog, 0, GIB(64), "1M", true, RELOAD,
	    "How far a client may fall behind what it is to be sent; over it"
	    " the client is closed with 1013."),
	LIMIT("backlog-time", TYPE_SECONDS, backlog_time_ms, 0, DAY, "30", true,
	    RELOAD,
	    "How long a client that is behind may take nothing; over it the"
	    " client is closed with 1013."),
	LIMIT("backlog-skip", TYPE_BOOL, backlog_skip, 0, 1, "no", true, RELOAD,
	    "Whether a client that falls further behind stays: messages that"
	    " it has not had are passed over, and it is told which are lost."),
	LIMIT("connections", TYPE_NUMBER, connections, 0, MANY, "0", false,
	    RELOAD,
	    "In all; over it a request is answered 503. 0 takes as many as"
	    " the limit on open files allows."),
	LIMIT("connections-per-address", TYPE_NUMBER, connections_per_address,
	    0, MANY, "1000", false, RELOAD,
	    "From one address, or one IPv6 network of 64 bits; over it a"
	    " request is answered 503."),
	LIMIT("loopback-exempt", TYPE_BOOL, loopback_exempt, 0, 1, "yes", false,
	    RELOAD,
	    "Whether connections from this machine, such as a proxy's, are"
	    " not counted by address."),
	LIMIT("penalty-handshake", TYPE_SECONDS, penalty_handshake_ms, 0, DAY,
	    "2", false, RELOAD,
	    "Added to the penalty of an address for a connection that was no"
	    " handshake; while it is above 20 the address is refused."),
	LIMIT("penalty-crash", TYPE_SECONDS, penalty_crash_ms, 0, DAY, "60",
	    false, RELOAD,
	    "Shared by the addresses of all connections of a worker that"
	    " crashed."),
	LIMIT("penalty-max", TYPE_SECONDS, penalty_max_ms, 0, DAY, "600", false,
	    RELOAD,
	    "The most an address has, which passes with time; 0 has none."),
	LIMIT("memory", TYPE_SIZE, memory, 0, GIB(65536), "0", false, RELOAD,
	    "What workers hold for clients, in all; when it is short: status"
	    " 503, then those are closed for whom most is held. 0: half of"
	    " what the machine, its control group or RLIMIT_AS leaves."),
	LIMIT("rooms", TYPE_NUMBER, rooms, 0, MANY, "10000", false, RELOAD,
	    "Of all routes; who would make one more is closed with 1013, or"
	    " stays where he is."),
	LIMIT("rooms-per-address", TYPE_NUMBER, rooms_per_address, 0, MANY,
	    "100", false, RELOAD,
	    "Made from one address, without the default rooms of routes."),

	ROUTE("kind", TYPE_WORD, kind, 0, 1, "chat", kind_words, RESTART,
	    "chat: what one says, all in the room hear. echo: every message"
	    " comes back to its sender."),
	ROUTE("greeting", TYPE_TEXT, greeting, 0, SETTINGS_FORMAT - 1,
	    "You are connected! There are %u users here.", NULL, RELOAD,
	    "The line for who joins, alone; %u is the number of users in the"
	    " room. Empty sends none."),
	ROUTE("message", TYPE_TEXT, message, 1, SETTINGS_FORMAT - 1, "[%n]: %t",
	    NULL, RELOAD,
	    "The line for what is said; %n is the user's name, %t the text."),
	ROUTE("echo", TYPE_TEXT, echo, 1, SETTINGS_FORMAT - 1, "%t", NULL,
	    RELOAD,
	    "What comes back for a text on an echo route; %t is the text."),
	ROUTE("first-user", TYPE_NUMBER, first_user, 0, MANY, "0", NULL, RELOAD,
	    "The number of the first name: user0, user1 and so on."),
	ROUTE("announce", TYPE_BOOL, announce, 0, 1, "no", NULL, RELOAD,
	    "Whether the room is told who joins and leaves."),
	ROUTE("history", TYPE_NUMBER, history, 0, 100000, "100", NULL, RELOAD,
	    "Lines of a room that are kept, as far as the log has space."),
	ROUTE("history-age", TYPE_SECONDS, history_age_ms, 0, 366 * DAY, "0",
	    NULL, RELOAD,
	    "Older lines are not kept, and a room that nobody is in goes with"
	    " its last line; 0 keeps them at any age."),
	ROUTE("replay", TYPE_NUMBER, replay, 0, SETTINGS_REPLAY, "0", NULL,
	    RELOAD,
	    "Lines that are sent to who joins, after the greeting; not more"
	    " than history."),
	ROUTE("identity", TYPE_WORD, identity, 0, 1, "connection",
	    identity_words, RESTART,
	    "Who is one user: every connection, or a browser by its cookie"
	    " (session), whose tabs are one user."),
	ROUTE("grace", TYPE_SECONDS, grace_ms, 0, DAY, "60", NULL, RELOAD,
	    "How long a user stays who has a token and lost the connection"
	    " without saying goodbye; 0 lets him leave at once."),
	ROUTE("commands", TYPE_BOOL, commands, 0, 1, "yes", NULL, RELOAD,
	    "Whether a text client's line such as /who is a command; else it"
	    " is said."),
	ROUTE("list-rooms", TYPE_BOOL, list_rooms, 0, 1, "yes", NULL, RELOAD,
	    "Whether /rooms names the rooms that have users."),
	ROUTE("presence-above", TYPE_NUMBER, presence_above, 0, MANY, "500",
	    NULL, RELOAD,
	    "In a room of more members, clients of the JSON protocol are told"
	    " how many there are instead of each join and leave."),
	ROUTE("origins", TYPE_LIST, origins, 1, SETTINGS_LIST - 2, "", NULL,
	    RELOAD,
	    "Pages whose scripts may connect, such as https://example.org; *"
	    " is all, null those without an origin. None: pages of the same"
	    " host."),
	ROUTE("allow-no-origin", TYPE_BOOL, allow_no_origin, 0, 1, "yes", NULL,
	    RELOAD,
	    "Whether a client that sends no Origin, thus no browser, may"
	    " connect."),
	ROUTE("deflate", TYPE_BOOL, deflate, 0, 1, "no", NULL, RELOAD,
	    "Whether messages are compressed for clients that ask for it."),
	ROUTE("deflate-min-size", TYPE_SIZE, deflate_min_size, 0, MIB(256),
	    "256", NULL, RELOAD,
	    "Smaller messages are sent as they are."),
	ROUTE("deflate-context-takeover", TYPE_BOOL, deflate_context_takeover,
	    0, 1, "no", NULL, RELOAD,
	    "Whether a client may compress a message with what it sent"
	    " before; costs up to 42K of memory for each that does."),
};
/* clang-format on */

const size_t settings_table_rows =
    sizeof(settings_table) / sizeof(settings_table[0]);
