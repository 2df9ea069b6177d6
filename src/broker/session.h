/*
 * session - a connection in the broker's tables, from its row to its end.
 *
 * A part of the hub: puts a session's row, its place in the roster and its
 * room's counts there together, and takes them away together.
 */
#ifndef BROKER_SESSION_H
#define BROKER_SESSION_H

#include "broker/hub_parts.h"

/* What a new session is. */
struct session {
	uint64_t generation;	/* of its worker */
	uint64_t connection;
	uint64_t number;	/* N of the name userN */
	uint64_t address;	/* whom it counts for; 0: nobody */
	const struct room *room; /* NULL: on an echo route */
	uint8_t route;
};

/* Fills the reserved `row`, publishes it and enters it into the roster; the
 * counts of room and address are the caller's.  False: no memory, the row is
 * still reserved; never so after roster_reserve. */
bool session_publish(struct hub *, const struct session *, uint32_t row)
    __attribute__((warn_unused_result));
/* Its room; NULL: on an echo route. */
struct room *session_room(const struct hub *, const struct state_session *);
/* Takes it out of the table and all counts, once that is committed.
 * `index` is its worker's, anything else when that is gone. */
void session_remove(struct hub *, struct roster_worker *, uint32_t row,
    struct room *, unsigned index);
/* Ends a membership for which nobody asked, with a record of the broker's. */
void session_drop(struct hub *, struct roster_worker *, uint32_t row,
    unsigned index);

#endif
