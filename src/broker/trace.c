/*
 * trace - see trace.h.
 */
#include "config.h"

#include "broker/trace.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "broker/expulsion.h"
#include "broker/hub_parts.h"
#include "broker/tabs.h"

#define TRACE_RECORDS	1000	/* looked at in a turn */

static uint32_t
find_row(const struct hub *hub, const struct trace *t)
{
	return numbers_find(hub->numbers, t->route, t->number);
}

/* How he is called and where he is, by the tables.  False: he has left. */
static bool
look_up(const struct hub *hub, struct trace *t)
{
	uint32_t row = find_row(hub, t);
	const struct state_session *s = state_session(hub->state, row);
	const struct room *room = s == NULL ? NULL : session_room(hub, s);

	if (room == NULL)
		return false;
	t->name_len = session_name(hub, s, t->name);
	t->room = room->identity;
	(void)office_room_path(hub, room, t->path);
	t->tabs = tabs_count(hub, row);
	return true;
}

json_t *
trace_begin(struct hub *hub, const struct order *order, struct trace *t)
{
	const struct state_session *s;
	json_t *refusal;
	uint64_t from;
	uint32_t row;

	memset(t, 0, sizeof(*t));
	refusal = expulsion_find_user(hub, order, &row);
	if (refusal != NULL)
		return refusal;
	hub_close_request(hub);
	append_commit(hub->append);
	s = state_session(hub->state, row);
	t->route = s->route;
	t->number = s->number;
	if (!look_up(hub, t))
		return office_refusal("unknown-name",
		    "Nobody has that name.");
	from = log_committed(hub->log);
	if (order->from > 0 && order->from < from)
		from = order->from;	/* who followed a broker that died */
	t->cursor = (struct cursor){ .log = hub->log, .position = from };
	t->is_on = true;
	return json_pack("{s:b, s:I, s:s, s:s, s:i}", "ok", 1, "at",
	    (json_int_t)from, "route", hub->settings->routes[t->route].path,
	    "room", t->path, "connections", (int)t->tabs);
}

/*
 * What the log has.
 */

static json_t *
event_new(const struct trace *t, uint64_t time_us, bool is_his,
    const char *type)
{
	return json_pack("{s:I, s:s, s:s, s:s}", "time",
	    (json_int_t)(time_us / 1000), "direction", is_his ? "from" : "to",
	    "type", type, "room", t->path);
}

static void
add_name(json_t *event, const void *name, size_t len)
{
	(void)json_object_set_new(event, "name", json_stringn(name, len));
}

static void
add_text(json_t *event, const void *text, size_t len)
{
	(void)json_object_set_new(event, "size",
	    json_integer((json_int_t)len));
	(void)json_object_set_new(event, "text", json_stringn(text, len));
}

static json_t *
on_message(const struct trace *t, const struct cursor_view *v, bool is_his)
{
	json_t *event = event_new(t, v->record.time_us, is_his, "message");

	add_name(event, v->name, v->record.name_len);
	add_text(event, v->text, v->text_len);
	(void)json_object_set_new(event, "seq",
	    json_integer((json_int_t)v->record.seq));
	if ((v->record.flags & RECORD_ACTION) != 0)
		(void)json_object_set_new(event, "action", json_true());
	return event;
}

static json_t *
on_rename(struct trace *t, const struct cursor_view *v, bool is_his)
{
	json_t *event = event_new(t, v->record.time_us, is_his, "rename");

	add_name(event, v->name, v->record.name_len);
	(void)json_object_set_new(event, "to",
	    json_stringn((const char *)v->text, v->text_len));
	if (is_his && v->text_len < sizeof(t->name)) {
		memcpy(t->name, v->text, v->text_len);
		t->name_len = (uint8_t)v->text_len;
	}
	return event;
}

/* He comes to a room: to another one, or, when the log is read from before,
 * to his first. */
static json_t *
on_own_join(const struct hub *hub, struct trace *t,
    const struct cursor_view *v)
{
	t->room = v->record.room;
	snprintf(t->path, sizeof(t->path), "%s%s%.*s",
	    hub->settings->routes[t->route].path, v->text_len > 0 ? "/" : "",
	    (int)v->text_len, (const char *)v->text);
	return event_new(t, v->record.time_us, true,
	    (v->record.flags & RECORD_MOVED) != 0 ? "move" : "join");
}

