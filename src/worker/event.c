/*
 * event - see event.h.
 */
#include "config.h"

#include "worker/event.h"

#include <inttypes.h>
#include <stdio.h>

#include "worker/aside.h"
#include "worker/render.h"

bool
event_is_presence(const struct settings_route *route,
    const struct record *r)
{
	return (r->kind == RECORD_JOIN || r->kind == RECORD_LEAVE) &&
	    r->count > route->presence_above;
}

bool
event_is_shown(const struct settings_route *route, const struct record *r,
    enum dialect dialect)
{
	if (r->kind == RECORD_MESSAGE)
		return true;
	if (r->kind != RECORD_JOIN && r->kind != RECORD_LEAVE &&
	    r->kind != RECORD_RENAME)
		return false;
	return dialect == DIALECT_JSON ? !event_is_presence(route, r) :
	    route->announce;
}

bool
event_is_answer(const struct record *r)
{
	return r->kind == RECORD_RENAME || (r->flags & RECORD_MOVED) != 0;
}

bool
event_is_of(const struct record *r, uint64_t generation)
{
	return r->generation == generation ||
	    (r->generation == 0 && r->request == generation);
}

bool
event_is_coming(const struct record *r)
{
	return r->kind == RECORD_JOIN || r->kind == RECORD_ENTER;
}

bool
event_is_own(const struct record *r, uint64_t generation,
    uint64_t connection)
{
	return r->sender == connection && event_is_of(r, generation) &&
	    event_is_answer(r);
}

bool
event_is_acked(const struct record *r, uint64_t generation,
    uint64_t connection)
{
	return r->kind == RECORD_MESSAGE && (r->flags & RECORD_ID) != 0 &&
	    r->generation == generation && r->sender == connection;
}

static struct slice
slice_of(const uint8_t *at, size_t len)
{
	return (struct slice){ (const char *)at, len };
}

struct json_message
event_message(const struct cursor_view *v)
{
	return (struct json_message){
		.seq = v->record.seq,
		.from = slice_of(v->name, v->record.name_len),
		.text = slice_of(v->text, v->text_len),
		.time_ms = v->record.time_us / 1000,
		.id = slice_of(v->id_len == 0 ? NULL : v->id, v->id_len),
		.is_action = (v->record.flags & RECORD_ACTION) != 0
	};
}

static bool
render_json(struct buf *b, const struct cursor_view *v)
{
	const struct record *r = &v->record;
	const struct slice name = slice_of(v->name, r->name_len);
	const struct json_message message = event_message(v);

	if (r->kind == RECORD_JOIN)
		return json_write_join(b, name, r->count, r->seq);
	if (r->kind == RECORD_LEAVE)
		return json_write_leave(b, name, r->count, r->seq);
	if (r->kind == RECORD_RENAME)
		return json_write_rename(b, name, slice_of(v->text,
		    v->text_len), r->seq);
	return json_write_message(b, &message);
}

static bool
render_text(struct buf *line, const struct settings_route *route,
    const struct cursor_view *v)
{
	const struct record *r = &v->record;

	if (r->kind == RECORD_JOIN)
		return render_announcement(line, "[server] Member joined: ",
		    v->name, r->name_len);
	if (r->kind == RECORD_LEAVE)
		return render_announcement(line, "[server] Member left: ",
		    v->name, r->name_len);
	if (r->kind == RECORD_RENAME)
		return render_rename(line, v->name, r->name_len, v->text,
		    v->text_len);
	if ((r->flags & RECORD_ACTION) != 0)
		return render_action(line, v->name, r->name_len, v->text,
		    v->text_len);
	return render_message(line, route, v->name, r->name_len, v->text,
	    v->text_len);
}

bool
event_render(struct buf *b, const struct settings_route *route,
    const struct cursor_view *v, enum dialect dialect)
{
	return dialect == DIALECT_JSON ? render_json(b, v) :
	    render_text(b, route, v);
}

bool
event_render_own(struct buf *line, const struct cursor_view *v,
    enum dialect dialect)
{
	const struct record *r = &v->record;
	const struct slice text = slice_of(v->text, v->text_len);
	const struct aside_room room = { .name = text, .users = r->count };

	if (dialect == DIALECT_JSON)
		return r->kind == RECORD_RENAME || json_write_moved(line,
		    slice_of(v->name, r->name_len), text, r->count, r->seq);
	return r->kind == RECORD_RENAME ? aside_nick(line, text) :
	    aside_join(line, &room);
}

bool
event_render_welcome(struct buf *line, const struct cursor_view *v,
    const uint8_t *epoch, struct slice token)
{
	const struct json_welcome welcome = {
		.name = slice_of(v->name, v->record.name_len),
		.room = slice_of(v->text, v->text_len),
		.users = v->record.count, .epoch = epoch,
		.seq = v->record.seq, .token = token,
		.is_resumed = v->record.kind == RECORD_ENTER
	};

	return json_write_welcome(line, &welcome);
}

bool
event_render_repeating(struct buf *line, const struct cursor_view *v)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "repeating from %" PRIu64,
	    v->enter.proven + 1);

	return json_write_notice(line, (struct slice){ text, (size_t)len });
}

bool
event_render_ack(struct buf *line, const struct cursor_view *v)
{
	return json_write_ack(line, slice_of(v->id, v->id_len),
	    v->record.seq, false);
}
