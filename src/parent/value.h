/*
 * value - one setting's text: read, judged, stored, written back.
 *
 * Pure; used by config.c for every row of settings_table.
 */
#ifndef PARENT_VALUE_H
#define PARENT_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/settings.h"

#define VALUE_TEXT	(2 * SETTINGS_PATH)	/* bytes of a written value */

/* Reads `text` by the row's type and bounds and stores it into the field of
 * `section` (struct settings, _limits or _route; NULL: only judges).
 * False: `why` has a sentence that begins with the value. */
bool value_store(const struct settings_row *, const char *text,
    void *section, char *why, size_t why_size)
    __attribute__((warn_unused_result));

/* Writes a field's value as it would stand in the file; returns `out`. */
const char *value_format(const struct settings_row *, const void *section,
    char *out, size_t size);

/* How many letters must be changed, put in, taken out or swapped with their
 * neighbour to get from one word to the other. */
unsigned value_distance(const char *, const char *);

#endif
