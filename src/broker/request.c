/*
 * request - what a worker asks that changes something, and what follows.
 *
 * A part of the hub, in the broker.  Everything that can fail comes before
 * the commit; after it the tables follow the log.
 */
#include "config.h"

#include "broker/hub.h"

#include <string.h>

#include "base/clock.h"
#include "broker/hub_parts.h"
#include "broker/naming.h"
#include "broker/session.h"
#include "log/cursor.h"

/* Whether a later connection has this one's slot: then it has left. */
static bool
slot_has_later(const struct hub *hub, const struct hub_worker *w,
    uint64_t connection)
{
	uint32_t row = roster_slot(w->connections,
	    ipc_connection_slot(connection));

	return state_session(hub->state, row)->connection > connection;
}

/* What a new session needs, before anything is committed: its row, and room
 * in the tables.  The parent counts sockets; behind proxies only the broker
 * knows how many belong to one address. */
static enum hub_result
request_reserve(struct hub *hub, struct hub_worker *w,
    const struct ipc_request *q, uint32_t *row_out)
{
	uint64_t most = hub->settings->limits.connections_per_address;

	if (q->address != 0 && most != 0 &&
	    tally_count(hub->addresses, q->address) >= most)
		return HUB_ADDRESS;
	*row_out = state_reserve(hub->state);
	if (*row_out == STATE_NONE)
		return HUB_MEMORY;
	if (session_reserve(hub, w->connections, q->connection, *row_out) &&
	    (q->address == 0 || tally_add(hub->addresses, q->address) > 0))
		return HUB_DONE;
	state_release(hub->state, *row_out);
	return HUB_MEMORY;
}

static void
request_give_up(struct hub *hub, const struct ipc_request *q, uint32_t row)
{
	state_release(hub->state, row);
	if (q->address != 0)
		tally_remove(hub->addresses, q->address);
}

enum hub_result
hub_attach(struct hub *hub, unsigned index, const struct ipc_request *q)
{
	struct hub_worker *w = &hub->worker[index];
	enum hub_result result = hub_open_request(hub, index, q);
	struct session session;
	uint32_t row;

	if (result != HUB_DONE)
		return result;
	if (hub->settings->routes[q->route].kind != SETTINGS_ECHO)
		return HUB_FORGED;
	/* It leaves no record: what a dead broker did is seen here. */
	if (roster_find(hub->roster, w->connections, q->connection) !=
	    STATE_NONE)
		return HUB_REPEAT;
	if (!roster_slot_is_free(w->connections, q->connection))
		return slot_has_later(hub, w, q->connection) ? HUB_REPEAT :
		    HUB_FORGED;
	result = request_reserve(hub, w, q, &row);
	if (result != HUB_DONE)
		return hub_owe_answer(hub, index, result);
	session = (struct session){
		.generation = w->generation, .connection = q->connection,
		.address = q->address, .route = (uint8_t)q->route
	};
	if (!session_publish(hub, &session, row))
		return HUB_FORGED;	/* not reached */
	return HUB_DONE;
}

/* Whether one more room may be made, for an address.  The default room of a
 * route always may: whoever makes many rooms locks nobody out of it. */
static bool
may_make_room(const struct hub *hub, size_t name_len, uint64_t maker)
{
	const struct settings_limits *limits = &hub->settings->limits;

	if (name_len == 0)
		return true;
	if (limits->rooms != 0 &&
	    room_table_count(hub->rooms) >= limits->rooms)
		return false;
	return maker == 0 || limits->rooms_per_address == 0 ||
	    room_table_made_by(hub->rooms, maker) < limits->rooms_per_address;
}

/* Finds or makes the room of a name.  HUB_ROOMS, HUB_MEMORY: there is none. */
static enum hub_result
hub_room(struct hub *hub, uint8_t route, const char *name, size_t len,
    uint64_t maker, struct room **room_out)
{
	*room_out = room_find(hub->rooms, route, name, len);
	if (*room_out != NULL)
		return HUB_DONE;
	if (!may_make_room(hub, len, maker))
		return HUB_ROOMS;
	*room_out = room_add(hub->rooms, 1 + atomic_fetch_add_explicit(
	    &log_header(hub->log)->next_room, 1, memory_order_release),
	    route, name, len, len == 0 ? 0 : maker);
	return *room_out != NULL ? HUB_DONE : HUB_MEMORY;
}

