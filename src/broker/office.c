/*
 * office - see office.h.
 */
#include "config.h"

#include "broker/office.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/netaddr.h"
#include "broker/hub_parts.h"
#include "broker/session.h"
#include "broker/tabs.h"

#define ANSWER_ITEMS	200	/* members or rooms */
#define ANSWER_ROWS	16384	/* looked at for them */
#define TAIL_RECORDS	1000	/* looked at in a turn */
#define TAIL_STEPS	10000	/* back, for lines from before */
#define ROOM_PATH	(SETTINGS_ROUTE_PATH + 1 + ROOM_NAME_MAX)

/*
 * Answers.
 */

json_t *
office_refusal(const char *word, const char *text)
{
	return json_pack("{s:b, s:s, s:s}", "ok", 0, "error", word, "text",
	    text);
}

static json_t *
refuse_room(void)
{
	return office_refusal("unknown-room", "There is no such room.");
}

/* The path by which one joins it. */
static const char *
room_path(const struct hub *hub, const struct room *room,
    char out[static ROOM_PATH])
{
	size_t len;
	const char *name = room_name(room, &len);

	snprintf(out, ROOM_PATH, "%s%s%.*s",
	    hub->settings->routes[room_route(room)].path,
	    len > 0 ? "/" : "", (int)len, name);
	return out;
}

/* Of the path of its URL.  False: there can be no such room. */
static bool
read_path(const struct hub *hub, const char *path, uint8_t *route_out,
    const char **name_out, size_t *len_out)
{
	const struct settings_route *route = settings_find_route(
	    hub->settings, path, strlen(path), name_out, len_out);

	if (route == NULL || route->kind != SETTINGS_CHAT)
		return false;
	*route_out = (uint8_t)(route - hub->settings->routes);
	return true;
}

/*
 * Status.
 */

static json_t *
status_workers(const struct hub *hub)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < hub->workers; i++) {
		const struct hub_worker *w = &hub->worker[i];

		if (w->generation != 0)
			(void)json_array_append_new(list, json_pack(
			    "{s:i, s:I, s:I}", "worker", (int)i,
			    "generation", (json_int_t)w->generation,
			    "connections",
			    (json_int_t)roster_worker_count(w->connections)));
	}
	return list;
}

/* Members, and how many of them are away. */
static void
count_room(void *arg, struct room *room)
{
	uint64_t *members = arg;

	*members += room->count;
}

static json_t *
answer_status(const struct office *office, const struct order *order)
{
	struct hub *hub = office->hub;
	uint64_t members = 0;

	(void)order;
	room_each(hub->rooms, count_room, &members);
	return json_pack("{s:b, s:s, s:i, s:I, s:I, s:I, s:o, s:{s:I, s:I, "
	    "s:I}}", "ok", 1, "version", PACKAGE_VERSION,
	    "pid", (int)getppid(),
	    "connections", (json_int_t)roster_count(hub->roster),
	    "members", (json_int_t)members,
	    "rooms", (json_int_t)room_table_count(hub->rooms),
	    "workers", status_workers(hub),
	    "log", "size", (json_int_t)log_ring_size(hub->log),
	    "first", (json_int_t)log_first(hub->log),
	    "end", (json_int_t)log_committed(hub->log));
}

/*
 * Who, and which rooms.
 */

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

