/*
 * upkeep - what the broker does by the clock, in its own time.
 *
 * In the broker; private to broker.c and upkeep.c.  Rooms that nobody needs
 * go, and so do members whose grace time is over; both in parts, with requests
 * in between.
 */
#ifndef BROKER_UPKEEP_H
#define BROKER_UPKEEP_H

#include <stdbool.h>

struct broker;

/* False: no memory. */
bool upkeep_open(struct broker *) __attribute__((warn_unused_result));
/* For the end of a turn: wakes when the next part is due.  Not before the
 * broker serves, so that who comes back while it recovers is heard first. */
void upkeep_turn(struct broker *);

#endif
