/*
 * grammar - the form of the configuration file.
 *
 * Runs in the parent, at start.  Makes libconfuse's arrays from
 * settings_table and judges every value while it is read, so that errors
 * have a line.
 */
#include "config.h"

#include "parent/grammar.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/settings.h"
#include "base/settings_table.h"
#include "parent/heading.h"
#include "parent/nearest.h"
#include "parent/value.h"

/* libconfuse takes the end of the text for the end of an open section.  So
 * this setting of the top is put behind every text, and missed when it does
 * not arrive there. */
#define END	"end-of-text"

#define ROWS	96	/* at least settings_table_rows and the sections */

/* What libconfuse keeps of a value. */
struct kept {
	unsigned line;
	char text[];
};

/* The arrays libconfuse wants, made from the table. */
struct grammar {
	cfg_opt_t top[ROWS], limits[ROWS], route[ROWS], route_limits[ROWS];
	cfg_opt_t listen[ROWS];
};

/* libconfuse's callbacks carry no pointer of ours, so this does. */
static struct {
	const char *name;	/* of what is being read */
	struct grammar_includes *includes;	/* NULL: there may be none */
	char *error;		/* the first error */
	size_t size;
	unsigned errors;
} reading;

static void grammar_fill(struct grammar *);
static void on_error(cfg_t *, const char *, va_list)
    __attribute__((format(printf, 2, 0)));

cfg_t *
grammar_read(const char *name, const char *text,
    struct grammar_includes *includes, char *error, size_t size)
{
	struct grammar *grammar = calloc(1, sizeof(*grammar));
	cfg_t *cfg = NULL;
	char *whole = NULL;
	bool good;

	reading.name = name;
	reading.includes = includes;
	reading.error = error;
	reading.size = size;
	reading.errors = 0;
	snprintf(error, size, "%s: %s", name, strerror(ENOMEM));
	if (grammar != NULL) {
		grammar_fill(grammar);
		cfg = cfg_init(grammar->top, CFGF_NONE);
		free(grammar);
	}
	if (cfg == NULL || asprintf(&whole, "%s%s" END "=1", text,
	    *text == '\0' || text[strlen(text) - 1] == '\n' ? "" : "\n") < 0) {
		if (cfg != NULL)
			cfg_free(cfg);
		return NULL;
	}
	snprintf(error, size, "%s: is not understood", name);
	cfg_set_error_function(cfg, on_error);
	good = cfg_parse_buf(cfg, whole) == CFG_SUCCESS;
	free(whole);
	if (good && cfg_getstr(cfg, END) == NULL)
		grammar_fail(cfg, "a comment is not closed");
	if (good && reading.errors == 0)
		return cfg;
	cfg_free(cfg);
	return NULL;
}

/* The section of the table that libconfuse is in. */
static enum settings_section
section_of(cfg_t *cfg)
{
	if (strcmp(cfg_name(cfg), "limits") == 0)
		return SECTION_LIMITS;
	if (strcmp(cfg_name(cfg), "route") == 0)
		return SECTION_ROUTE;
	if (strcmp(cfg_name(cfg), "listen") == 0)
		return SECTION_LISTEN;
	return SECTION_TOP;
}

static const char *
section_prefix(enum settings_section section)
{
	static const char *const prefixes[] = {
		"", "limits.", "route.", "listen."
	};

	return prefixes[section];
}

/* Keeps the first error; libconfuse may add others that follow from it. */
void
grammar_fail(cfg_t *cfg, const char *format, ...)
{
	va_list args;
	size_t at;

	if (reading.errors++ > 0)
		return;
	at = (size_t)snprintf(reading.error, reading.size, "%s:%d: ",
	    reading.name, cfg->line);
	if (at >= reading.size)
		return;
	va_start(args, format);
	vsnprintf(reading.error + at, reading.size - at, format, args);
	va_end(args);
}

