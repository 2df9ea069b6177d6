/*
 * settings - the table of settings, sizes as people write them, and the way
 * from a path to its route and room.
 *
 * Runs in every process.  Reading the configuration file is the parent's
 * (parent/conf.c).
 */
#include "config.h"

#include "base/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memfile.h"

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
static const char *const kind_words[] = { "chat", "echo", NULL };
static const char *const identity_words[] = {
	"connection", "session", NULL
};
static const char *const drain_words[] = { "1001", "1012", NULL };
static const char *const client_words[] = { "required", "optional", NULL };
static const char *const forwarded_words[] = {
	"x-forwarded-for", "forwarded", NULL
};

/* clang-format off */
const struct settings_row settings_table[] = {
	TOP("workers", TYPE_NUMBER, workers, 0, SETTINGS_WORKERS, "0", NULL,
	    RELOAD, "worker processes; 0: one per CPU"),
	TOP("log-level", TYPE_WORD, log_level, 0, 3, "info", level_words,
	    RELOAD, "what is written to standard error"),
	TOP("log-size", TYPE_SIZE, log_size, MIB(1), GIB(4), "64M", NULL,
	    RESTART, "the log of events; rounded up to a power of two"),
	TOP("site", TYPE_TEXT, site, 0, SETTINGS_PATH - 1, PKGDATADIR "/web",
	    NULL, RELOAD, "folder of the page; empty: none"),
	TOP("user", TYPE_TEXT, user, 1, SETTINGS_USER - 1, "nobody", NULL,
	    RESTART, "who children run as when started as root"),
	TOP("drain-time", TYPE_SECONDS, drain_time_ms, 0, SECONDS(3600), "0",
	    NULL, RELOAD, "closings at the end are spread over; 0: all at once"),
	TOP("drain-code", TYPE_WORD, drain_code, 0, 1, "1001", drain_words,
	    RELOAD, "1001: others may be there; 1012: back at the drain's end"),
	TOP("return-time", TYPE_SECONDS, return_time_ms, 0, SECONDS(3600),
	    "0", NULL, RELOAD, "over which they come back; 0: 200 a second"),
	TOP("control", TYPE_TEXT, control, 0, SETTINGS_SOCKET - 1, "", NULL,
	    RESTART, "socket by which wschatctl comes; empty: none"),
	TOP("bans", TYPE_TEXT, bans, 0, SETTINGS_PATH - 1, "", NULL, RESTART,
	    "file that keeps who is banned; empty: until the end"),
	TOP("trusted-proxies", TYPE_LIST, trusted_proxies, 1, 64, "", NULL,
	    RELOAD,
	    "networks, and unix:, whose word about addresses is taken"),
	TOP("forwarded-by", TYPE_WORD, forwarded_by, 0, 1, "x-forwarded-for",
	    forwarded_words, RELOAD, "the field that trusted proxies write"),
	TOP("accept-then-close", TYPE_BOOL, accept_then_close, 0, 1, "no",
	    NULL, RELOAD, "refusals are a close code that a page can see"),

	LISTEN("tls-certificate", TYPE_LIST, tls_certificate, 1,
	    SETTINGS_LIST - 2, "", NULL, RELOAD,
	    "files, leaf first; several are chosen by name; none: no TLS"),
	LISTEN("tls-key", TYPE_LIST, tls_key, 1, SETTINGS_LIST - 2, "", NULL,
	    RELOAD, "files, one for each certificate"),
	LISTEN("tls-client-ca", TYPE_TEXT, tls_client_ca, 0, SETTINGS_PATH - 1,
	    "", NULL, RELOAD,
	    "file of who vouches for clients; empty: nobody is asked"),
	LISTEN("tls-client", TYPE_WORD, tls_client, 0, 1, "required",
	    client_words, RELOAD, "whether a client must have a certificate"),
	LISTEN("proxy-protocol", TYPE_BOOL, proxy_protocol, 0, 1, "no", NULL,
	    RELOAD, "connections begin with a PROXY header"),
	LISTEN("mode", TYPE_MODE, mode, 0, 0777, "0666", NULL, RESTART,
	    "of the socket's file"),
	LISTEN("owner", TYPE_TEXT, owner, 0, SETTINGS_USER - 1, "", NULL,
	    RESTART, "of the socket's file; empty: as started"),
	LISTEN("group", TYPE_TEXT, group, 0, SETTINGS_USER - 1, "", NULL,
	    RESTART, "of the socket's file; empty: as started"),

	LIMIT("message-size", TYPE_SIZE, message_size, 0, MIB(256), "64K",
	    true, RELOAD, "of one message; over it: close 1009"),
	LIMIT("fragments", TYPE_NUMBER, fragments, 0, MANY, "64", true, RELOAD,
	    "of one message; over it: close 1008"),
	LIMIT("message-time", TYPE_SECONDS, message_time_ms, 0, DAY, "30",
	    true, RELOAD, "from a message's first fragment to its last"),
	LIMIT("handshake-time", TYPE_SECONDS, handshake_time_ms, 0,
	    SECONDS(3600), "10", false, RELOAD,
	    "from accept to 101; over it: 408"),
	LIMIT("head-size", TYPE_SIZE, head_size, 512, MIB(1), "8K", false,
	    RELOAD, "of a request's head; over it: 431"),
	LIMIT("head-fields", TYPE_NUMBER, head_fields, 0, 10000, "64", false,
	    RELOAD, "of a request's head; over it: 431"),
	LIMIT("ping-interval", TYPE_SECONDS, ping_interval_ms, 0, DAY, "25",
	    true, RELOAD, "silence before a ping; 0: no pings"),
	LIMIT("ping-timeout", TYPE_SECONDS, ping_timeout_ms, 0, DAY, "20",
	    true, RELOAD, "for the pong; over it: close 1011"),
	LIMIT("control-burst", TYPE_NUMBER, control_burst, 0, MANY, "20", true,
	    RELOAD, "control frames at once; over it: close 1008"),
	LIMIT("control-rate", TYPE_NUMBER, control_rate, 0, MANY, "10", true,
	    RELOAD, "control frames per second after the burst"),
	LIMIT("close-time", TYPE_SECONDS, close_time_ms, 0, SECONDS(3600), "5",
	    true, RELOAD, "for the close handshake; over it: reset"),
	LIMIT("message-rate", TYPE_NUMBER, message_rate, 0, MANY, "20", true,
	    RELOAD, "messages per second; over it: input waits"),
	LIMIT("message-burst", TYPE_NUMBER, message_burst, 0, MANY, "100",
	    true, RELOAD, "messages at once before the rate counts"),
	LIMIT("backlog", TYPE_SIZE, backlog, 0, GIB(64), "1M", true, RELOAD,
	    "behind by that much: close 1013"),
	LIMIT("backlog-time", TYPE_SECONDS, backlog_time_ms, 0, DAY, "30",
	    true, RELOAD, "behind without progress: close 1013"),
	LIMIT("connections", TYPE_NUMBER, connections, 0, MANY, "0", false,
	    RELOAD, "in all; 0: as many as descriptors allow"),
	LIMIT("connections-per-address", TYPE_NUMBER, connections_per_address,
	    0, MANY, "1000", false, RELOAD,
	    "an IPv6 /64 is one address; over it: 503"),
	LIMIT("loopback-exempt", TYPE_BOOL, loopback_exempt, 0, 1, "yes",
	    false, RELOAD,
	    "connections of this machine are not counted by address"),
	LIMIT("rooms", TYPE_NUMBER, rooms, 0, MANY, "10000", false, RELOAD,
	    "of all routes"),
	LIMIT("rooms-per-address", TYPE_NUMBER, rooms_per_address, 0, MANY,
	    "100", false, RELOAD, "made from one address"),

	ROUTE("kind", TYPE_WORD, kind, 0, 1, "chat", kind_words, RESTART,
	    "chat: rooms; echo: everything comes back"),
	ROUTE("greeting", TYPE_TEXT, greeting, 0, SETTINGS_FORMAT - 1,
	    "You are connected! There are %u users here.", NULL, RELOAD,
	    "for who joins; %u: users in the room; empty: none"),
	ROUTE("message", TYPE_TEXT, message, 1, SETTINGS_FORMAT - 1,
	    "[%n]: %t", NULL, RELOAD, "a line; %n: name, %t: text"),
	ROUTE("echo", TYPE_TEXT, echo, 1, SETTINGS_FORMAT - 1, "%t", NULL,
	    RELOAD, "what comes back for a text on an echo route; %t: text"),
	ROUTE("first-user", TYPE_NUMBER, first_user, 0, MANY, "0", NULL,
	    RELOAD, "number of the first name"),
	ROUTE("announce", TYPE_BOOL, announce, 0, 1, "no", NULL, RELOAD,
	    "joins and leaves are lines, too"),
	ROUTE("history", TYPE_NUMBER, history, 0, 100000, "100", NULL, RELOAD,
	    "lines of a room that are kept"),
	ROUTE("history-age", TYPE_SECONDS, history_age_ms, 0, 366 * DAY, "0",
	    NULL, RELOAD, "older lines are forgotten; 0: never for their age"),
	ROUTE("replay", TYPE_NUMBER, replay, 0, SETTINGS_REPLAY, "0", NULL,
	    RELOAD, "lines sent to who joins"),
	ROUTE("identity", TYPE_WORD, identity, 0, 1, "connection",
	    identity_words, RESTART,
	    "who is one user: a connection, or a cookie"),
	ROUTE("grace", TYPE_SECONDS, grace_ms, 0, DAY, "60", NULL, RELOAD,
	    "a user with a token may come back; 0: leaves at once"),
	ROUTE("commands", TYPE_BOOL, commands, 0, 1, "yes", NULL, RELOAD,
	    "lines such as /who are commands"),
	ROUTE("list-rooms", TYPE_BOOL, list_rooms, 0, 1, "yes", NULL, RELOAD,
	    "whoever asks is told which rooms there are"),
	ROUTE("presence-above", TYPE_NUMBER, presence_above, 0, MANY, "500",
	    NULL, RELOAD,
	    "JSON: in a larger room joins and leaves are a count"),
	ROUTE("origins", TYPE_LIST, origins, 1, SETTINGS_LIST - 2, "", NULL,
	    RELOAD, "pages that may come; none: those of the same host"),
	ROUTE("allow-no-origin", TYPE_BOOL, allow_no_origin, 0, 1, "yes", NULL,
	    RELOAD, "clients that are no page may come"),
	ROUTE("deflate", TYPE_BOOL, deflate, 0, 1, "no", NULL, RELOAD,
	    "messages are compressed for who asks"),
	ROUTE("deflate-min-size", TYPE_SIZE, deflate_min_size, 0, MIB(256),
	    "256", NULL, RELOAD, "smaller messages are not compressed"),
	ROUTE("deflate-context-takeover", TYPE_BOOL, deflate_context_takeover,
	    0, 1, "no", NULL, RELOAD, "clients may compress across messages"),
};
/* clang-format on */

