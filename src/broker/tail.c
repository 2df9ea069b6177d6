/*
 * tail - see tail.h.
 */
#include "config.h"

#include "broker/tail.h"

#include <string.h>

#include "broker/hub_parts.h"
#include "broker/office_parts.h"

#define TAIL_RECORDS	1000	/* looked at in a turn */
#define TAIL_STEPS	10000	/* back, for lines from before */

/* Where its last lines are, oldest first. */
static void
tail_look_back(const struct hub *hub, struct tail *t, uint64_t lines)
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
tail_begin(struct hub *hub, const struct order *order, struct tail *t)
{
	const char *name;
	uint64_t from;
	uint8_t route;
	size_t len;

	memset(t, 0, sizeof(*t));
	if (!office_read_path(hub, order->room, &route, &name, &len))
		return office_refuse_room();
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
is_of_room(struct tail *t, const struct cursor_view *v)
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
next_from_before(const struct hub *hub, struct tail *t)
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
tail_next(const struct hub *hub, struct tail *t, bool *more_out)
{
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
