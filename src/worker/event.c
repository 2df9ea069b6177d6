/*
 * event - see event.h.
 */
#include "config.h"

#include "worker/event.h"

#include "worker/aside.h"
#include "worker/render.h"

bool
event_is_shown(const struct settings_route *route, const struct record *r)
{
	return r->kind == RECORD_MESSAGE || (route->announce &&
	    (r->kind == RECORD_JOIN || r->kind == RECORD_LEAVE ||
	    r->kind == RECORD_RENAME));
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
event_render(struct buf *line, const struct settings_route *route,
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
event_render_own(struct buf *line, const struct cursor_view *v)
{
	struct slice text = { (const char *)v->text, v->text_len };
	struct aside_room room = { .name = text, .users = v->record.count };

	return v->record.kind == RECORD_RENAME ? aside_nick(line, text) :
	    aside_join(line, &room);
}
