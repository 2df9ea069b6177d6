/*
 * grammar - the form of the configuration file.
 *
 * Runs in the parent, at start; over libconfuse.
 */
#ifndef PARENT_GRAMMAR_H
#define PARENT_GRAMMAR_H

#include <confuse.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/settings.h"

struct settings_row;

#define GRAMMAR_INCLUDES	64

/* The files that a text wants to be read behind it, in its order. */
struct grammar_includes {
	unsigned count;
	struct {
		unsigned line;
		char pattern[SETTINGS_PATH];	/* as written */
	} of[GRAMMAR_INCLUDES];
};

/* Reads a text called `name` in errors.  Every value in what it returns (the
 * caller's, for cfg_free) has a text that value_store takes.  NULL for
 * `includes`: there may be none.  NULL with "NAME:LINE: what is wrong". */
cfg_t *grammar_read(const char *name, const char *text,
    struct grammar_includes *includes, char *error, size_t size)
    __attribute__((warn_unused_result));

/* Writes such an error into the `error` of the last grammar_read, unless
 * there is one. */
void grammar_fail(cfg_t *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Of a setting that has been read: its text, lent; NULL: it has none.  Of a
 * list the first. */
const char *grammar_text(cfg_opt_t *);
/* The line it stands in, of a list the last text's; 0: not known, as of an
 * empty list. */
unsigned grammar_line(cfg_opt_t *);

/* Stores a list that has been read, as value_store_list does. */
bool grammar_take_list(cfg_opt_t *, const struct settings_row *,
    void *section, char *why, size_t why_size)
    __attribute__((warn_unused_result));

#endif
