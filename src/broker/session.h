/*
 * session - a member in the broker's tables, from its row to its end.
 *
 * A part of the hub, in the broker: puts a member's row, its places in the
 * tables, its name and its room's count there together, and takes them away
 * together.  A member is a SESSION or a MEMBER row; the connections of a
 * MEMBER are kept in tabs.h.
 */
#ifndef BROKER_SESSION_H
#define BROKER_SESSION_H

#include "broker/name.h"
#include "broker/hub_parts.h"

#define SESSION_NAME	256	/* bytes, with the NUL */

/* What a new member is. */
struct session {
	uint64_t generation;	/* SESSION: of its worker */
	uint64_t connection;	/* likewise */
	uint64_t address;	/* whom it counts for: SESSION, when it is
				 * here, MEMBER, when it is away; 0: nobody */
	const uint8_t *token;	/* MEMBER: its hash; NULL: a SESSION */
	uint64_t proven;	/* MEMBER: the last it need not be told */
	uint64_t number;	/* N of the name userN */
	struct room *room;	/* NULL: on an echo route */
	uint8_t route;
};

/* Makes room in the tables for what session_publish and session_enter enter;
 * `token` NULL: for a SESSION.  False: no memory. */
bool session_reserve(struct hub *, struct roster_worker *,
    uint64_t connection, const uint8_t *token, uint32_t row)
    __attribute__((warn_unused_result));
/* Fills the reserved `row`, publishes it and enters it into the roster, or
 * among the tokens.  False: no memory, the row is still reserved; never so
 * after session_reserve. */
bool session_publish(struct hub *, const struct session *, uint32_t row)
    __attribute__((warn_unused_result));
/* Enters it as a member of its room, and counts it there. */
void session_enter(struct hub *, uint32_t row, struct room *);

/* Writes its name; returns the length, of at most 255 bytes. */
uint8_t session_name(const struct hub *, const struct state_session *,
    char out[static SESSION_NAME]);
/* Its room; NULL: on an echo route. */
struct room *session_room(const struct hub *, const struct state_session *);
/* Lends its token's hash, for its records; NULL: it has none. */
const uint8_t *session_token(const struct hub *, uint32_t row);

/* The keys of its chosen name; none of an automatic one.  False: no memory. */
bool session_keys(struct hub *, const struct state_session *,
    struct name_keys *out) __attribute__((warn_unused_result));
/* Has the name of a TEXT row from now on, or the automatic one for
 * STATE_NONE, once that is committed; the entry of the old name, whose keys
 * these are, goes, the new name's is the caller's. */
void session_rename(struct hub *, uint32_t row, uint32_t text,
    const struct name_keys *old);
/* Goes to another room with all connections, once that is committed. */
void session_move(struct hub *, uint32_t row, struct room *from,
    struct room *to);

/* One of its connections, with this row, ends.  If it is the last, the member
 * is away, when it may return, or leaves with a record of this origin
 * (generation 0: the broker's, `request` as in record.h).  False: the log does
 * not take it, and nothing has changed. */
bool session_leave(struct hub *, uint32_t connection_row, bool may_return,
    uint64_t generation, uint64_t request)
    __attribute__((warn_unused_result));
/* Ends a connection for which nobody asked; it may return. */
void session_drop(struct hub *, uint32_t connection_row);
/* Ends the membership of one that is away.  False: the log does not take the
 * record, and nothing has changed. */
bool session_end_away(struct hub *, uint32_t row)
    __attribute__((warn_unused_result));
/* Takes those out whose grace time is over, a part of them at a time. */
void session_expire(struct hub *, uint64_t now_ms);

#endif
