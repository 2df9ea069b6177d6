/*
 * takeover - a new broker finds its tables again.
 *
 * A part of the hub, in the broker, at its start: the rows of the state file,
 * brought up to date with what the log holds beyond them.
 */
#ifndef BROKER_TAKEOVER_H
#define BROKER_TAKEOVER_H

#include "broker/hub_parts.h"

/* Makes rooms, roster, appender and repeats of the hub, whose log and state
 * are set.  A damaged log is given up: it starts anew behind its end, under a
 * new epoch.  False: no memory. */
bool takeover_restore(struct hub *, const struct append_callbacks *)
    __attribute__((warn_unused_result));

#endif
