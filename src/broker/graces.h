/*
 * graces - the members that are away, in the order in which their time ends.
 *
 * A pure module of the broker over the MEMBER rows, which hold the time.  The
 * grace time of a route is the same for all, also when a reload has cut it
 * (graces_shorten), so who went away last comes last.
 * Who is away counts for the address that made it.
 */
#ifndef BROKER_GRACES_H
#define BROKER_GRACES_H

#include <stdbool.h>
#include <stdint.h>

#include "log/state.h"

struct graces;

/* Borrows the state file.  NULL: no memory. */
struct graces *graces_new(const struct state *)
    __attribute__((warn_unused_result));
void graces_free(struct graces *);	/* NULL is fine */

/* Makes room for the row, so that graces_add cannot fail.  False: no
 * memory. */
bool graces_reserve(struct graces *, uint32_t row)
    __attribute__((warn_unused_result));
/* A MEMBER whose time ends after that of all others of its route that are
 * here; and it is here no more. */
void graces_add(struct graces *, uint32_t row);
void graces_remove(struct graces *, uint32_t row);

/* How many are away that the address which made this MEMBER has made; 0 when
 * nobody is counted for. */
uint64_t graces_of_maker(const struct graces *, uint32_t row);

/* Nobody's time on the route ends after this (clock_ms()). */
void graces_shorten(struct graces *, unsigned route, uint64_t end_ms);

/* Whose time ends first, and when; STATE_NONE: nobody is away. */
uint32_t graces_first(const struct graces *, uint64_t *end_ms_out);

#endif
