/*
 * session - see session.h.
 */
#include "config.h"

#include "broker/session.h"

#include <string.h>

#include "base/clock.h"
#include "broker/naming.h"
#include "broker/tabs.h"

#define EXPIRE_MAX	1000	/* in one call */

/*
 * The beginning.
 */

bool
session_reserve(struct hub *hub, struct roster_worker *w, uint64_t connection,
    const uint8_t *token, uint32_t row)
{
	return roster_reserve(w, connection) &&
	    lists_reserve(hub->members, row) &&
	    numbers_reserve(hub->numbers) && (token == NULL ||
	    (tokens_reserve(hub->tokens) && lists_reserve(hub->tabs, row) &&
	    graces_reserve(hub->graces, row)));
}

/* A SESSION, which is its own connection. */
static bool
publish_session(struct hub *hub, const struct session *session, uint32_t row)
{
	struct roster_worker *w = roster_worker_add(hub->roster,
	    session->generation);
	struct state_session *s = state_reserved(hub->state, row);

	if (w == NULL || !session_reserve(hub, w, session->connection, NULL,
	    row))
		return false;
	s->generation = session->generation;
	s->connection = session->connection;
	s->address = session->address;
	state_publish(hub->state, row, STATE_SESSION);
	roster_add(hub->roster, w, row);
	if (session->room != NULL)
		room_count_reader(hub->rooms, session->room,
		    hub_worker_index(hub, session->generation), 1);
	return true;
}

static bool
publish_member(struct hub *hub, const struct session *session, uint32_t row)
{
	struct state_session *s = state_reserved(hub->state, row);

	if (!lists_reserve(hub->members, row) ||
	    !lists_reserve(hub->tabs, row) ||
	    !numbers_reserve(hub->numbers) ||
	    !tokens_reserve(hub->tokens) || !graces_reserve(hub->graces, row))
		return false;
	memcpy(s->token, session->token, STATE_TOKEN);
	s->proven = session->proven;
	state_set_maker(s, session->address);
	state_publish(hub->state, row, STATE_MEMBER);
	tokens_add(hub->tokens, row);
	return true;
}

bool
session_publish(struct hub *hub, const struct session *session, uint32_t row)
{
	struct state_session *s = state_reserved(hub->state, row);

	s->number = session->number;
	s->room = session->room == NULL ? STATE_NONE : session->room->row;
	s->name = STATE_NONE;
	s->route = session->route;
	return session->token == NULL ? publish_session(hub, session, row) :
	    publish_member(hub, session, row);
}

void
session_enter(struct hub *hub, uint32_t row, struct room *room)
{
	lists_add(hub->members, &room->members, row);
	numbers_add(hub->numbers, row);
	room->count++;
}

/*
 * What it is.
 */

uint8_t
session_name(const struct hub *hub, const struct state_session *s,
    char out[static SESSION_NAME])
{
	if (s->name == STATE_NONE)
		return (uint8_t)naming_format(s->number, out);
	return (uint8_t)state_text_load(hub->state, s->name, out,
	    SESSION_NAME);
}

struct room *
session_room(const struct hub *hub, const struct state_session *s)
{
	const struct state_room *row = state_room(hub->state, s->room);

	return row == NULL ? NULL :
	    room_find_by_identity(hub->rooms, row->identity);
}

const uint8_t *
session_token(const struct hub *hub, uint32_t row)
{
	return state_kind(hub->state, row) == STATE_MEMBER ?
	    state_session(hub->state, row)->token : NULL;
}

bool
session_keys(struct hub *hub, const struct state_session *s,
    struct name_keys *out)
{
	char name[SESSION_NAME];

	out->count = 0;
	return s->name == STATE_NONE || name_key(hub->names, name,
	    session_name(hub, s, name), out);
}

/* Takes the entry of a chosen name out of the table. */
static void
release_name(struct hub *hub, const struct state_session *s, uint32_t row)
{
	struct name_keys keys;

	if (session_keys(hub, s, &keys))
		nametable_remove(hub->nametable, s->route, &keys, row);
	else
		nametable_forget(hub->nametable, row);
}

void
session_rename(struct hub *hub, uint32_t row, uint32_t text,
    const struct name_keys *keys)
{
	struct state_session *s = state_session(hub->state, row);
	uint32_t old = s->name;

	nametable_remove(hub->nametable, s->route, keys, row);
	state_store_32(&s->name, text);
	if (old != STATE_NONE)
		state_release(hub->state, old);
}

/* Counts a member out; a room in which nothing was said goes with the last. */
static void
room_count_out(struct hub *hub, struct room *room)
{
	room->count--;
	if (room->count == 0 && room->seq == 0)
		room_remove(hub->rooms, room);
}

void
session_move(struct hub *hub, uint32_t row, struct room *from,
    struct room *to)
{
	struct state_session *s = state_session(hub->state, row);
	struct roster_entry tab;
	uint32_t at = STATE_NONE;
	unsigned index;