/* A move is told where he arrives. */
static json_t *
on_own_leave(struct trace *t, const struct cursor_view *v)
{
	if ((v->record.flags & RECORD_MOVED) != 0)
		return NULL;
	t->is_on = false;
	return event_new(t, v->record.time_us, true, "leave");
}

/* A connection comes to a member that is there. */
static json_t *
on_own_enter(struct trace *t, const struct cursor_view *v)
{
	json_t *event;

	if ((v->record.flags & RECORD_MOVED) != 0)
		return NULL;
	if (v->enter.replaced == 0)
		t->tabs++;
	event = event_new(t, v->record.time_us, true, "connect");
	(void)json_object_set_new(event, "conn", json_integer((json_int_t)
	    ipc_connection_serial(v->record.sender)));
	(void)json_object_set_new(event, "connections",
	    json_integer((json_int_t)t->tabs));
	return event;
}

/* Somebody else comes or goes. */
static json_t *
on_other(const struct trace *t, const struct cursor_view *v, const char *type)
{
	json_t *event = event_new(t, v->record.time_us, false, type);

	add_name(event, v->name, v->record.name_len);
	return event;
}

/* NULL: the record does not concern him.  Names of a route are one user's at
 * a time, so what stands in the log under his is his. */
static json_t *
describe(const struct hub *hub, struct trace *t, const struct cursor_view *v)
{
	const struct record *r = &v->record;
	bool is_his = r->route == t->route && r->name_len == t->name_len &&
	    memcmp(v->name, t->name, t->name_len) == 0;

	if (!is_his && r->room != t->room)
		return NULL;
	switch (r->kind) {
	case RECORD_MESSAGE:
		return on_message(t, v, is_his);
	case RECORD_RENAME:
		return on_rename(t, v, is_his);
	case RECORD_JOIN:
		return is_his ? on_own_join(hub, t, v) :
		    on_other(t, v, "join");
	case RECORD_LEAVE:
		return is_his ? on_own_leave(t, v) : on_other(t, v, "leave");
	case RECORD_ENTER:
		return is_his ? on_own_enter(t, v) : NULL;
	default:
		return NULL;
	}
}

/*
 * What it has not.
 */

/* That a connection ended has no record while the user stays. */
static json_t *
look_at_tabs(const struct hub *hub, struct trace *t)
{
	unsigned now = tabs_count(hub, find_row(hub, t)), before = t->tabs;
	json_t *event;

	t->tabs = now;
	if (now >= before)
		return NULL;
	event = event_new(t, clock_wall_us(), true, "disconnect");
	(void)json_object_set_new(event, "connections",
	    json_integer((json_int_t)now));
	return event;
}

json_t *
trace_whisper(const struct trace *t, const struct hub_overheard *w)
{
	bool is_his = w->from == t->number;
	json_t *event;

	if (!t->is_on || w->route != t->route ||
	    (!is_his && w->to != t->number))
		return NULL;
	event = event_new(t, clock_wall_us(), is_his, "whisper");
	if (is_his)
		add_name(event, w->to_name, w->to_len);
	else
		add_name(event, w->from_name, w->from_len);
	add_text(event, w->text, w->text_len);
	return event;
}

/* The log went on without us: what is now is looked up. */
static json_t *
on_lost(const struct hub *hub, struct trace *t)
{
	t->has_lost = false;
	(void)look_up(hub, t);
	return event_new(t, clock_wall_us(), false, "lost");
}

/* All is read.  Who is not in the tables has left, whatever was read. */
static json_t *
on_end(const struct hub *hub, struct trace *t)
{
	if (find_row(hub, t) != STATE_NONE)
		return look_at_tabs(hub, t);
	t->is_on = false;
	return event_new(t, clock_wall_us(), true, "leave");
}

json_t *
trace_next(const struct hub *hub, struct trace *t, bool *more_out)
{
	uint64_t end = log_committed(hub->log), lost;
	struct cursor_view v;
	json_t *event;

	*more_out = false;
	/* Nothing is overwritten while the broker reads: it is the writer. */
	if (!cursor_seek(&t->cursor, hub->log, t->cursor.position, &lost) ||
	    t->has_lost)
		return on_lost(hub, t);
	for (unsigned i = 0; i < TRACE_RECORDS; i++) {
		if (!cursor_next(&t->cursor, end, &v))
			return on_end(hub, t);
		event = describe(hub, t, &v);
		if (event == NULL)
			continue;
		(void)json_object_set_new(event, "at", json_integer(
		    (json_int_t)t->cursor.position));
		return event;
	}
	*more_out = true;
	return NULL;
}
