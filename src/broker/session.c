/*
 * session - see session.h.
 */
#include "config.h"

#include "broker/session.h"

#include "broker/naming.h"

bool
session_publish(struct hub *hub, const struct session *session, uint32_t row)
{
	struct roster_worker *w = roster_worker_add(hub->roster,
	    session->generation);
	struct state_session *s;

	if (w == NULL || !roster_reserve(w, session->connection))
		return false;
	s = state_reserved(hub->state, row);
	s->generation = session->generation;
	s->connection = session->connection;
	s->number = session->number;
	s->address = session->address;
	s->room = session->room == NULL ? STATE_NONE : session->room->row;
	s->name = STATE_NONE;
	s->route = session->route;
	state_publish(hub->state, row, STATE_SESSION);
	roster_add(hub->roster, w, row);
	return true;
}

struct room *
session_room(const struct hub *hub, const struct state_session *s)
{
	const struct state_room *row = state_room(hub->state, s->room);

	return row == NULL ? NULL :
	    room_find_by_identity(hub->rooms, row->identity);
}

void
session_remove(struct hub *hub, struct roster_worker *w, uint32_t row,
    struct room *room, unsigned index)
{
	uint64_t address = state_session(hub->state, row)->address;

	if (address != 0)
		tally_remove(hub->addresses, address);
	roster_remove(hub->roster, w, row);
	if (room == NULL)
		return;
	if (index < hub->workers)
		room_count(room, index, -1);
	else
		room->count--;
	if (room->count == 0 && room->seq == 0)
		room_remove(hub->rooms, room);
}

void
session_drop(struct hub *hub, struct roster_worker *w, uint32_t row,
    unsigned index)
{
	const struct state_session *s = state_session(hub->state, row);
	struct room *room = session_room(hub, s);
	char name[NAMING_MAX];
	struct append_record r = {
		.kind = RECORD_LEAVE, .sender = s->connection,
		.request = s->generation, .name = name
	};

	if (room != NULL) {
		r.seq = room->seq;
		r.count = room->count - 1;
		r.name_len = (uint16_t)naming_format(s->number, name);
		if (hub_append(hub, room, &r))
			append_commit(hub->append);
	}
	session_remove(hub, w, row, room, index);
}