enum hub_result
hub_join(struct hub *hub, unsigned index, const struct ipc_request *q,
    const char *room_name, size_t len)
{
	struct hub_worker *w = &hub->worker[index];
	const struct settings_route *route;
	enum hub_result result = hub_open_request(hub, index, q);
	struct append_record r = { .kind = RECORD_JOIN };
	struct session session;
	char name[SESSION_NAME];
	struct room *room;
	uint64_t number;
	uint32_t row;

	if (result != HUB_DONE)
		return result;
	route = &hub->settings->routes[q->route];
	if (route->kind != SETTINGS_CHAT ||
	    (len > 0 && !settings_room_is_valid(room_name, len)) ||
	    !roster_slot_is_free(w->connections, q->connection))
		return HUB_FORGED;
	result = request_reserve(hub, w, q, &row);
	if (result != HUB_DONE)
		return hub_owe_answer(hub, index, result);
	result = hub_room(hub, (uint8_t)q->route, room_name, len, q->address,
	    &room);
	if (result != HUB_DONE) {
		request_give_up(hub, q, row);
		return hub_owe_answer(hub, index, result);
	}
	number = naming_take(&log_header(hub->log)->next_user[q->route],
	    route->first_user);
	r.name = name;
	r.name_len = (uint8_t)naming_format(number, name);
	r.text = room_name;
	r.text_len = (uint32_t)len;
	r.sender = q->connection;
	r.generation = w->generation;
	r.request = q->number;
	r.seq = room->seq;
	r.count = room->count + 1;
	if (!hub_append(hub, room, &r)) {
		request_give_up(hub, q, row);
		return hub_owe_answer(hub, index, HUB_SIZE);
	}
	append_commit(hub->append);
	session = (struct session){
		.generation = w->generation, .connection = q->connection,
		.number = number, .address = q->address, .room = room,
		.route = (uint8_t)q->route
	};
	if (!session_publish(hub, &session, row))
		return HUB_FORGED;	/* not reached */
	session_enter(hub, row, room);
	room_count(room, index, 1);
	return HUB_DONE;
}

/* Who asks, and what a record of his begins with. */
struct asker {
	struct roster_worker *connections;
	uint32_t row;
	struct state_session *session;
	struct room *room;	/* NULL: on an echo route */
	char name[SESSION_NAME];
	struct append_record record;
};

/* False: it is not in the table. */
static bool
asker_find(struct hub *hub, unsigned index, const struct ipc_request *q,
    struct asker *a)
{
	struct hub_worker *w = &hub->worker[index];

	a->connections = w->connections;
	a->row = roster_find(hub->roster, w->connections, q->connection);
	if (a->row == STATE_NONE)
		return false;
	a->session = state_session(hub->state, a->row);
	a->room = session_room(hub, a->session);
	a->record = (struct append_record){
		.name = a->name,
		.name_len = session_name(hub, a->session, a->name),
		.sender = q->connection, .generation = w->generation,
		.request = q->number
	};
	if (a->room != NULL) {
		a->record.seq = a->room->seq;
		a->record.count = a->room->count;
	}
	return true;
}

/* Puts the tail of a SAY into its record.  False: it has no such form. */
static bool
take_text(const struct ipc_request *q, const uint8_t *tail, size_t len,
    struct append_record *r)
{
	if ((q->flags & IPC_ID) != 0) {
		if (len < 1 || tail[0] == 0 || tail[0] > IPC_MESSAGE_ID ||
		    tail[0] >= len)
			return false;
		r->id_len = tail[0];
		r->id = tail + 1;
		tail += 1 + r->id_len;
		len -= 1 + (size_t)r->id_len;
	}
	r->text = tail;
	r->text_len = (uint32_t)len;
	return true;
}

/* Whether the record at the position was said by whom the key names, under
 * the id in it: the hash alone proves nothing. */
static bool
is_record_of(const struct hub *hub, uint64_t position,
    const struct ids_key *key, uint64_t *seq_out)
{
	struct cursor_view v;

	if (position == LOG_NONE || !cursor_read(hub->log, position, &v) ||
	    v.record.kind != RECORD_MESSAGE || v.record.route != key->route ||
	    v.record.count != key->number || v.id_len != key->id_len ||
	    memcmp(v.id, key->id, v.id_len) != 0)
		return false;
	*seq_out = v.record.seq;
	return true;
}

