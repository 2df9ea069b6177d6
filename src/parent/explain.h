/*
 * explain - what a setting is, for wschatd --explain.
 *
 * Runs in the parent, at start; reads settings_table and nothing else.
 */
#ifndef PARENT_EXPLAIN_H
#define PARENT_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* One line a setting: where it stands and its name, type, bounds, default,
 * and what a change needs; at least two spaces between them. */
void explain_list(FILE *);

/* All about one, "message-rate" or "limits.message-rate".  False: there is
 * none, and `why` says what may have been meant. */
bool explain_one(const char *key, FILE *, char *why, size_t size)
    __attribute__((warn_unused_result));

#endif
