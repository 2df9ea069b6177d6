/*
 * tabs - see tabs.h.
 */
#include "config.h"

#include "broker/tabs.h"

#include "broker/session.h"

bool
tabs_reserve(struct hub *hub, struct roster_worker *w, uint64_t connection,
    uint32_t row, uint32_t member)
{
	return roster_reserve(w, connection) &&
	    lists_reserve(hub->tabs, row) && lists_reserve(hub->tabs, member);
}

/* Counts the connection in or out where its member is. */
static void
count_reader(struct hub *hub, const struct roster_entry *entry, int change)
{
	struct room *room = session_room(hub,
	    state_session(hub->state, entry->member));

	if (room != NULL)
		room_count_reader(hub->rooms, room,
		    hub_worker_index(hub, entry->generation), change);
}

bool
tabs_publish(struct hub *hub, const struct roster_entry *entry, uint32_t row)
{
	struct roster_worker *w = roster_worker_add(hub->roster,
	    entry->generation);
	struct state_connection *c;

	if (w == NULL || !tabs_reserve(hub, w, entry->connection, row,
	    entry->member))
		return false;
	c = state_reserved(hub->state, row);
	c->generation = entry->generation;
	c->connection = entry->connection;
	c->address = entry->address;
	c->member = entry->member;
	state_publish(hub->state, row, STATE_CONNECTION);
	roster_add(hub->roster, w, row);
	lists_add(hub->tabs, lists_of(hub->tabs, entry->member), row);
	count_reader(hub, entry, 1);
	return true;
}

void
tabs_remove(struct hub *hub, uint32_t row)
{
	struct roster_entry entry;

	if (!roster_read(hub->state, row, &entry))
		return;
	if (entry.address != 0)
		tally_remove(hub->addresses, entry.address);
	count_reader(hub, &entry, -1);
	lists_remove(hub->tabs, lists_of(hub->tabs, entry.member), row);
	roster_remove(hub->roster, row);
}

uint32_t
tabs_next(const struct hub *hub, uint32_t member, uint32_t row)
{
	if (state_kind(hub->state, member) == STATE_SESSION)
		return row == STATE_NONE ? member : STATE_NONE;
	return row == STATE_NONE ? lists_of(hub->tabs, member)->first :
	    lists_next(hub->tabs, row);
}

uint32_t
tabs_find(const struct hub *hub, uint32_t member, uint64_t connection)
{
	struct roster_entry entry;
	uint32_t row = STATE_NONE;

	while ((row = tabs_next(hub, member, row)) != STATE_NONE)
		if (roster_read(hub->state, row, &entry) &&
		    entry.connection == connection)
			break;
	return row;
}

unsigned
tabs_count(const struct hub *hub, uint32_t member)
{
	uint32_t row = STATE_NONE;
	unsigned count = 0;

	while ((row = tabs_next(hub, member, row)) != STATE_NONE)
		count++;
	return count;
}
