/*
 * value - one setting's text: read, judged, stored, written back.
 *
 * Pure; used by the parent's conf and grammar for every row of
 * settings_table.
 */
#ifndef PARENT_VALUE_H
#define PARENT_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/settings.h"
#include "base/settings_table.h"

/* Bytes of a written value: of a list of texts of one byte each. */
#define VALUE_TEXT	(4 * SETTINGS_LIST)

/* In a list of networks: everybody who comes by a unix socket. */
#define VALUE_UNIX	"unix:"

/* Reads `text` by the row's type and bounds and stores it into the field of
 * `section` (struct settings, _limits, _route or _listener; NULL: only
 * judges).  A list gets one text, or none by the empty one.
 * False: `why` has a sentence that begins with the value. */
bool value_store(const struct settings_row *, const char *text,
    void *section, char *why, size_t why_size)
    __attribute__((warn_unused_result));

/* The same for a list of `count` texts. */
bool value_store_list(const struct settings_row *,
    const char *const *texts, size_t count, void *section, char *why,
    size_t why_size) __attribute__((warn_unused_result));

/* A field's value as it would stand in the file: in `out`, or a text that
 * lives for ever. */
const char *value_format(const struct settings_row *, const void *section,
    char *out, size_t size);

/* In quotes, with what libconfuse would read otherwise behind a backslash;
 * returns `out`. */
const char *value_quote(const char *text, char *out, size_t size);

/* What a value may be: "0 to 256M", "chat | echo", "1 to 64 bytes each"; in
 * `out`, or a text that lives for ever. */
const char *value_bounds(const struct settings_row *, char *out, size_t size);

#endif
