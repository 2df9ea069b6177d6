/*
 * conf_parts - what the parts of conf share: a configuration and where each
 * of its values came from.
 *
 * Runs in the parent.  conf.c goes through the sources, include.c reads
 * files, draft.c collects what they say, fitness.c judges the whole,
 * printout.c writes it down.
 */
#ifndef PARENT_CONF_PARTS_H
#define PARENT_CONF_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/settings.h"
#include "base/settings_table.h"

#define CONF_ROWS	96	/* at least settings_table_rows */
#define CONF_FILES	256	/* read at most, with those included */

enum origin_kind {
	ORIGIN_DEFAULT,
	ORIGIN_LIMITS,		/* of a route: as in the limits of all */
	ORIGIN_SUPERVISOR,	/* sockets that it passed */
	ORIGIN_FILE,
	ORIGIN_ENVIRONMENT,
	ORIGIN_OPTION
};

struct grammar_includes;

struct origin {
	enum origin_kind kind;
	const char *name;	/* "/etc/wschatd.conf", "-o 1"; NULL: none */
	unsigned line;		/* in it; 0: not known */
};

/* A file that others could change. */
struct conf_loose {
	const char *name;
	const char *why;
};

/* Origins stand at the places of the rows in settings_table. */
struct conf {
	struct settings settings;
	struct origin top[CONF_ROWS], limits[CONF_ROWS];
	struct origin route[SETTINGS_ROUTES][CONF_ROWS];
	struct origin route_limits[SETTINGS_ROUTES][CONF_ROWS];
	struct origin listen[SETTINGS_LISTENERS][CONF_ROWS];
	struct origin listeners[SETTINGS_LISTENERS];	/* their addresses */
	enum origin_kind listeners_kind;	/* of the list as such */
	enum origin_kind routes_kind;
	unsigned file_count;	/* read so far */
	struct conf_loose loose[CONF_FILES];
	unsigned loose_count;
	char **names;		/* of origins; end with the configuration */
	size_t name_count;
};

/* A copy that lives as long as the configuration; NULL: no memory. */
const char *conf_keep_name(struct conf *, const char *name)
    __attribute__((warn_unused_result));

/* Fills a zeroed configuration with the built-in one. */
void draft_set_defaults(struct conf *);

/* Reads a text from `origin`, whose name errors begin with, and takes over what
 * it says; what it includes is the caller's to read (grammar.h).  The routes
 * and listeners of the first file replace those built in, later files add to
 * them.  False: "NAME:LINE: what is wrong" in `error`. */
bool draft_read(struct conf *, const struct origin *, const char *text,
    struct grammar_includes *, char *error, size_t size)
    __attribute__((warn_unused_result));

/* Reads a configuration file, which may be a stream as conf_sources says, and
 * those that it includes.  False: an error, as above. */
bool include_read(struct conf *, const char *path, bool may_be_stream,
    char *error, size_t size) __attribute__((warn_unused_result));

/* Takes over what the environment says.  False: "WSCHATD_NAME: what is
 * wrong". */
bool environment_read(struct conf *, char *const *environment, char *error,
    size_t size) __attribute__((warn_unused_result));

/* A listener with default values; returns its index.  There is room. */
uint32_t draft_add_listener(struct conf *, const char *address,
    const struct origin *);
/* What the supervisor opened takes the place of the built-in listener. */
void draft_add_sockets(struct conf *, int count);

/* Works out what follows from other settings, and judges what must fit
 * together.  False: a sentence in `error`. */
bool fitness_resolve(struct conf *, char *error, size_t size)
    __attribute__((warn_unused_result));
/* "FILE:LINE", "FILE" or a word such as "default"; in `out`, or a text that
 * lives for ever. */
const char *origin_text(const struct origin *, char *out, size_t size);

/* Whether a route of this kind may have the setting. */
bool fitness_route_has(const struct settings_route *,
    const struct settings_row *);

#endif
