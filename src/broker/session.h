/*
 * session - a connection in the broker's tables, from its row to its end.
 *
 * A part of the hub, in the broker: puts a session's row, its places in the
 * tables, its name and its room's counts there together, and takes them away
 * together.
 */
#ifndef BROKER_SESSION_H
#define BROKER_SESSION_H

#include "broker/hub_parts.h"

#define SESSION_NAME	256	/* bytes, with the NUL */

/* What a new session is. */
struct session {
	uint64_t generation;	/* of its worker */
	uint64_t connection;
	uint64_t number;	/* N of the name userN */
	uint64_t address;	/* whom it counts for; 0: nobody */
	struct room *room;	/* NULL: on an echo route */
	uint8_t route;
};

/* Makes room in the tables for what session_publish enters.  False: no
 * memory. */
bool session_reserve(struct hub *, struct roster_worker *,
    uint64_t connection, uint32_t row) __attribute__((warn_unused_result));
/* Fills the reserved `row`, publishes it and enters it into the roster.
 * False: no memory, the row is still reserved; never so after
 * session_reserve. */
bool session_publish(struct hub *, const struct session *, uint32_t row)
    __attribute__((warn_unused_result));
/* Enters it as a member of its room, whose count is the caller's. */
void session_enter(struct hub *, uint32_t row, struct room *);
/* Writes its name; returns the length, of at most 255 bytes. */
uint8_t session_name(const struct hub *, const struct state_session *,
    char out[static SESSION_NAME]);
/* Has the name of a TEXT row from now on, or the automatic one for
 * STATE_NONE, once that is committed; the old name's entry goes, the new
 * name's is the caller's. */
void session_rename(struct hub *, uint32_t row, uint32_t text);
/* Goes to another room, once that is committed, in all counts, too. */
void session_move(struct hub *, uint32_t row, struct room *from,
    struct room *to, unsigned index);
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