static json_t *
describe_member(const struct hub *hub, uint32_t row,
    const struct room *room)
{
	const struct state_session *s = state_session(hub->state, row);
	char name[SESSION_NAME], path[ROOM_PATH];
	json_t *connections;
	uint32_t tab = STATE_NONE;

	if (room == NULL)	/* on an echo route: nobody has a name there */
		return json_pack("{s:s, s:[o]}", "room",
		    hub->settings->routes[s->route].path, "connections",
		    describe_connection(hub, row));
	connections = json_array();
	while ((tab = tabs_next(hub, row, tab)) != STATE_NONE)
		(void)json_array_append_new(connections,
		    describe_connection(hub, tab));
	return json_pack("{s:s#, s:s, s:b, s:o}", "name", name,
	    (int)session_name(hub, s, name), "room",
	    room_path(hub, room, path), "away",
	    tabs_count(hub, row) == 0, "connections", connections);
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
	char path[ROOM_PATH];

	return room == NULL ? NULL : json_pack("{s:s, s:I, s:I}",
	    "room", room_path(hub, room, path),
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

static json_t *
answer_who(const struct office *office, const struct order *order)
{
	const struct hub *hub = office->hub;
	const struct room *room = NULL;
	const char *name;
	uint8_t route;
	size_t len;

	if (order->room != NULL && (!read_path(hub, order->room, &route,
	    &name, &len) ||
	    (room = room_find(hub->rooms, route, name, len)) == NULL))
		return refuse_room();
	return answer_list(hub, order, "members", room);
}

static json_t *
answer_rooms(const struct office *office, const struct order *order)
{
	return answer_list(office->hub, order, "rooms", NULL);
}

/*
 * Say.
 */

/* A route's default room is always there to be spoken to; in others somebody
 * has to be, or to have been. */
static struct room *
find_audience(struct hub *hub, const char *path)
{
	struct room *room;
	const char *name;
	uint8_t route;
	size_t len;

	if (!read_path(hub, path, &route, &name, &len))
		return NULL;
	room = room_find(hub->rooms, route, name, len);
	if (room == NULL && len == 0 &&
	    hub_room(hub, route, name, len, 0, &room) != HUB_DONE)
		return NULL;
	return room;
}

static json_t *
answer_say(const struct office *office, const struct order *order)
{
	struct hub *hub = office->hub;
	struct room *room = find_audience(hub, order->room);
	struct append_record r = {
		.kind = RECORD_MESSAGE, .name = "server", .name_len = 6,
		.text = order->text, .count = UINT64_MAX
	};
	size_t len = strlen(order->text);
	uint64_t most;

	if (room == NULL)
		return refuse_room();
	most = hub->settings->routes[room_route(room)].limits.message_size;
	r.text_len = (uint32_t)len;
	r.seq = room->seq + 1;
	hub_close_request(hub);
	if ((most != 0 && len > most) || !hub_append(hub, room, &r))
		return office_refusal("too-big", "The text is too long.");
	room->seq++;
	room->said_us = r.time_us;
	return json_pack("{s:b, s:I, s:I}", "ok", 1, "seq",
	    (json_int_t)room->seq, "members", (json_int_t)room->count);
}

/*
 * Kick.
 */

/* Whom a name means: members of several routes may have it. */
struct meant {
	uint32_t rows[SETTINGS_ROUTES];
	unsigned count;
};

static bool
is_route(const struct hub *hub, unsigned index, const char *path)
{
	return path == NULL ||
	    strcmp(hub->settings->routes[index].path, path) == 0;
}

static void
find_meant(const struct hub *hub, const struct order *order,
    struct meant *out)
{
	uint32_t row;

	out->count = 0;
	for (unsigned i = 0; i < hub->settings->route_count; i++) {
		if (!is_route(hub, i, order->route))
			continue;
		row = hub_find_user(hub, (uint8_t)i, order->name,
		    strlen(order->name));
		if (row != STATE_NONE)
			out->rows[out->count++] = row;
	}
}

/* "conn=17", as in the log.  0: it is no such text. */
static uint64_t
read_serial(const char *name)
{
	uint64_t serial;
	char *end;

	if (strncmp(name, "conn=", 5) != 0 || name[5] < '0' || name[5] > '9')
		return 0;
	serial = strtoull(name + 5, &end, 10);
	return *end == '\0' ? serial : 0;
}

static bool
kick_connection(const struct office *office, uint32_t row, bool is_ban)
{
	struct roster_entry entry;
	unsigned index;

	if (!roster_read(office->hub->state, row, &entry))
		return true;
	index = hub_worker_index(office->hub, entry.generation);
	return index == office->hub->workers ||
	    office->kick(office->arg, index, entry.connection, is_ban);
}

static json_t *
answer_kicked(unsigned count)
{
	return json_pack("{s:b, s:i}", "ok", 1, "connections", (int)count);
}

static json_t *
kick_serial(const struct office *office, uint64_t serial)
{
	const struct hub *hub = office->hub;
	uint32_t rows = state_rows(hub->state);
	struct roster_entry entry;

	for (uint32_t row = 0; row < rows; row++)
		if (roster_read(hub->state, row, &entry) &&
		    ipc_connection_serial(entry.connection) == serial)
			return kick_connection(office, row, false) ?
			    answer_kicked(1) : NULL;
	return office_refusal("unknown-connection",
	    "There is no such connection.");
}

/* All connections of a member; who is away has none, and leaves. */
static json_t *
kick_member(const struct office *office, uint32_t member)
{
	struct hub *hub = office->hub;
	uint32_t tab = STATE_NONE;
	unsigned count = 0;

	for (; (tab = tabs_next(hub, member, tab)) != STATE_NONE; count++)
		if (!kick_connection(office, tab, false))
			return NULL;
	hub_close_request(hub);
	if (count == 0 && !session_end_away(hub, member))
		return NULL;
	return answer_kicked(count);
}

static json_t *
answer_kick(const struct office *office, const struct order *order)
{
	uint64_t serial = read_serial(order->name);
	struct meant meant;

	if (serial != 0)
		return kick_serial(office, serial);
	find_meant(office->hub, order, &meant);
	if (meant.count == 0)
		return office_refusal("unknown-name",
		    "Nobody has that name.");
	if (meant.count > 1)
		return office_refusal("ambiguous",
		    "Several routes have somebody of that name.");
	return kick_member(office, meant.rows[0]);
}

/*
 * Ban.
 */

#define ADDRESSES_MAX	32	/* of one member */

/* The addresses that a name means. */
struct culprit {
	uint64_t addresses[ADDRESSES_MAX];
	unsigned count;
};

static void
culprit_add(const struct hub *hub, struct culprit *c, uint32_t row)
{
	struct roster_entry entry;

	if (!roster_read(hub->state, row, &entry) || entry.address == 0)
		return;
	for (unsigned i = 0; i < c->count; i++)
		if (c->addresses[i] == entry.address)
			return;
	if (c->count < ADDRESSES_MAX)
		c->addresses[c->count++] = entry.address;
}

/* An address itself, or those of a user's connections.  NULL, or why not. */
static json_t *
find_culprit(const struct hub *hub, const struct order *order,
    struct culprit *out)
{
	uint32_t tab = STATE_NONE;
	struct meant meant;

	out->count = 0;
	if (bans_read_key(order->name, &out->addresses[0])) {
		out->count = 1;
		return NULL;
	}
	find_meant(hub, order, &meant);
	if (meant.count == 0)
		return office_refusal("unknown-name",
		    "This is no address, and nobody has that name.");
	if (meant.count > 1)
		return office_refusal("ambiguous",
		    "Several routes have somebody of that name.");
	while ((tab = tabs_next(hub, meant.rows[0], tab)) != STATE_NONE)
		culprit_add(hub, out, tab);
	return out->count > 0 ? NULL : office_refusal("no-address",
	    "No address of that user is known.");
}

/* Closes what comes from the address; returns how many. */
static unsigned
kick_address(const struct office *office, uint64_t address)
{
	const struct hub *hub = office->hub;
	uint32_t rows = state_rows(hub->state);
	struct roster_entry entry;
	unsigned count = 0;

	for (uint32_t row = 0; row < rows; row++)
		if (roster_read(hub->state, row, &entry) &&
		    entry.address == address)
			count += kick_connection(office, row, true);
	return count;
}

static bool
ban_address(const struct office *office, uint64_t address, uint64_t until_s)
{
	return hub_ban(office->hub, address, until_s) &&
	    office->report(office->arg, address, until_s);
}

static json_t *
describe_ban(uint64_t address, uint64_t until_s)
{
	char text[NETADDR_KEY_TEXT];
	json_t *ban = json_pack("{s:s}", "address",
	    netaddr_format_key(address, text));

	if (until_s != BANS_FOREVER)
		(void)json_object_set_new(ban, "until",
		    json_integer((json_int_t)until_s));
	return ban;
}

static json_t *
answer_ban(const struct office *office, const struct order *order)
{
	uint64_t now_s = clock_wall_us() / 1000000;
	/* The second that has begun is not counted. */
	uint64_t until_s = order->seconds == 0 ? BANS_FOREVER :
	    now_s + 1 + order->seconds;
	json_t *list;
	unsigned kicked = 0;
	struct culprit c;
	json_t *refusal = find_culprit(office->hub, order, &c);

	if (refusal != NULL)
		return refusal;
	bans_expire(office->hub->bans, now_s);
	list = json_array();
	for (unsigned i = 0; i < c.count; i++) {
		if (!ban_address(office, c.addresses[i], until_s)) {
			json_decref(list);
			return office_refusal("too-many",
			    "There are too many bans.");
		}
		kicked += kick_address(office, c.addresses[i]);
		(void)json_array_append_new(list,
		    describe_ban(c.addresses[i], until_s));
	}
	return json_pack("{s:b, s:o, s:i}", "ok", 1, "bans", list,
	    "connections", (int)kicked);
}

static json_t *
answer_unban(const struct office *office, const struct order *order)
{
	uint64_t address;

	if (!bans_read_key(order->name, &address))
		return office_refusal("bad-address",
		    "This is no address that can be banned.");
	if (!bans_has(office->hub->bans, address,
	    clock_wall_us() / 1000000))
		return office_refusal("not-banned",
		    "The address is not banned.");
	return ban_address(office, address, 0) ?
	    json_pack("{s:b}", "ok", 1) : NULL;
}

static void
list_ban(void *arg, uint64_t address, uint64_t until_s)
{
	(void)json_array_append_new(arg, describe_ban(address, until_s));
}

static json_t *
answer_bans(const struct office *office, const struct order *order)
{
	json_t *list = json_array();

	(void)order;
	bans_expire(office->hub->bans, clock_wall_us() / 1000000);
	bans_each(office->hub->bans, list_ban, list);
	return json_pack("{s:b, s:o}", "ok", 1, "bans", list);
}

static json_t *(*const answers[ORDER_KINDS])(const struct office *,
    const struct order *) = {
	[ORDER_STATUS] = answer_status,
	[ORDER_WHO] = answer_who,
	[ORDER_ROOMS] = answer_rooms,
	[ORDER_SAY] = answer_say,
	[ORDER_KICK] = answer_kick,
	[ORDER_BAN] = answer_ban,
	[ORDER_UNBAN] = answer_unban,
	[ORDER_BANS] = answer_bans,
};

json_t *
office_answer(const struct office *office, const struct order *order)
{
	return answers[order->kind](office, order);
}

/*
 * Tail.
 */

/* Where its last lines are, oldest first. */
static void
tail_look_back(const struct hub *hub, struct office_tail *t, uint64_t lines)
{
	const size_t most = sizeof(t->lines) / sizeof(t->lines[0]);
	const struct room *room = room_find(hub->rooms, t->route, t->room,
	    t->room_len);

	if (room == NULL)
		return;
	t->identity = room->identity;
	if (lines > 0 && room->newest != LOG_NONE)
		t->before = cursor_history(hub->log, room->identity,
		    room->newest, 0, t->lines, lines < most ? lines : most,
		    TAIL_STEPS);
}

json_t *
office_follow(const struct office *office, const struct order *order,
    struct office_tail *t)
{
	struct hub *hub = office->hub;
	const char *name;
	uint64_t from;
	uint8_t route;
	size_t len;

	memset(t, 0, sizeof(*t));
	if (!read_path(hub, order->room, &route, &name, &len))
		return refuse_room();
	hub_close_request(hub);
	append_commit(hub->append);
	t->route = route;
	t->room_len = (uint8_t)len;
	memcpy(t->room, name, len);
	from = log_committed(hub->log);
	if (order->from > 0 && order->from < from)
		from = order->from;	/* who followed a broker that died */
	tail_look_back(hub, t, order->from > 0 ? 0 : order->lines);
	/* One that is not there any more is told of with the first event. */
	t->cursor = (struct cursor){ .log = hub->log, .position = from };
	t->is_on = true;
	return json_pack("{s:b, s:I}", "ok", 1, "at", (json_int_t)from);
}

static const char *
event_type(const struct record *r)
{
	switch (r->kind) {
	case RECORD_MESSAGE:
	case RECORD_KEPT:
		return "message";
	case RECORD_JOIN:
		return "join";
	case RECORD_LEAVE:
		return "leave";
	case RECORD_RENAME:
		return "rename";
	default:
		return NULL;
	}
}

static json_t *
describe_event(const struct cursor_view *v)
{
	const struct record *r = &v->record;
	json_t *event = json_pack("{s:s, s:I, s:s#}", "type", event_type(r),
	    "time", (json_int_t)(r->time_us / 1000), "name",
	    (const char *)v->name, (int)r->name_len);

	if (event == NULL)
		return NULL;
	if (r->kind == RECORD_JOIN || r->kind == RECORD_LEAVE) {
		(void)json_object_set_new(event, "users",
		    json_integer((json_int_t)r->count));
		return event;
	}
	(void)json_object_set_new(event, r->kind == RECORD_RENAME ? "to" :
	    "text", json_stringn((const char *)v->text, v->text_len));
	if (r->kind == RECORD_RENAME)
		return event;
	(void)json_object_set_new(event, "seq",
	    json_integer((json_int_t)r->seq));
	if ((r->flags & RECORD_ACTION) != 0)
		(void)json_object_set_new(event, "action", json_true());
	return event;
}

/* A room that was gone for a while has another identity. */
static bool
is_of_room(struct office_tail *t, const struct cursor_view *v)
{
	const struct record *r = &v->record;

	if (r->route != t->route)
		return false;
	if (r->kind == RECORD_JOIN && v->text_len == t->room_len &&
	    (t->room_len == 0 || memcmp(v->text, t->room, t->room_len) == 0))
		t->identity = r->room;
	return r->room == t->identity && r->kind != RECORD_KEPT &&
	    event_type(r) != NULL;
}

static json_t *
next_from_before(const struct hub *hub, struct office_tail *t)
{
	struct cursor_view v;
	uint64_t position;

	while (t->before > 0) {
		position = t->lines[0];
		memmove(t->lines, t->lines + 1,
		    --t->before * sizeof(t->lines[0]));
		if (position >= log_first(hub->log) &&
		    cursor_read(hub->log, position, &v))
			return describe_event(&v);
	}
	return NULL;
}

json_t *
office_next(const struct office *office, struct office_tail *t,
    bool *more_out)
{
	const struct hub *hub = office->hub;
	uint64_t end = log_committed(hub->log), lost;
	json_t *event = next_from_before(hub, t);
	struct cursor_view v;

	*more_out = false;
	if (event != NULL)
		return event;
	/* Nothing is overwritten while the broker reads: it is the writer. */
	if (!cursor_seek(&t->cursor, hub->log, t->cursor.position, &lost))
		return json_pack("{s:s}", "type", "lost");
	for (unsigned i = 0; i < TAIL_RECORDS; i++) {
		if (!cursor_next(&t->cursor, end, &v))
			return NULL;
		if (is_of_room(t, &v)) {
			event = describe_event(&v);
			(void)json_object_set_new(event, "at", json_integer(
			    (json_int_t)t->cursor.position));
			return event;
		}
	}
	*more_out = true;
	return NULL;
}
