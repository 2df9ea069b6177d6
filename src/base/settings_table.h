/*
 * settings_table - every setting: its name, type, unit, bounds, default,
 * whether a reload changes it, and what it is for.
 *
 * The parent reads the configuration by it; wschatd.conf(5) and the shipped
 * wschatd.conf are compared with it (tests/source-rules.sh).
 */
#ifndef BASE_SETTINGS_TABLE_H
#define BASE_SETTINGS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum settings_section {
	SECTION_TOP,
	SECTION_LIMITS,		/* limits { } at the top and in a route */
	SECTION_ROUTE,
	SECTION_LISTEN
};

enum settings_type {
	TYPE_NUMBER,		/* uint64_t or uint32_t field, see size */
	TYPE_SIZE,		/* uint64_t bytes; "64K", "1M" */
	TYPE_SECONDS,		/* uint64_t ms; fractions allowed */
	TYPE_BOOL,
	TYPE_TEXT,		/* char[] field */
	TYPE_WORD,		/* uint32_t: the place in `words` */
	TYPE_LIST,		/* char[SETTINGS_LIST]; { "a", "b" } or "a" */
	TYPE_MODE		/* uint32_t: of a file, octal */
};

/* One row a setting: parsed, printed, explained and checked from here. */
struct settings_row {
	enum settings_section section;
	const char *name;
	enum settings_type type;
	size_t offset;		/* in settings, _limits, _route, _listener */
	size_t size;		/* of the field */
	uint64_t min, max;	/* in the field's unit; TEXT: length;
				 * LIST: length of each text */
	const char *initial;	/* the default, as a user would write it */
	const char *const *words; /* TYPE_WORD: NULL-terminated */
	bool in_route;		/* LIMITS: may stand in a route, too */
	bool reloadable;	/* a change counts without a new start */
	const char *help;	/* a sentence or two, for --explain */
};

extern const struct settings_row settings_table[];
extern const size_t settings_table_rows;

#endif