/* Whether it was said under this id before.  The answer may leave before the
 * turn ends, and must not tell of what does not count yet. */
static bool
was_said(struct hub *hub, const struct ids_key *key, uint64_t *seq_out)
{
	uint64_t position = ids_find(hub->ids, key, log_first(hub->log),
	    clock_wall_us());

	if (position != LOG_NONE)
		append_commit(hub->append);
	return is_record_of(hub, position, key, seq_out);
}

/* Appends what is said, and remembers under which id. */
static enum hub_result
say(struct hub *hub, struct asker *a, const struct ids_key *key)
{
	if (key->id_len > 0 && !ids_reserve(hub->ids))
		return HUB_MEMORY;
	if (!hub_append(hub, a->room, &a->record))
		return HUB_SIZE;
	a->room->seq++;
	a->room->said_us = a->record.time_us;
	if (key->id_len > 0)
		ids_add(hub->ids, key, a->room->newest, a->record.time_us);
	return HUB_DONE;
}

enum hub_result
hub_say(struct hub *hub, unsigned index, const struct ipc_request *q,
    const uint8_t *tail, size_t len, uint64_t *seq_out)
{
	enum hub_result result = hub_open_request(hub, index, q);
	const struct settings_route *route;
	struct ids_key key;
	struct asker a;

	if (result != HUB_DONE)
		return result;
	if (!asker_find(hub, index, q, &a))
		return hub_owe_answer(hub, index, HUB_UNKNOWN);
	if (a.room == NULL || !take_text(q, tail, len, &a.record))
		return HUB_FORGED;
	route = &hub->settings->routes[a.session->route];
	if (route->limits.message_size != 0 &&
	    a.record.text_len > route->limits.message_size)
		return HUB_FORGED;
	key = (struct ids_key){
		.id = a.record.id, .id_len = a.record.id_len,
		.route = a.session->route, .number = a.session->number
	};
	if (key.id_len > 0 && was_said(hub, &key, seq_out))
		return hub_owe_answer(hub, index, HUB_SAID);
	a.record.kind = RECORD_MESSAGE;
	a.record.flags = (q->flags & IPC_ACTION) != 0 ? RECORD_ACTION : 0;
	a.record.count = key.number;
	a.record.seq++;
	result = say(hub, &a, &key);
	return result == HUB_DONE ? HUB_DONE :
	    hub_owe_answer(hub, index, result);
}

enum hub_result
hub_leave(struct hub *hub, unsigned index, const struct ipc_request *q)
{
	enum hub_result result = hub_open_request(hub, index, q);
	struct asker a;

	if (result != HUB_DONE)
		return result;
	if (!asker_find(hub, index, q, &a))
		return HUB_REPEAT;
	if (a.room != NULL) {
		a.record.kind = RECORD_LEAVE;
		a.record.count--;
		if (!hub_append(hub, a.room, &a.record))
			return hub_owe_answer(hub, index, HUB_SIZE);
		append_commit(hub->append);
	}
	session_remove(hub, a.connections, a.row, a.room, index);
	return HUB_DONE;
}

/* A dead broker has refused this and carried out what was asked later: what
 * the later one has brought about must not be undone. */
static bool
was_refused(const struct hub *hub, unsigned index,
    const struct ipc_request *q)
{
	return repeats_has_later(hub->repeats, index,
	    hub->worker[index].generation, q->number);
}

/* Whom a room that is made counts for. */
static uint64_t
asker_address(const struct hub *hub, const struct asker *a)
{
	const struct state_connection *c =
	    state_connection(hub->state, a->row);

	return c != NULL ? c->address : a->session->address;
}

/* The two records of a move, which count together. */
static bool
append_move(struct hub *hub, struct asker *a, struct room *to,
    const char *room_name, size_t len)
{
	hub_append_reserve(hub, record_length(a->record.name_len, 0) +
	    record_length(a->record.name_len, (uint32_t)len));
	a->record.kind = RECORD_LEAVE;
	a->record.flags = RECORD_MOVED;
	a->record.count--;
	if (!hub_append(hub, a->room, &a->record))
		return false;
	a->record.kind = RECORD_JOIN;
	a->record.text = room_name;
	a->record.text_len = (uint32_t)len;
	a->record.seq = to->seq;
	a->record.count = to->count + 1;
	return hub_append(hub, to, &a->record);
}

