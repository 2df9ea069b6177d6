/*
 * asker - the connection that a request is for, and its member.
 *
 * A part of the hub, in the broker.
 */
#ifndef BROKER_ASKER_H
#define BROKER_ASKER_H

#include "broker/hub_parts.h"
#include "broker/session.h"

/* Who asks, and what a record of his begins with. */
struct asker {
	uint32_t row;		/* of the connection */
	uint64_t address;	/* of the connection; 0: it counts for nobody */
	uint32_t member;	/* row; a SESSION's is the same */
	struct state_session *session;	/* the member's */
	struct room *room;	/* NULL: on an echo route */
	char name[SESSION_NAME];
	struct append_record record;
};

/* False: it is not in the table. */
bool asker_find(struct hub *, unsigned index, const struct ipc_request *,
    struct asker *) __attribute__((warn_unused_result));
/* The same for what a client has sent as a message: it counts for its
 * address. */
bool asker_admit(struct hub *, unsigned index, const struct ipc_request *,
    struct asker *) __attribute__((warn_unused_result));

#endif
