/*
 * hub_parts - what hub.c, session.c and takeover.c share: the hub itself.
 *
 * Private to the three.
 */
#ifndef BROKER_HUB_PARTS_H
#define BROKER_HUB_PARTS_H

#include "base/tally.h"
#include "broker/hub.h"
#include "broker/repeats.h"
#include "broker/room.h"
#include "broker/roster.h"
#include "log/append.h"

struct hub_worker {
	uint64_t generation;	/* 0: no such worker */
	uint32_t slots;
	uint64_t last;		/* number of the last request */
	uint64_t done;		/* up to here none needs an answer by
				 * message: may be receipted at any time */
	bool owes_refusal;	/* since the last receipt */
	struct roster_worker *connections;
	uint64_t bell;		/* the log's end when it was last rung */
	bool is_due;		/* has asked, or has something to read */
	uint8_t *registered;	/* by slot, while it registers */
};

struct hub {
	const struct settings *settings;
	struct log *log;
	struct state *state;
	struct append *append;
	struct roster *roster;
	struct room_table *rooms;
	struct repeats *repeats;
	struct tally *addresses;	/* sessions, by real address */
	unsigned workers;	/* how many indexes */
	uint64_t swept;		/* where the log began at the last sweep */
	struct hub_worker worker[SETTINGS_WORKERS];
};

/* Appends a record of the room and makes it the newest.  False: it does not
 * fit into the log. */
bool hub_append(struct hub *, struct room *, struct append_record *)
    __attribute__((warn_unused_result));
/* Removes a room that has neither members nor lines; arg is the hub. */
void hub_remove_idle(void *arg, struct room *);

#endif
