/*
 * census - see census.h.
 */
#include "config.h"

#include "broker/census.h"

#include "base/netaddr.h"
#include "broker/hub_parts.h"
#include "broker/office_parts.h"
#include "broker/session.h"
#include "broker/silence.h"
#include "broker/tabs.h"

#define ANSWER_ITEMS	200	/* members or rooms */
#define ANSWER_ROWS	16384	/* looked at for them */

static json_t *
describe_connection(const struct hub *hub, uint32_t row)
{
	struct roster_entry entry;
	char address[NETADDR_KEY_TEXT];
	json_t *one;

	(void)roster_read(hub->state, row, &entry);
	one = json_pack("{s:I, s:i}", "conn",
	    (json_int_t)ipc_connection_serial(entry.connection), "worker",
	    (int)hub_worker_index(hub, entry.generation));
	if (entry.address != 0)
		(void)json_object_set_new(one, "address", json_string(
		    netaddr_format_key(entry.address, address)));
	return one;
}

/* Himself, or one of the addresses that he comes from. */
static bool
is_muted(const struct hub *hub, uint32_t row, const struct state_session *s)
{
	struct roster_entry entry;
	uint32_t tab = STATE_NONE;

	if (silence_holds(hub, s, 0))
		return true;
	while ((tab = tabs_next(hub, row, tab)) != STATE_NONE)
		if (roster_read(hub->state, tab, &entry) &&
		    silence_holds(hub, s, entry.address))
			return true;
	return false;
}

static json_t *
describe_member(const struct hub *hub, uint32_t row,
    const struct room *room)
{
	const struct state_session *s = state_session(hub->state, row);
	char name[SESSION_NAME], path[OFFICE_PATH];
	json_t *connections, *member;
	uint32_t tab = STATE_NONE;

	if (room == NULL)	/* on an echo route: nobody has a name there */
		return json_pack("{s:s, s:[o]}", "room",
		    hub->settings->routes[s->route].path, "connections",
		    describe_connection(hub, row));
	connections = json_array();
	while ((tab = tabs_next(hub, row, tab)) != STATE_NONE)
		(void)json_array_append_new(connections,
		    describe_connection(hub, tab));
	member = json_pack("{s:s#, s:s, s:b, s:o}", "name", name,
	    (int)session_name(hub, s, name), "room",
	    office_room_path(hub, room, path), "away",
	    tabs_count(hub, row) == 0, "connections", connections);
	if (is_muted(hub, row, s))
		(void)json_object_set_new(member, "muted", json_true());
	return member;
}

/* `only`: of this room alone; NULL: all. */
static json_t *
member_at(const struct hub *hub, uint32_t row, const struct room *only)
{
	const struct state_session *s = state_session(hub->state, row);
	const struct room *room = s == NULL ? NULL : session_room(hub, s);

	if (s == NULL || (only != NULL && room != only))
		return NULL;
	return describe_member(hub, row, room);
}

static json_t *
room_at(const struct hub *hub, uint32_t row)
{
	const struct state_room *r = state_room(hub->state, row);
	const struct room *room = r == NULL ? NULL :
	    room_find_by_identity(hub->rooms, r->identity);
	char path[OFFICE_PATH];

	return room == NULL ? NULL : json_pack("{s:s, s:I, s:I}",
	    "room", office_room_path(hub, room, path),
	    "members", (json_int_t)room->count,
	    "messages", (json_int_t)room->seq);
}

/* A piece of a list. */
static json_t *
answer_list(const struct hub *hub, const struct order *order,
    const char *what, const struct room *only)
{
	uint32_t rows = state_rows(hub->state);
	uint64_t row = order->from;
	uint64_t end = row + ANSWER_ROWS;
	json_t *list = json_array(), *item, *answer;

	for (; row < rows && row < end && json_array_size(list) <
	    ANSWER_ITEMS; row++) {
		item = order->kind == ORDER_ROOMS ?
		    room_at(hub, (uint32_t)row) :
		    member_at(hub, (uint32_t)row, only);
		if (item != NULL)
			(void)json_array_append_new(list, item);
	}
	answer = json_pack("{s:b, s:o}", "ok", 1, what, list);
	if (row < rows)
		(void)json_object_set_new(answer, "next",
		    json_integer((json_int_t)row));
	return answer;
}

json_t *
census_who(const struct office *office, const struct order *order)
{
	const struct hub *hub = office->hub;
	const struct room *room = NULL;
	const char *name;
	uint8_t route;
	size_t len;

	if (order->room != NULL &&
	    (!office_read_path(hub, order->room, &route, &name, &len) ||
	    (room = room_find(hub->rooms, route, name, len)) == NULL))
		return office_refuse_room();
	return answer_list(hub, order, "members", room);
}

json_t *
census_rooms(const struct office *office, const struct order *order)
{
	return answer_list(office->hub, order, "rooms", NULL);
}
