/*
 * lists - rows of the state file in lists.
 *
 * A pure module of the broker: two links for each row, in memory of the
 * broker's own, so a row is in one list of a `struct lists` at a time; to walk
 * a list costs what is in it.  Whoever has a list keeps its ends; a row that
 * is in no list of these can have one, and its links are the ends.
 */
#ifndef BROKER_LISTS_H
#define BROKER_LISTS_H

#include <stdbool.h>
#include <stdint.h>

/* The ends of a list: rows; STATE_NONE: it is empty. */
struct list {
	uint32_t first, last;
};

struct lists;

struct lists *lists_new(void) __attribute__((warn_unused_result));
void lists_free(struct lists *);	/* NULL is fine */

/* Makes room for the row, so that lists_add cannot fail; a row that is new
 * here has an empty list.  False: no memory. */
bool lists_reserve(struct lists *, uint32_t row)
    __attribute__((warn_unused_result));
void list_init(struct list *);

/* Puts the row, which is in no list, first; takes it out of its list. */
void lists_add(struct lists *, struct list *, uint32_t row);
void lists_remove(struct lists *, struct list *, uint32_t row);

/* The one behind `row`; STATE_NONE at the end. */
uint32_t lists_next(const struct lists *, uint32_t row);

/* Lends the list that a reserved row has, until more is reserved; whoever
 * begins with it clears it by list_init. */
struct list *lists_of(const struct lists *, uint32_t row);

#endif
