/*
 * conf_parts - what the parts of conf share: a configuration and where each
 * of its values came from.
 *
 * Runs in the parent.  conf.c reads the sources, draft.c collects what they
 * say, fitness.c judges the whole, printout.c writes it down.
 */
#ifndef PARENT_CONF_PARTS_H
#define PARENT_CONF_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/settings.h"
#include "base/settings_table.h"

#define CONF_ROWS	64	/* at least settings_table_rows */

enum origin {
	ORIGIN_DEFAULT,
	ORIGIN_LIMITS,		/* of a route: as in the limits of all */
	ORIGIN_FILE,
	ORIGIN_OPTION
};

/* Origins stand at the places of the rows in settings_table. */
struct conf {
	struct settings settings;
	uint8_t top[CONF_ROWS], limits[CONF_ROWS];
	uint8_t route[SETTINGS_ROUTES][CONF_ROWS];
	uint8_t route_limits[SETTINGS_ROUTES][CONF_ROWS];
	uint8_t listeners;	/* of the list as such */
	uint8_t listen[SETTINGS_LISTENERS][CONF_ROWS];
};

/* Fills a zeroed configuration with the built-in one. */
void draft_set_defaults(struct conf *);

/* Reads a text called `name` in errors and takes over what it says.  False:
 * "NAME:LINE: what is wrong" in `error`. */
bool draft_read(struct conf *, const char *name, const char *text,
    enum origin, char *error, size_t size)
    __attribute__((warn_unused_result));

/* A listener with default values; returns its index.  There is room. */
uint32_t draft_add_listener(struct conf *, const char *address);
/* What the supervisor opened takes the place of the built-in listener. */
void draft_add_sockets(struct conf *, int count);

/* Works out what follows from other settings, and judges what must fit
 * together.  False: a sentence in `error`. */
bool fitness_resolve(struct conf *, char *error, size_t size)
    __attribute__((warn_unused_result));
/* Whether a route of this kind may have the setting. */
bool fitness_route_has(const struct settings_route *,
    const struct settings_row *);

#endif
