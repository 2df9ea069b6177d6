/*
 * replay - see replay.h.
 */
#include "config.h"

#include "broker/replay.h"

#include <inttypes.h>

#include "base/logger.h"
#include "broker/session.h"
#include "broker/tabs.h"
#include "log/cursor.h"

static void
replay_room(struct hub *hub, const struct cursor_view *v)
{
	const struct record *r = &v->record;
	struct room *room = room_find_by_identity(hub->rooms, r->room);

	if (room == NULL)
		return;
	if (r->seq > room->seq)
		room->seq = r->seq;
	if ((r->kind == RECORD_MESSAGE || r->kind == RECORD_KEPT) &&
	    (room->newest == LOG_NONE || v->position > room->newest))
		room->newest = v->position;
	room_touch(hub->rooms, room, true);
}

/* The number N of a name "userN". */
static uint64_t
name_number(const uint8_t *name, size_t len)
{
	uint64_t number = 0;

	for (size_t i = 0; i < len; i++)
		if (name[i] >= '0' && name[i] <= '9')
			number = number * 10 + (uint64_t)(name[i] - '0');
	return number;
}

/* The row of the member that a record is of; STATE_NONE: it is not there. */
static uint32_t
replay_find(const struct hub *hub, const struct cursor_view *v)
{
	const struct record *r = &v->record;
	const struct roster_worker *w;

	if (v->token != NULL)
		return tokens_find(hub->tokens, r->route, v->token);
	/* A leave carries the generation of the member in `request` when the
	 * broker itself is the origin. */
	w = roster_worker_find(hub->roster,
	    r->generation != 0 ? r->generation : r->request);
	return w == NULL ? STATE_NONE : roster_find(hub->roster, w, r->sender);
}

/* The row may show the other room still. */
static void
replay_move(struct hub *hub, const struct cursor_view *v,
    const struct room *room)
{
	uint32_t row = replay_find(hub, v);
	struct state_session *s = state_session(hub->state, row);

	if (s == NULL || s->room == room->row)
		return;
	if (v->token != NULL)
		state_store_64(&s->proven, v->record.seq);
	state_store_32(&s->room, room->row);
}

/* The row may have the old name still. */
static bool
replay_rename(struct hub *hub, const struct cursor_view *v)
{
	struct state_session *s = state_session(hub->state,
	    replay_find(hub, v));
	uint32_t text = STATE_NONE, old;
	uint64_t number;

	if (s == NULL)
		return true;
	if (!name_is_automatic((const char *)v->text, v->text_len, &number)) {
		text = state_text_store(hub->state, (const char *)v->text,
		    v->text_len);
		if (text == STATE_NONE)
			return false;
	}
	old = s->name;
	state_store_32(&s->name, text);
	if (old != STATE_NONE)
		state_release(hub->state, old);
	return true;
}

/* The member's connection may have no row. */
static bool
replay_tab(struct hub *hub, const struct record *r, uint32_t member)
{
	const struct roster_worker *w =
	    roster_worker_find(hub->roster, r->generation);
	const struct roster_entry entry = {
		.generation = r->generation, .connection = r->sender,
		.member = member
	};
	uint32_t row;

	if (w != NULL && !roster_slot_is_free(w, r->sender))
		return true;
	row = state_reserve(hub->state);
	return row != STATE_NONE && tabs_publish(hub, &entry, row);
}

/* The member may have no row. */
static bool
replay_member(struct hub *hub, const struct cursor_view *v,
    struct room *room)
{
	const struct record *r = &v->record;
	const struct session session = {
		.generation = r->generation, .connection = r->sender,
		.token = v->token, .proven = r->seq,
		.number = name_number(v->name, r->name_len),
		.room = room, .route = r->route
	};
	const struct roster_worker *w =
	    roster_worker_find(hub->roster, r->generation);
	uint32_t row;

	if (v->token != NULL ? replay_find(hub, v) != STATE_NONE :
	    w != NULL && !roster_slot_is_free(w, r->sender))
		return true;
	row = state_reserve(hub->state);
	return row != STATE_NONE && session_publish(hub, &session, row);
}

