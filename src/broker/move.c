/*
 * move - see move.h.
 */
#include "config.h"

#include "broker/move.h"

#include "broker/asker.h"
#include "broker/session.h"
#include "broker/tabs.h"

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

enum hub_result
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

uint64_t
move_length(const struct hub *hub, const struct move *m)
{
	return (3 + tabs_count(hub, m->member)) *
	    record_length(SESSION_NAME, RECORD_TOKEN_BYTES +
	    sizeof(struct record_enter) + ROOM_NAME_MAX);
}

/* The member's other connections follow it. */
static bool
append_others(struct hub *hub, const struct move *m, struct append_record *r)
{
	struct roster_entry tab;
	uint32_t row = STATE_NONE;

	r->kind = RECORD_ENTER;
	r->enter = (struct record_enter){ .proven = m->to->seq };
	r->generation = 0;
	while ((row = tabs_next(hub, m->member, row)) != STATE_NONE) {
		(void)roster_read(hub->state, row, &tab);
		if (tab.connection == m->sender)
			continue;
		r->sender = tab.connection;
		r->request = tab.generation;
		if (!hub_append(hub, m->to, r))
			return false;
	}
	return true;
}

bool
move_append(struct hub *hub, const struct move *m)
{
	const struct state_session *s = state_session(hub->state, m->member);
	char name[SESSION_NAME];
	struct append_record r = {
		.kind = RECORD_LEAVE, .flags = RECORD_MOVED, .name = name,
		.name_len = session_name(hub, s, name),
		.token = session_token(hub, m->member),
		.sender = m->sender, .generation = m->generation,
		.request = m->request, .seq = m->from->seq,
		.count = m->from->count - 1
	};
	size_t len;

	if (!hub_append(hub, m->from, &r))
		return false;
	r.kind = RECORD_JOIN;
	r.text = room_name(m->to, &len);
	r.text_len = (uint32_t)len;
	r.seq = m->to->seq;
	r.count = m->to->count + 1;
	return hub_append(hub, m->to, &r) && append_others(hub, m, &r);
}

enum hub_result
hub_move(struct hub *hub, unsigned index, const struct ipc_request *q,
    const char *room_name, size_t len)
{
	enum hub_result result = hub_open_request(hub, index, q);
	struct roster_entry tab;
	struct move move;
	struct asker a;

	if (result != HUB_DONE)
		return result;
	if (!asker_admit(hub, index, q, &a))
		return hub_owe_answer(hub, index, HUB_UNKNOWN);
	if (a.room == NULL ||
	    (len > 0 && !settings_room_is_valid(room_name, len)))
		return HUB_FORGED;
	/* Into a room that there is, for one reason alone. */
	if (hub_was_refused(hub, index, q))
		return hub_owe_answer(hub, index, room_find(hub->rooms,
		    a.session->route, room_name, len) != NULL ? HUB_THERE :
		    HUB_ROOMS);
	(void)roster_read(hub->state, a.row, &tab);
	move = (struct move){
		.member = a.member, .from = a.room, .sender = q->connection,
		.generation = tab.generation, .request = q->number
	};
	result = hub_room(hub, a.session->route, room_name, len, tab.address,
	    &move.to);
	if (result != HUB_DONE)
		return hub_owe_answer(hub, index, result);
	if (move.to == a.room)
		return hub_owe_answer(hub, index, HUB_THERE);
	hub_append_reserve(hub, move_length(hub, &move));
	if (!move_append(hub, &move))
		return HUB_FORGED;	/* not reached: they are short */
	append_commit(hub->append);
	session_move(hub, a.member, a.room, move.to);
	return HUB_DONE;
}
