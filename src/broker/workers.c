/*
 * workers - the workers of the hub: which of them live, and whose connections
 * are gone.
 *
 * A part of the hub, in the broker.  Who has died takes his connections with
 * him; those that a dead broker had are kept when their worker names them.
 */
#include "config.h"

#include "broker/hub.h"

#include <assert.h>
#include <stdlib.h>

#include "broker/hub_parts.h"
#include "broker/session.h"

bool
hub_make_places(struct hub *hub, unsigned workers)
{
	bool is_nobody = hub->asking == hub->workers;

	if (workers <= hub->workers)
		return true;
	workers = (workers + HUB_PLACES_STEP - 1) / HUB_PLACES_STEP *
	    HUB_PLACES_STEP;
	if (!room_table_grow(hub->rooms, workers))
		return false;
	hub->workers = workers;
	if (is_nobody)
		hub->asking = workers;
	return true;
}

bool
hub_add_worker(struct hub *hub, unsigned index, uint64_t generation,
    uint32_t slots)
{
	struct hub_worker *w = &hub->worker[index];
	struct roster_entry entry;

	assert(index < SETTINGS_PLACES && w->generation == 0);
	if (!hub_make_places(hub, index + 1))
		return false;
	w->connections = roster_worker_add(hub->roster, generation);
	if (w->connections == NULL)
		return false;
	w->generation = generation;
	w->slots = slots;
	w->last = log_receipt_load(hub->log, index, generation);
	w->done = w->receipt = w->last;
	w->bell = append_position(hub->append);
	log_receipt_store(hub->log, index, generation, w->last);
	for (uint32_t slot = 0; slot < roster_slots(w->connections); slot++) {
		struct room *room;

		if (!roster_read(hub->state, roster_slot(w->connections,
		    slot), &entry))
			continue;
		room = session_room(hub, state_session(hub->state,
		    entry.member));
		if (room != NULL)
			room_count_reader(hub->rooms, room, index, 1);
	}
	return true;
}

/* Up to `most` of its connections; returns how many.  Fewer: it is gone. */
static uint32_t
worker_empty(struct hub *hub, struct roster_worker *w, uint32_t most)
{
	uint32_t dropped = 0, row;

	for (uint32_t slot = 0; slot < roster_slots(w) && dropped < most;
	    slot++) {
		row = roster_slot(w, slot);
		if (row == STATE_NONE)
			continue;
		session_drop(hub, row);
		dropped++;
	}
	if (dropped < most)
		roster_worker_remove(hub->roster, w);
	return dropped;
}

void
hub_remove_worker(struct hub *hub, unsigned index)
{
	struct hub_worker *w = &hub->worker[index];

	if (w->generation == 0)
		return;
	hub_close_request(hub);
	(void)worker_empty(hub, w->connections, UINT32_MAX);
	free(w->registered);
	*w = (struct hub_worker){ 0 };
}

unsigned
hub_worker_index(const struct hub *hub, uint64_t generation)
{
	unsigned index;

	for (index = 0; index < hub->workers; index++)
		if (generation != 0 &&
		    hub->worker[index].generation == generation)
			break;
	return index;
}

static bool
is_other(void *arg, uint64_t generation)
{
	const struct hub *hub = arg;

	return hub_worker_index(hub, generation) == hub->workers;
}

bool
hub_remove_others(struct hub *hub, uint32_t most)
{
	struct roster_worker *w;

	hub_close_request(hub);
	/* All workers have seen of what the last broker may have died. */
	log_hand_store(hub->log, 0, 0);
	while (most > 0 &&
	    (w = roster_worker_any(hub->roster, is_other, hub)) != NULL)
		most -= worker_empty(hub, w, most);
	return most == 0;
}

bool
hub_register(struct hub *hub, unsigned index, uint64_t connection)
{
	struct hub_worker *w = &hub->worker[index];
	uint32_t slot = ipc_connection_slot(connection);

	if (slot >= w->slots)
		return false;
	if (w->registered == NULL)
		w->registered = calloc(w->slots, 1);
	if (w->registered == NULL)
		return false;
	if (roster_find(hub->roster, w->connections, connection) !=
	    STATE_NONE)
		w->registered[slot] = 1;
	return true;
}

uint32_t
hub_registered(struct hub *hub, unsigned index, uint32_t most)
{
	struct hub_worker *w = &hub->worker[index];
	uint32_t dropped = 0, row;

	hub_close_request(hub);
	for (uint32_t slot = 0; slot < roster_slots(w->connections) &&
	    dropped < most; slot++) {
		row = roster_slot(w->connections, slot);
		if (row == STATE_NONE ||
		    (w->registered != NULL && w->registered[slot] != 0))
			continue;
		session_drop(hub, row);
		dropped++;
	}
	if (dropped < most) {
		free(w->registered);
		w->registered = NULL;
	}
	return dropped;
}