const size_t settings_table_rows =
    sizeof(settings_table) / sizeof(settings_table[0]);

static const struct {
	char letter;
	unsigned shift;
} units[] = { { 'G', 30 }, { 'M', 20 }, { 'K', 10 } };

const struct settings *
settings_map(int fd)
{
	const struct settings *settings;
	size_t len;

	settings = memfile_map(fd, &len);
	if (settings == NULL || len == sizeof(*settings))
		return settings;
	memfile_unmap(settings, len);
	errno = EPROTO;
	return NULL;
}

void
settings_unmap(const struct settings *settings)
{
	memfile_unmap(settings, sizeof(*settings));
}

bool
settings_parse_size(const char *text, uint64_t *bytes_out)
{
	const uint64_t max = UINT64_C(1) << 63;
	uint64_t value = 0;
	unsigned shift = 0;
	size_t i;

	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (value > (max - (uint64_t)(*text - '0')) / 10)
			return false;
		value = value * 10 + (uint64_t)(*text - '0');
	}
	if (*text != '\0') {
		for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if ((*text & ~0x20) == units[i].letter)
				shift = units[i].shift;
		if (shift == 0 || text[1] != '\0' || value > max >> shift)
			return false;
	}
	*bytes_out = value << shift;
	return true;
}

const char *
settings_format_size(uint64_t bytes, char *out, size_t size)
{
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		unsigned shift = units[i].shift;

		if (bytes != 0 && bytes >> shift << shift == bytes) {
			snprintf(out, size, "%" PRIu64 "%c", bytes >> shift,
			    units[i].letter);
			return out;
		}
	}
	snprintf(out, size, "%" PRIu64, bytes);
	return out;
}

