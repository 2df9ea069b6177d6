/*
 * move - a member goes to another room of its route.
 *
 * A part of the hub, in the broker.  A move is a LEAVE and a JOIN, and an
 * ENTER for each other connection of the member; they count together.
 */
#ifndef BROKER_MOVE_H
#define BROKER_MOVE_H

#include "broker/hub_parts.h"

struct move {
	uint32_t member;	/* row */
	struct room *from, *to;
	/* Of the LEAVE and the JOIN: which connection goes, 0 when the member
	 * is away, and the origin. */
	uint64_t sender, generation, request;
};

/* How long the records are at most, together with an ENTER behind them, in
 * bytes. */
uint64_t move_length(const struct hub *, const struct move *);
/* Appends the records, with nothing else between them when room for them was
 * reserved; session_move follows the commit.  False: they do not fit, which is
 * not so for any name. */
bool move_append(struct hub *, const struct move *)
    __attribute__((warn_unused_result));

#endif
