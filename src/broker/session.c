/*
 * session - see session.h.
 */
#include "config.h"

#include "broker/session.h"

#include "broker/naming.h"

/* Counts a member out; a room in which nothing was said goes with the last. */
static void
room_count_out(struct hub *hub, struct room *room, unsigned index)
{
	if (index < hub->workers)
		room_count(room, index, -1);
	else
		room->count--;
	if (room->count == 0 && room->seq == 0)
		room_remove(hub->rooms, room);
}

/* A member of a room is found there and by its number. */
void
session_enter(struct hub *hub, uint32_t row, struct room *room)
{
	members_add(hub->members, room, row);
	numbers_add(hub->numbers, row);
}

bool
session_reserve(struct hub *hub, struct roster_worker *w, uint64_t connection,
    uint32_t row)
{
	return roster_reserve(w, connection) &&
	    members_reserve(hub->members, row) &&
	    numbers_reserve(hub->numbers);
}

bool
session_publish(struct hub *hub, const struct session *session, uint32_t row)
{
	struct roster_worker *w = roster_worker_add(hub->roster,
	    session->generation);
	struct state_session *s;

	if (w == NULL || !session_reserve(hub, w, session->connection, row))
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

uint8_t
session_name(const struct hub *hub, const struct state_session *s,
    char out[static SESSION_NAME])
{
	if (s->name == STATE_NONE)
		return (uint8_t)naming_format(s->number, out);
	return (uint8_t)state_text_load(hub->state, s->name, out,
	    SESSION_NAME);
}

/* Takes the entry of a chosen name out of the table. */
static void
release_name(struct hub *hub, const struct state_session *s, uint32_t row)
{
	char name[SESSION_NAME];
	struct name_keys keys;

	if (s->name != STATE_NONE && name_key(hub->names, name,
	    session_name(hub, s, name), &keys))
		nametable_remove(hub->nametable, s->route, &keys, row);
}

void
session_rename(struct hub *hub, uint32_t row, uint32_t text)
{
	struct state_session *s = state_session(hub->state, row);
	uint32_t old = s->name;

	release_name(hub, s, row);
	atomic_store(&s->name, text);
	if (old != STATE_NONE)
		state_release(hub->state, old);
}

void
session_move(struct hub *hub, uint32_t row, struct room *from,
    struct room *to, unsigned index)
{
	struct state_session *s = state_session(hub->state, row);

	members_remove(hub->members, from, row);
	atomic_store(&s->room, to->row);
	members_add(hub->members, to, row);
	room_count(to, index, 1);
	room_count_out(hub, from, index);
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
	if (room != NULL) {
		members_remove(hub->members, room, row);
		numbers_remove(hub->numbers, row);
		release_name(hub, state_session(hub->state, row), row);
	}
	roster_remove(hub->roster, w, row);
	if (room != NULL)
		room_count_out(hub, room, index);
}

void
session_drop(struct hub *hub, struct roster_worker *w, uint32_t row,
    unsigned index)
{
	const struct state_session *s = state_session(hub->state, row);
	struct room *room = session_room(hub, s);
	char name[SESSION_NAME];
	struct append_record r = {
		.kind = RECORD_LEAVE, .sender = s->connection,
		.request = s->generation, .name = name
	};

	if (room != NULL) {
		r.seq = room->seq;
		r.count = room->count - 1;
		r.name_len = session_name(hub, s, name);
		if (hub_append(hub, room, &r))
			append_commit(hub->append);
	}
	session_remove(hub, w, row, room, index);
}