enum hub_result
hub_move(struct hub *hub, unsigned index, const struct ipc_request *q,
    const char *room_name, size_t len)
{
	enum hub_result result = hub_open_request(hub, index, q);
	struct room *to;
	struct asker a;

	if (result != HUB_DONE)
		return result;
	if (!asker_find(hub, index, q, &a))
		return hub_owe_answer(hub, index, HUB_UNKNOWN);
	if (a.room == NULL ||
	    (len > 0 && !settings_room_is_valid(room_name, len)))
		return HUB_FORGED;
	/* Into a room that there is, for one reason alone. */
	if (was_refused(hub, index, q))
		return hub_owe_answer(hub, index, room_find(hub->rooms,
		    a.session->route, room_name, len) != NULL ? HUB_THERE :
		    HUB_ROOMS);
	result = hub_room(hub, a.session->route, room_name, len,
	    asker_address(hub, &a), &to);
	if (result != HUB_DONE)
		return hub_owe_answer(hub, index, result);
	if (to == a.room)
		return hub_owe_answer(hub, index, HUB_THERE);
	/* Neither is ever too long. */
	if (!append_move(hub, &a, to, room_name, len))
		return HUB_FORGED;
	append_commit(hub->append);
	session_move(hub, a.row, a.room, to, index);
	return HUB_DONE;
}

/* The row of a new name's text; STATE_NONE for the automatic one.  False: no
 * memory. */
static bool
store_name(struct hub *hub, const struct asker *a, const struct name *name,
    uint32_t *text_out)
{
	uint64_t number;

	*text_out = STATE_NONE;
	if (name_is_automatic(name->text, name->len, &number) &&
	    number == a->session->number)
		return true;
	*text_out = state_text_store(hub->state, name->text, name->len);
	return *text_out != STATE_NONE;
}

/* Everything a new name needs but the record; HUB_DONE: it is held twice. */
static enum hub_result
take_name(struct hub *hub, const struct asker *a, const struct name *name,
    uint32_t *text_out)
{
	switch (nametable_add(hub->nametable, a->session->route, &name->keys,
	    a->row)) {
	case NAMETABLE_TAKEN:
		return HUB_TAKEN;
	case NAMETABLE_NO_MEMORY:
		return HUB_MEMORY;
	case NAMETABLE_ADDED:
		break;
	}
	if (store_name(hub, a, name, text_out))
		return HUB_DONE;
	nametable_remove(hub->nametable, a->session->route, &name->keys,
	    a->row);
	return HUB_MEMORY;
}

enum hub_result
hub_nick(struct hub *hub, unsigned index, const struct ipc_request *q,
    const char *wanted, size_t len, enum name_verdict *verdict_out)
{
	enum hub_result result = hub_open_request(hub, index, q);
	struct name name;
	struct asker a;
	uint32_t text;

	if (result != HUB_DONE)
		return result;
	if (!asker_find(hub, index, q, &a))
		return hub_owe_answer(hub, index, HUB_UNKNOWN);
	if (a.room == NULL)
		return HUB_FORGED;
	*verdict_out = name_judge(hub->names, wanted, len, a.session->number,
	    &name);
	if (*verdict_out != NAME_GOOD)
		return hub_owe_answer(hub, index, HUB_NAME);
	if (was_refused(hub, index, q))
		return hub_owe_answer(hub, index, HUB_TAKEN);
	result = take_name(hub, &a, &name, &text);
	if (result != HUB_DONE)
		return hub_owe_answer(hub, index, result);
	a.record.kind = RECORD_RENAME;
	a.record.text = name.text;
	a.record.text_len = name.len;
	if (!hub_append(hub, a.room, &a.record))
		return HUB_FORGED;	/* not reached: it is short */
	append_commit(hub->append);
	session_rename(hub, a.row, text);
	/* Its new name came with an entry of its own. */
	if (text == STATE_NONE)
		nametable_remove(hub->nametable, a.session->route, &name.keys,
		    a.row);
	return HUB_DONE;
}
