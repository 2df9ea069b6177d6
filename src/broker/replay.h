/*
 * replay - rows of the state file follow the log.
 *
 * A part of the hub, in the broker, at its start.  A broker commits records
 * and then changes the rows that follow from them; the one after it finishes
 * what it had begun.
 */
#ifndef BROKER_REPLAY_H
#define BROKER_REPLAY_H

#include "broker/hub_parts.h"

/* Brings the rows up to date.  The hub has rooms, roster, tokens and tabs, and
 * no members of rooms yet: who is counted where comes after it.  False: no
 * memory. */
bool replay_log(struct hub *) __attribute__((warn_unused_result));

#endif
