/*
 * tabs - the connections of a member.
 *
 * A part of the hub, in the broker.  A member with a token has a MEMBER row
 * and lists its connections, each in a CONNECTION row; without any it is away.
 * A SESSION row is a member and its one connection.
 */
#ifndef BROKER_TABS_H
#define BROKER_TABS_H

#include "broker/hub_parts.h"

#define TABS_MAX	32	/* of a member */

/* Makes room in the tables for a connection of a member whose row is, or will
 * be, `member`.  False: no memory. */
bool tabs_reserve(struct hub *, struct roster_worker *, uint64_t connection,
    uint32_t row, uint32_t member) __attribute__((warn_unused_result));
/* Fills the reserved `row`, publishes it and enters it everywhere but in the
 * count of its address.  False: no memory, the row is still reserved; never so
 * after tabs_reserve. */
bool tabs_publish(struct hub *, const struct roster_entry *, uint32_t row)
    __attribute__((warn_unused_result));
/* Takes a CONNECTION out of the tables and all counts; releases its row. */
void tabs_remove(struct hub *, uint32_t row);

/* The row of the member's connection behind `row`, or the first one for
 * STATE_NONE; STATE_NONE at the end. */
uint32_t tabs_next(const struct hub *, uint32_t member, uint32_t row);
/* The row of the member's connection with this number; STATE_NONE: it has
 * none such. */
uint32_t tabs_find(const struct hub *, uint32_t member, uint64_t connection);
unsigned tabs_count(const struct hub *, uint32_t member);

#endif
