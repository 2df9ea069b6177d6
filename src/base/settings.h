/*
 * settings - what the configuration says, as one value.
 *
 * The parent fills it (parent/conf.c) and writes it into a sealed memory
 * file; every child maps that file and reads from it.  It holds no pointer,
 * so it means the same in every process.  The table of settings, with names,
 * units, bounds and defaults, is settings_table.
 */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SETTINGS_LISTENERS	32
#define SETTINGS_ROUTES		32	/* at most LOG_ROUTES */
#define SETTINGS_WORKERS	256	/* at most LOG_RECEIPTS */
#define SETTINGS_ADDRESS	128	/* bytes with the NUL */
#define SETTINGS_PATH		1024
#define SETTINGS_ROUTE_PATH	64
#define SETTINGS_FORMAT		256
#define SETTINGS_USER		64
#define SETTINGS_REPLAY		1024	/* lines */

/* Sizes in bytes, times in milliseconds, rates per second; 0: no limit. */
struct settings_limits {
	uint64_t message_size;
	uint64_t fragments;
	uint64_t message_time_ms;
	uint64_t handshake_time_ms;
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
	/* the parent's; not settable in a route */
	uint64_t connections;
	uint64_t connections_per_address;
	bool loopback_exempt;
};

enum settings_kind { SETTINGS_CHAT, SETTINGS_ECHO };

struct settings_route {
	char path[SETTINGS_ROUTE_PATH];	/* "/chat", without a last slash */
	uint32_t kind;			/* enum settings_kind */
	uint32_t history;		/* lines kept */
	uint32_t replay;		/* lines sent to who joins */
	bool announce;			/* joins and leaves as text lines */
	uint64_t first_user;
	char greeting[SETTINGS_FORMAT];	/* %u: users in the room; "": none */
	char message[SETTINGS_FORMAT];	/* %n: name, %t: text */
	struct settings_limits limits;
};

struct settings {
	uint32_t workers;		/* as resolved, 1..SETTINGS_WORKERS */
	uint32_t log_level;		/* enum logger_level */
	uint64_t log_size;		/* a power of two */
	char site[SETTINGS_PATH];	/* folder of the page; "": none */
	char user[SETTINGS_USER];	/* who children run as, from root */
	char source[SETTINGS_PATH];	/* the file read; "": none */
	struct settings_limits limits;
	uint32_t listener_count;
	char listeners[SETTINGS_LISTENERS][SETTINGS_ADDRESS];
	uint32_t route_count;
	struct settings_route routes[SETTINGS_ROUTES];
};

enum settings_section {
	SECTION_TOP,
	SECTION_LIMITS,		/* limits { } at the top and in a route */
	SECTION_ROUTE
};

enum settings_type {
	TYPE_NUMBER,		/* uint64_t or uint32_t field, see size */
	TYPE_SIZE,		/* uint64_t bytes; "64K", "1M" */
	TYPE_SECONDS,		/* uint64_t ms; fractions allowed */
	TYPE_BOOL,
	TYPE_TEXT,		/* char[] field */
	TYPE_WORD		/* uint32_t: the place in `words` */
};

/* One row a setting: parsed, printed and checked from here. */
struct settings_row {
	enum settings_section section;
	const char *name;
	enum settings_type type;
	size_t offset;		/* in settings, _limits or _route */
	size_t size;		/* of the field */
	uint64_t min, max;	/* in the field's unit; TEXT: length */
	const char *initial;	/* the default, as a user would write it */
	const char *const *words; /* TYPE_WORD: NULL-terminated */
	bool in_route;		/* LIMITS: may stand in a route, too */
	const char *help;
};

extern const struct settings_row settings_table[];
extern const size_t settings_table_rows;

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

#endif