static bool
replay_join(struct hub *hub, const struct cursor_view *v)
{
	struct room *room = room_find_by_identity(hub->rooms, v->record.room);

	if (room == NULL)
		return true;
	if ((v->record.flags & RECORD_MOVED) != 0) {
		replay_move(hub, v, room);
		return true;
	}
	return replay_member(hub, v, room) && (v->token == NULL ||
	    replay_tab(hub, &v->record, replay_find(hub, v)));
}

/* The connection may have no row, and the one that it replaces have one still.
 * Whether the member is away is seen by these, at the end. */
static bool
replay_enter(struct hub *hub, const struct cursor_view *v)
{
	uint32_t row = replay_find(hub, v), replaced;

	if (row == STATE_NONE || (v->record.flags & RECORD_MOVED) != 0)
		return true;
	if (!replay_tab(hub, &v->record, row))
		return false;
	replaced = tabs_find(hub, row, v->enter.replaced);
	if (replaced != STATE_NONE)
		tabs_remove(hub, replaced);
	return true;
}

/* Rows of the member may still be there. */
static void
replay_leave(struct hub *hub, const struct cursor_view *v)
{
	uint32_t row = replay_find(hub, v), tab;

	if (row == STATE_NONE || (v->record.flags & RECORD_MOVED) != 0)
		return;
	if (v->token == NULL) {
		roster_remove(hub->roster, row);
		return;
	}
	while ((tab = tabs_next(hub, row, STATE_NONE)) != STATE_NONE)
		tabs_remove(hub, tab);
	tokens_remove(hub->tokens, row);
	state_release(hub->state, row);
}

static bool
replay_member_record(struct hub *hub, const struct cursor_view *v)
{
	switch ((enum record_kind)v->record.kind) {
	case RECORD_JOIN:
		return replay_join(hub, v);
	case RECORD_ENTER:
		return replay_enter(hub, v);
	case RECORD_RENAME:
		return replay_rename(hub, v);
	case RECORD_LEAVE:
		replay_leave(hub, v);
		return true;
	case RECORD_MESSAGE:
	case RECORD_KEPT:
	case RECORD_KINDS:
		break;
	}
	return true;
}

/*
 * The rows of members show all that was committed, but perhaps not the last of
 * it: each request changes them before the next one commits.  What came before
 * is not carried out again: a connection may have gone since, which leaves no
 * record.
 */

/* The records that were committed last, of what changes members. */
struct last_group {
	uint64_t start;		/* LOG_NONE: there are none */
	bool lacks_enter;	/* a move for an old tab, before a new one */
};

static void
last_group_add(struct last_group *last, const struct cursor_view *v)
{
	const struct record *r = &v->record;
	bool is_moved = (r->flags & RECORD_MOVED) != 0;

	if (r->kind == RECORD_MESSAGE || r->kind == RECORD_KEPT ||
	    (is_moved && r->kind != RECORD_LEAVE))
		return;
	if (r->kind == RECORD_ENTER && last->lacks_enter) {
		last->lacks_enter = false;
		return;
	}
	last->start = v->position;
	last->lacks_enter = is_moved && r->request == 0;
}

static bool
replay_members(struct hub *hub, uint64_t start, uint64_t end)
{
	struct cursor cursor = { .log = hub->log, .position = start };
	struct cursor_view v;

	while (cursor_next(&cursor, end, &v))
		if (!replay_member_record(hub, &v))
			return false;
	return true;
}

bool
replay_log(struct hub *hub)
{
	uint64_t end = log_committed(hub->log), lost;
	struct last_group last = { .start = LOG_NONE };
	struct cursor cursor;
	struct cursor_view v;

	if (!cursor_seek(&cursor, hub->log, state_applied(hub->state), &lost))
		logger_warning("state older than the log",
		    "bytes=%" PRIu64, lost);
	while (cursor_next(&cursor, end, &v)) {
		last_group_add(&last, &v);
		replay_room(hub, &v);
	}
	return last.start == LOG_NONE ||
	    replay_members(hub, last.start, end);
}
