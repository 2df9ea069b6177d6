/*
 * table - columns of text for people.
 *
 * A pure module of wschatctl.  What is put in is made safe to show, and a
 * column is as wide as its widest cell, in characters.
 */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#define TABLE_COLUMNS	8

struct table;

/* NULL: no memory. */
struct table *table_new(unsigned columns)
    __attribute__((warn_unused_result));
void table_free(struct table *);

/* The next cell, row by row; copied.  Without memory it is lost, and
 * table_print says so. */
void table_add(struct table *, const char *text);
/* False: something is missing, for want of memory. */
bool table_print(const struct table *, FILE *)
    __attribute__((warn_unused_result));

#endif
