/*
 * settings - what the configuration says, as one value.
 *
 * The parent fills it (parent/conf.c) and writes it into a sealed memory
 * file; every child maps that file and reads from it, until a reload brings it
 * another (IPC_SETTINGS).  It holds no pointer,
 * so it means the same in every process.  Names, units, bounds and defaults
 * are settings_table.h's.
 */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/netaddr.h"

#define SETTINGS_LISTENERS	32
#define SETTINGS_ROUTES		32	/* at most LOG_ROUTES */
#define SETTINGS_WORKERS	256	/* of the pool */
#define SETTINGS_PLACES		1024	/* for all; at most LOG_RECEIPTS */
#define SETTINGS_ADDRESS	128	/* bytes with the NUL */
#define SETTINGS_PATH		1024
#define SETTINGS_ROUTE_PATH	64
#define SETTINGS_FORMAT		256
#define SETTINGS_USER		64
#define SETTINGS_REPLAY		1024	/* lines */
#define SETTINGS_PROXIES	64
#define SETTINGS_SOCKET		108	/* what a Unix address takes */

/* Bytes of a list: texts, each with its NUL; an empty one ends it. */
#define SETTINGS_LIST		1024

/* Sizes in bytes, times in milliseconds, rates per second; 0: no limit. */
struct settings_limits {
	uint64_t message_size;
	uint64_t fragments;
	uint64_t message_time_ms;
	uint64_t handshake_time_ms;
	uint64_t handshakes;		/* in a worker; 0: half its slots */
	uint64_t head_size;
	uint64_t head_fields;
	uint64_t ping_interval_ms;
	uint64_t ping_timeout_ms;
	uint64_t control_burst;
	uint64_t control_rate;
	uint64_t close_time_ms;
	uint64_t message_rate;
	uint64_t message_burst;
	uint64_t backlog;
	uint64_t backlog_time_ms;
	bool backlog_skip;		/* over it messages are passed over */
	/* the parent's; not settable in a route */
	uint64_t connections;
	uint64_t connections_per_address;
	bool loopback_exempt;
	uint64_t penalty_handshake_ms;	/* of an address, for one that failed */
	uint64_t penalty_crash_ms;	/* for all connections of a worker */
	uint64_t penalty_max_ms;	/* 0: none */
	uint64_t memory;		/* of all workers; 0: as there is */
	/* the broker's; likewise */
	uint64_t message_rate_per_address;
	uint64_t message_burst_per_address;
	uint64_t rooms;
	uint64_t rooms_per_address;
};

enum settings_client { SETTINGS_CLIENT_REQUIRED, SETTINGS_CLIENT_OPTIONAL };

/* Whom a listener is for: clients, or who asks for /metrics. */
enum settings_service { SETTINGS_CLIENTS, SETTINGS_METRICS };

struct settings_listener {
	/* "127.0.0.1:8080", "[::1]:8080", "unix:/run/x.sock", "fd:3" */
	char address[SETTINGS_ADDRESS];
	char tls_certificate[SETTINGS_LIST];	/* files; none: no TLS */
	char tls_key[SETTINGS_LIST];	/* files, one for each certificate */
	char tls_client_ca[SETTINGS_PATH]; /* file; "": nobody is asked */
	uint32_t tls_client;		/* enum settings_client */
	uint32_t serves;		/* enum settings_service */
	bool proxy_protocol;
	/* of a unix socket's file */
	uint32_t mode;			/* 0..0777 */
	char owner[SETTINGS_USER];	/* "": unchanged */
	char group[SETTINGS_USER];
};

/* Who serves connections: a pool of workers, or a worker for each. */
enum settings_spawn { SETTINGS_POOL, SETTINGS_EACH };

enum settings_kind { SETTINGS_CHAT, SETTINGS_ECHO };

/* Who is one user: a connection, or all that have the SESSION cookie. */
enum settings_identity { SETTINGS_CONNECTION, SETTINGS_SESSION };

/* In which field trusted proxies write whom they speak for. */
enum settings_forwarded { SETTINGS_X_FORWARDED_FOR, SETTINGS_FORWARDED };

/* With which code clients are closed at the end: 1001, 1012. */
enum settings_drain { SETTINGS_GOING_AWAY, SETTINGS_RESTART };