/* A name that may not stand here: says where it may, or what is near. */
static void
fail_unknown(cfg_t *cfg, const char *name)
{
	static const char *const places[] = {
		"outside of all sections", "in limits { }", "in a route",
		"in a listener"
	};
	enum settings_section here = section_of(cfg);
	const char *prefix = section_prefix(here);
	struct nearest near = { .word = name };
	size_t i;

	if (strcmp(name, END) == 0) {
		grammar_fail(cfg, "section \"%s\" is not closed",
		    cfg_name(cfg));
		return;
	}
	if (here != SECTION_TOP && (strcmp(name, "listen") == 0 ||
	    strcmp(name, "route") == 0)) {
		grammar_fail(cfg, "%s stands outside of all sections; is "
		    "section \"%s\" before it not closed?", name,
		    cfg_name(cfg));
		return;
	}
	for (i = 0; i < settings_table_rows; i++) {
		const struct settings_row *row = &settings_table[i];

		if (strcmp(row->name, name) != 0)
			continue;
		grammar_fail(cfg, "%s%s: unknown setting here; it stands %s",
		    prefix, name, row->section == SECTION_LIMITS &&
		    here == SECTION_LIMITS ? "in the limits of all, not of "
		    "a route" : places[row->section]);
		return;
	}
	for (i = 0; cfg->opts[i].name != NULL; i++) {
		if (strcmp(cfg->opts[i].name, END) != 0)
			nearest_offer(&near, cfg->opts[i].name);
	}
	grammar_fail(cfg, "%s%.64s: unknown setting%s%s%s", prefix, name,
	    near.name != NULL ? "; did you mean \"" : "",
	    near.name != NULL ? near.name : "",
	    near.name != NULL ? "\"?" : "");
}

/* libconfuse's own errors.  Some get words of ours: they are found by their
 * texts, which are not translated because no locale is set. */
static void
on_error(cfg_t *cfg, const char *format, va_list args)
{
	static const char unknown[] = "no such option '";
	static const char twice[] = "found duplicate title '";
	char text[512], *name;

	vsnprintf(text, sizeof(text), format, args);
	name = strchr(text, '\'');
	if (name != NULL && text[strlen(text) - 1] == '\'')
		text[strlen(text) - 1] = '\0';
	if (strncmp(text, unknown, sizeof(unknown) - 1) == 0)
		fail_unknown(cfg, name + 1);
	else if (name != NULL && strcmp(name + 1, END) == 0)
		grammar_fail(cfg, "a list is not closed");
	else if (strcmp(text, "premature end of file") == 0)
		grammar_fail(cfg, "the file ends in the midst of a text or a "
		    "setting; a quotation mark may be missing");
	else if (strncmp(text, twice, sizeof(twice) - 1) == 0)
		grammar_fail(cfg, "\"%s\" stands here a second time", name + 1);
	else
		grammar_fail(cfg, "%s%s", text, name != NULL ? "'" : "");
}

static const struct settings_row *
find_row(enum settings_section section, const char *name)
{
	size_t i;

	for (i = 0; i < settings_table_rows; i++)
		if (settings_table[i].section == section &&
		    strcmp(settings_table[i].name, name) == 0)
			return &settings_table[i];
	return NULL;
}

/* One value has been read: judge it while the line is known. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	enum settings_section section = section_of(cfg);
	const struct settings_row *row = find_row(section, opt->name);
	size_t len = strlen(value) + 1;
	struct kept *kept;
	char why[256];

	if (row != NULL &&
	    !value_store(row, value, NULL, why, sizeof(why))) {
		grammar_fail(cfg, "%s%s: %s", section_prefix(section),
		    row->name, why);
		return -1;
	}
	kept = malloc(sizeof(*kept) + len);
	if (kept == NULL) {
		grammar_fail(cfg, "%s", strerror(ENOMEM));
		return -1;
	}
	kept->line = (unsigned)cfg->line;
	memcpy(kept->text, value, len);
	*(struct kept **)result = kept;
	return 0;
}

static const char *
text_at(cfg_opt_t *opt, unsigned index)
{
	const struct kept *kept = cfg_opt_getnptr(opt, index);

	return kept != NULL ? kept->text : NULL;
}

const char *
grammar_text(cfg_opt_t *opt)
{
	return cfg_opt_size(opt) > 0 ? text_at(opt, 0) : NULL;
}

unsigned
grammar_line(cfg_opt_t *opt)
{
	unsigned count = cfg_opt_size(opt);
	const struct kept *kept = count == 0 ? NULL :
	    cfg_opt_getnptr(opt, count - 1);

	return kept != NULL ? kept->line : 0;
}

bool
grammar_take_list(cfg_opt_t *opt, const struct settings_row *row,
    void *section, char *why, size_t why_size)
{
	const char *texts[SETTINGS_LIST];
	unsigned count = cfg_opt_size(opt), i;

	/* One empty text is no text, as elsewhere. */
	if (count == 1 && *text_at(opt, 0) == '\0')
		count = 0;
	if (count > SETTINGS_LIST)
		count = SETTINGS_LIST;	/* too long in any case */
	for (i = 0; i < count; i++)
		texts[i] = text_at(opt, i);
	return value_store_list(row, texts, count, section, why, why_size);
}

