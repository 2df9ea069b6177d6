/*
 * members - who is in a room, as lists through the rows of sessions.
 *
 * A pure module of the broker: two links for each row of the state file, in
 * memory of the broker's own; a room has the first one (struct room).  Kept
 * for /who, so that it costs what it tells and not what there is.
 */
#ifndef BROKER_MEMBERS_H
#define BROKER_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/room.h"

struct members;

struct members *members_new(void) __attribute__((warn_unused_result));
void members_free(struct members *);	/* NULL is fine */

/* Makes room for the row, so that members_add cannot fail.  False: no
 * memory. */
bool members_reserve(struct members *, uint32_t row)
    __attribute__((warn_unused_result));
/* Puts the row, which is in no list, first; takes it out of its list. */
void members_add(struct members *, struct room *, uint32_t row);
void members_remove(struct members *, struct room *, uint32_t row);

/* The one behind `row`, or the first for STATE_NONE; STATE_NONE at the
 * end. */
uint32_t members_next(const struct members *, const struct room *,
    uint32_t row);

#endif