	while ((at = tabs_next(hub, row, at)) != STATE_NONE) {
		(void)roster_read(hub->state, at, &tab);
		index = hub_worker_index(hub, tab.generation);
		room_count_reader(hub->rooms, from, index, -1);
		room_count_reader(hub->rooms, to, index, 1);
	}
	lists_remove(hub->members, &from->members, row);
	/* Before the room: of that it would say nothing. */
	if (session_token(hub, row) != NULL)
		state_store_64(&s->proven, to->seq);
	state_store_32(&s->room, to->row);
	lists_add(hub->members, &to->members, row);
	to->count++;
	room_count_out(hub, from);
}

/*
 * The end.
 */

/* Takes a MEMBER's connections and row out.  A row that a connection names
 * goes last. */
static void
remove_member(struct hub *hub, uint32_t row)
{
	uint32_t tab = tabs_next(hub, row, STATE_NONE);

	if (tab == STATE_NONE)
		graces_remove(hub->graces, row);
	for (; tab != STATE_NONE; tab = tabs_next(hub, row, STATE_NONE))
		tabs_remove(hub, tab);
	tokens_remove(hub->tokens, row);
	state_release(hub->state, row);
}

static void
remove_session(struct hub *hub, uint32_t row, struct room *room)
{
	struct roster_entry entry;

	(void)roster_read(hub->state, row, &entry);
	if (entry.address != 0)
		tally_remove(hub->addresses, entry.address);
	if (room != NULL)
		room_count_reader(hub->rooms, room,
		    hub_worker_index(hub, entry.generation), -1);
	roster_remove(hub->roster, row);
}

/* Takes it out of the tables and all counts, once that is committed. */
static void
session_remove(struct hub *hub, uint32_t row, struct room *room)
{
	if (room != NULL) {
		lists_remove(hub->members, &room->members, row);
		numbers_remove(hub->numbers, row);
		release_name(hub, state_session(hub->state, row), row);
	}
	if (session_token(hub, row) != NULL)
		remove_member(hub, row);
	else
		remove_session(hub, row, room);
	if (room != NULL)
		room_count_out(hub, room);
}

/* It is away, and may return until its grace time is over.  What it said
 * before must count: nobody could say later that it was there. */
static void
session_go_away(struct hub *hub, uint32_t row, uint32_t tab)
{
	struct state_session *s = state_session(hub->state, row);

	append_commit(hub->append);
	state_store_64(&s->grace_end, clock_ms() +
	    hub->settings->routes[s->route].grace_ms);
	tabs_remove(hub, tab);
	graces_add(hub->graces, row);
}

/* Whoever takes a token and is gone again and again would fill rooms with
 * people who are not there. */
static bool
may_be_away(const struct hub *hub, uint32_t row)
{
	uint64_t most = hub->settings->limits.connections_per_address;
	const struct settings_route *route =
	    &hub->settings->routes[state_session(hub->state, row)->route];

	return route->grace_ms > 0 &&
	    (most == 0 || graces_of_maker(hub->graces, row) < most);
}

/* Ends the membership, with a record. */
static bool
session_end(struct hub *hub, uint32_t row, uint64_t sender,
    uint64_t generation, uint64_t request)
{
	const struct state_session *s = state_session(hub->state, row);
	struct room *room = session_room(hub, s);
	char name[SESSION_NAME];
	struct append_record r = {
		.kind = RECORD_LEAVE, .sender = sender,
		.generation = generation, .request = request, .name = name,
		.token = session_token(hub, row)
	};

	if (room != NULL) {
		r.seq = room->seq;
		r.count = room->count - 1;
		r.name_len = session_name(hub, s, name);
		if (!hub_append(hub, room, &r))
			return false;
		append_commit(hub->append);
	}
	session_remove(hub, row, room);
	return true;
}

bool
session_leave(struct hub *hub, uint32_t connection_row, bool may_return,
    uint64_t generation, uint64_t request)
{
	struct roster_entry entry;

	if (!roster_read(hub->state, connection_row, &entry))
		return true;
	if (connection_row != entry.member) {
		if (tabs_count(hub, entry.member) > 1) {
			append_commit(hub->append);
			tabs_remove(hub, connection_row);
			return true;
		}
		if (may_return && may_be_away(hub, entry.member)) {
			session_go_away(hub, entry.member, connection_row);
			return true;
		}
	}
	return session_end(hub, entry.member, entry.connection, generation,
	    request);
}

void
session_drop(struct hub *hub, uint32_t connection_row)
{
	struct roster_entry entry;

	/* The record is short, so there is room for it. */
	if (roster_read(hub->state, connection_row, &entry))
		(void)!session_leave(hub, connection_row, true, 0,
		    entry.generation);
}

bool
session_end_away(struct hub *hub, uint32_t row)
{
	return session_end(hub, row, 0, 0, 0);
}

void
session_expire(struct hub *hub, uint64_t now_ms)
{
	uint64_t end_ms;
	uint32_t row;

	for (unsigned i = 0; i < EXPIRE_MAX; i++) {
		row = graces_first(hub->graces, &end_ms);
		if (row == STATE_NONE || end_ms > now_ms ||
		    hub_turn_is_full(hub) || !session_end_away(hub, row))
			break;
	}
}