/* The list as a whole. */
static int
on_list(cfg_t *cfg, cfg_opt_t *opt)
{
	enum settings_section section = section_of(cfg);
	const struct settings_row *row = find_row(section, opt->name);
	char why[256];

	if (grammar_take_list(opt, row, NULL, why, sizeof(why)))
		return 0;
	grammar_fail(cfg, "%s%s: %s", section_prefix(section), row->name,
	    why);
	return -1;
}

/* Each counts, not only the last one. */
static int
on_include(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct grammar_includes *includes = reading.includes;

	(void)opt;
	if (includes == NULL)
		grammar_fail(cfg, "include: files alone may include others");
	else if (includes->count == GRAMMAR_INCLUDES)
		grammar_fail(cfg, "include: more than %d times",
		    GRAMMAR_INCLUDES);
	else if (*value == '\0' || strlen(value) >= SETTINGS_PATH)
		grammar_fail(cfg, "include: is not a path");
	if (reading.errors > 0)
		return -1;
	includes->of[includes->count].line = (unsigned)cfg->line;
	snprintf(includes->of[includes->count].pattern, SETTINGS_PATH, "%s",
	    value);
	includes->count++;
	*(const char **)result = value;
	return 0;
}

/* Makes libconfuse's array for a section; returns the place behind it. */
static cfg_opt_t *
grammar_add_rows(cfg_opt_t *opt, enum settings_section section, bool in_route)
{
	size_t i;

	for (i = 0; i < settings_table_rows; i++) {
		const struct settings_row *row = &settings_table[i];

		if (row->section != section || (in_route && !row->in_route))
			continue;
		*opt++ = (cfg_opt_t){ .name = row->name, .type = CFGT_PTR,
		    .flags = row->type == TYPE_LIST ? CFGF_LIST : CFGF_NONE,
		    .parsecb = on_value, .freecb = free,
		    .validcb = row->type == TYPE_LIST ? on_list : NULL };
	}
	return opt;
}

static void
grammar_fill(struct grammar *grammar)
{
	cfg_opt_t *opt;

	/* The arrays end with a zeroed row; the caller has zeroed all.
	 * MULTI for limits: a second section adds to the first. */
	grammar_add_rows(grammar->limits, SECTION_LIMITS, false);
	grammar_add_rows(grammar->route_limits, SECTION_LIMITS, true);
	grammar_add_rows(grammar->listen, SECTION_LISTEN, false);
	opt = grammar_add_rows(grammar->route, SECTION_ROUTE, false);
	*opt = (cfg_opt_t){ .name = "limits", .type = CFGT_SEC,
	    .flags = CFGF_MULTI, .subopts = grammar->route_limits };
	opt = grammar_add_rows(grammar->top, SECTION_TOP, false);
	*opt++ = (cfg_opt_t){ .name = END, .type = CFGT_STR };
	*opt++ = (cfg_opt_t){ .name = "include", .type = CFGT_STR,
	    .parsecb = on_include };
	*opt++ = (cfg_opt_t){ .name = "limits", .type = CFGT_SEC,
	    .flags = CFGF_MULTI, .subopts = grammar->limits };
	*opt++ = (cfg_opt_t){ .name = "listen", .type = CFGT_SEC,
	    .flags = CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES,
	    .subopts = grammar->listen, .validcb = heading_on_listen };
	*opt = (cfg_opt_t){ .name = "route", .type = CFGT_SEC,
	    .flags = CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES,
	    .subopts = grammar->route, .validcb = heading_on_route };
}