bool
settings_room_is_valid(const char *name, size_t len)
{
	bool dots_only = true;
	size_t i;

	if (len < 1 || len > 64)
		return false;
	for (i = 0; i < len; i++) {
		char c = name[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '_' ||
		    c == '.'))
			return false;
		if (c != '.')
			dots_only = false;
	}
	return !dots_only;
}

const char *
settings_list_next(const char *text)
{
	return text + strlen(text) + 1;
}

uint32_t
settings_list_count(const char *list)
{
	uint32_t n = 0;

	for (; *list != '\0'; list = settings_list_next(list))
		n++;
	return n;
}

/* A route that has exactly this path wins over a room of a shorter one. */
const struct settings_route *
settings_find_route(const struct settings *settings, const char *path,
    size_t len, const char **room_out, size_t *room_len_out)
{
	const struct settings_route *found = NULL;
	size_t found_len = 0;
	uint32_t i;

	*room_out = path + len;
	*room_len_out = 0;
	for (i = 0; i < settings->route_count; i++) {
		const struct settings_route *route = &settings->routes[i];
		size_t route_len = strlen(route->path);

		if (len < route_len || memcmp(path, route->path, route_len))
			continue;
		if (len == route_len)
			found = route;
		else if (path[route_len] == '/' && route_len > found_len &&
		    route->kind == SETTINGS_CHAT &&
		    settings_room_is_valid(path + route_len + 1,
		    len - route_len - 1))
			found = route;
		else
			continue;
		found_len = route_len;
		if (found_len == len)
			break;
	}
	if (found != NULL && found_len < len) {
		*room_out = path + found_len + 1;
		*room_len_out = len - found_len - 1;
	}
	return found;
}
