/*
 * numbers - the member that a route's automatic name userN belongs to.
 *
 * A pure module of the broker: a table (rowtable.h) of rows of the state
 * file, which hold route and number.
 */
#ifndef BROKER_NUMBERS_H
#define BROKER_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "log/state.h"

struct numbers;

/* Borrows the state file. */
struct numbers *numbers_new(const struct state *)
    __attribute__((warn_unused_result));
void numbers_free(struct numbers *);	/* NULL is fine */

/* Makes room for one more, so that numbers_add cannot fail.  False: no
 * memory. */
bool numbers_reserve(struct numbers *) __attribute__((warn_unused_result));
/* Enters a member's row, and takes it out again while it is one. */
void numbers_add(struct numbers *, uint32_t row);
void numbers_remove(struct numbers *, uint32_t row);
/* The row; STATE_NONE: no member has the number. */
uint32_t numbers_find(const struct numbers *, uint8_t route, uint64_t number);

#endif
