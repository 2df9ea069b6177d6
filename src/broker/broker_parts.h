/*
 * broker_parts - what the files of the broker's process share: its state.
 *
 * In the broker; private to broker.c, clerk.c, control.c, link.c, questions.c,
 * registration.c and upkeep.c.
 */
#ifndef BROKER_BROKER_PARTS_H
#define BROKER_BROKER_PARTS_H

#include <stdbool.h>

#include "base/settings.h"
#include "broker/link.h"

struct broker {
	const struct settings *settings;
	struct event_base *base;
	struct event *deadline;		/* of the registration */
	struct event *upkeep;
	uint64_t upkeep_ms;		/* when it is due, by clock_ms() */
	struct peer *parent;
	struct hub *hub;
	struct control *control;	/* NULL: nobody is to come */
	bool has_all;			/* ATTACHED_ALL was heard */
	bool is_clearing;		/* all have registered */
	bool is_serving;
	uint64_t serving_ms;		/* clock_ms() since which */
	bool is_stopping;
	bool is_flooded;		/* with whispers: a worker is slow */
	unsigned first;			/* index of who is heard first */
	uint64_t turn_end_ms;		/* by clock_ms(); 0: not begun */
	int exit_code;
	unsigned link_count;		/* places that have had a worker, and
					 * those of the pool */
	struct link links[SETTINGS_PLACES];
};

#endif