struct settings_route {
	char path[SETTINGS_ROUTE_PATH];	/* "/chat", without a last slash */
	uint32_t kind;			/* enum settings_kind */
	uint32_t history;		/* lines kept */
	uint64_t history_age_ms;	/* older ones are not; 0: no limit */
	uint32_t replay;		/* lines sent to who joins */
	uint32_t identity;		/* enum settings_identity */
	uint64_t grace_ms;		/* for who lost his connection */
	bool announce;			/* joins and leaves as text lines */
	bool commands;			/* "/who" asks; else it is said */
	bool list_rooms;		/* /rooms names them */
	uint64_t presence_above;	/* members: JSON is told a count */
	uint64_t first_user;
	char greeting[SETTINGS_FORMAT];	/* %u: users in the room; "": none */
	char message[SETTINGS_FORMAT];	/* %n: name, %t: text */
	char echo[SETTINGS_FORMAT];	/* ECHO: of a text; %t: it */
	/* Who may come by a page: "*", "null", "https://example.org"; none:
	 * pages of the same host. */
	char origins[SETTINGS_LIST];
	bool allow_no_origin;		/* requests without Origin */
	bool deflate;
	uint64_t deflate_min_size;	/* bytes; smaller ones go as they are */
	bool deflate_context_takeover;	/* of clients */
	struct settings_limits limits;
};

struct settings {
	uint32_t workers;		/* as resolved, 1..SETTINGS_WORKERS */
	uint32_t spawn;			/* enum settings_spawn */
	uint32_t log_level;		/* enum logger_level */
	uint32_t log_format;		/* enum logger_format */
	uint64_t log_size;		/* a power of two */
	char site[SETTINGS_PATH];	/* folder of the page; "": none */
	char user[SETTINGS_USER];	/* who children run as, from root */
	uint64_t drain_time_ms;		/* closings at the end, spread over */
	uint32_t drain_code;		/* enum settings_drain */
	uint64_t return_time_ms;	/* clients come back spread over; 0: by
					 * their number */
	char control[SETTINGS_SOCKET];	/* wschatctl's socket; "": none */
	char attach[SETTINGS_SOCKET];	/* of wschatd --inetd; "": none */
	char bans[SETTINGS_PATH];	/* file; "": forgotten at the end */
	char source[SETTINGS_PATH];	/* the file read; "": none */
	struct settings_limits limits;
	uint64_t memory_share;		/* bytes that each worker may hold for
					 * clients; follows from the others */
	uint32_t listener_count;
	/* The last is of those who come by a super-server and by none. */
	struct settings_listener listeners[SETTINGS_LISTENERS + 1];
	char trusted_proxies[SETTINGS_LIST];	/* as written */
	uint32_t trusted_proxy_count;
	struct netaddr_cidr trusted[SETTINGS_PROXIES];
	uint32_t forwarded_by;		/* enum settings_forwarded */
	bool accept_then_close;		/* refusals that a page can see */
	uint32_t route_count;
	struct settings_route routes[SETTINGS_ROUTES];
};

/* A child's: maps the memory file that the parent has written.  NULL with
 * errno; the descriptor stays the caller's. */
const struct settings *settings_map(int fd) __attribute__((warn_unused_result));
void settings_unmap(const struct settings *);

/* How many workers there are before anybody comes: those of the pool have the
 * places from 0 on. */
static inline uint32_t
settings_pool(const struct settings *settings)
{
	return settings->spawn == SETTINGS_POOL ? settings->workers : 0;
}

/* Whether there is a listener at this place.  One that was closed leaves it
 * empty, so that the others keep their indexes; of what it was all but the
 * address stays, for those who came by it. */
static inline bool
settings_has_listener(const struct settings *settings, uint32_t index)
{
	return index < settings->listener_count &&
	    settings->listeners[index].address[0] != '\0';
}

/* Reads a size such as "64K", "1M", "2G" or plain bytes.  False: malformed
 * or above 2^63. */
bool settings_parse_size(const char *, uint64_t *bytes_out)
    __attribute__((warn_unused_result));
/* Writes a size as a user would ("64K"); returns `out`. */
const char *settings_format_size(uint64_t bytes, char *out, size_t size);

/* The route a path belongs to, and the room in it (empty: the default room);
 * NULL when no route has the path.  The room's name is checked: 1 to 64 of
 * letters, digits, '-', '_', '.', not dots only.  Pointers are lent. */
const struct settings_route *settings_find_route(const struct settings *,
    const char *path, size_t len, const char **room_out, size_t *room_len_out);

/* Whether a room may be called so. */
bool settings_room_is_valid(const char *name, size_t len);

/* The text behind `text` in a list, to begin with the list itself; lent.
 * for (at = list; *at != '\0'; at = settings_list_next(at)) */
const char *settings_list_next(const char *text);

static inline bool
settings_speaks_tls(const struct settings_listener *listener)
{
	return listener->tls_certificate[0] != '\0';
}

#endif
