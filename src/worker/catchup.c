/*
 * catchup - see catchup.h.
 */
#include "config.h"

#include "worker/catchup.h"

#include <assert.h>

#include "base/metrics.h"
#include "worker/aside.h"
#include "worker/audience.h"
#include "worker/backfill.h"
#include "worker/budget.h"
#include "worker/counts.h"
#include "worker/delivery_parts.h"
#include "worker/entry.h"
#include "worker/event.h"
#include "worker/json_write.h"
#include "worker/output.h"
#include "worker/presence.h"
#include "worker/remnant.h"
#include "worker/waiting.h"

#define CATCHUP_BYTES	(64 * 1024)	/* rendered at a time */
#define CATCHUP_RECORDS	4096		/* looked at, likewise */

/* The frame that ends at `end`, of which what is before `at` has left, is
 * finished by himself.  False: no memory. */
static bool
catchup_keep(struct worker *w, struct client *c, const struct rendering *r,
    size_t at, size_t end)
{
	const struct mark *frame = batch_find_frame(r, at);
	struct remnant *remnant;

	if (at == end)
		return true;
	remnant = remnant_share(&w->delivery->remnant, frame->position,
	    c->form, buf_head(&r->bytes) + frame->offset,
	    end - frame->offset);
	if (remnant == NULL)
		return false;
	client_owe_remnant(c, remnant, at - frame->offset);
	return true;
}

void
catchup_cut(struct worker *w, struct client *c, const struct batch *b,
    size_t at)
{
	const struct rendering *r = &b->forms[c->form];
	const struct mark *mark = batch_find_mark(r, at);
	size_t next = mark != NULL ? mark->offset : buf_len(&r->bytes);

	if (c->state == CLIENT_GONE)
		return;
	if (!budget_allows(w, next - at)) {
		client_drop(w, c, CLOSE_MEMORY);
		return;
	}
	if (client_output(c) == NULL) {
		client_drop(w, c, CLOSE_SERVER_FAULT);
		return;
	}
	if (!c->is_lagging)
		c->output->room = c->audience->room;
	c->output->cursor = mark != NULL ? mark->position : b->end;
	c->output->mark = r->base + next;
	c->is_lagging = true;
	client_poll(w, c);
	if (!catchup_keep(w, c, r, at, next))
		client_drop(w, c, CLOSE_SERVER_FAULT);
}

void
catchup_begin(struct worker *w, struct client *c, const struct cursor_view *v)
{
	if (c->is_lagging)
		return;
	/* He has been told what came of what he asked for. */
	if (event_is_own(&v->record, w->generation, c->connection)) {
		client_close(w, c, CLOSE_BACKLOG);
		return;
	}
	if (client_output(c) == NULL) {
		client_drop(w, c, CLOSE_SERVER_FAULT);
		return;
	}
	c->output->room = c->audience->room;
	c->output->cursor = v->position;
	c->output->mark = c->audience->rendered[c->form];
	c->is_lagging = true;
	client_poll(w, c);
}

void
catchup_check_backlog(struct worker *w, struct client *c)
{
	const struct settings_limits *l = client_limits(w, c);
	uint64_t owed = c->audience->rendered[c->form] - c->output->mark;

	/* Lines for him alone take his mark past what the room has had. */
	if (owed > INT64_MAX)
		owed = 0;
	counts_backlog(w, owed + client_owed(c));
	if (l->backlog == 0 || owed + client_owed(c) <= l->backlog)
		return;
	/* What is his own is not passed over. */
	if (!l->backlog_skip || client_owed(c) > l->backlog) {
		client_close(w, c, CLOSE_BACKLOG);
		return;
	}
	if (!c->output->is_skipping)
		counts_limit(METRICS_LIMIT_BACKLOG);
	c->output->is_skipping = true;
}

void
catchup_move(struct worker *w, const struct cursor_view *join)
{
	struct client *c = client_find(w, join->record.sender);
	uint64_t owed;

	if (c == NULL || c->state != CLIENT_OPEN || !c->is_lagging)
		return;
	owed = c->audience->rendered[c->form] - c->output->mark;
	audience_leave(c);
	if (entry_add(w, c, join))
		c->output->mark = c->audience->rendered[c->form] - owed;
	else
		client_close(w, c, CLOSE_SERVER_FAULT);
}

/* What is in `line`, for him alone, as another line of the record. */
static bool
catchup_append(struct delivery *d, const struct client *c,
    const uint32_t in_form[FORMS], const struct settings_route *route,
    const struct cursor_view *v)
{
	return buf_len(&d->line) == 0 || batch_append(d->catchup,
	    d->compress, in_form, form_dialect(c->form), v->position,
	    &d->line, route->deflate_min_size);
}

/* His own rename. */
static bool
catchup_own(struct delivery *d, const struct client *c,
    const uint32_t in_form[FORMS], const struct settings_route *route,
    const struct cursor_view *v)
{
	buf_reset(&d->line);
	return event_render_own(&d->line, v, form_dialect(c->form)) &&
	    catchup_append(d, c, in_form, route, v);
}

/* What his room is shown, and behind it that his own message was said. */
static bool
catchup_show(struct worker *w, const struct client *c,
    const uint32_t in_form[FORMS], const struct settings_route *route,
    const struct cursor_view *v)
{
	struct delivery *d = w->delivery;

	if (v->record.room == c->output->room &&
	    v->record.kind != RECORD_KEPT &&
	    !delivery_append(d, d->catchup, in_form, route, v))
		return false;
	if (!form_is_json(c->form) || !event_is_acked(&v->record,
	    w->generation, c->connection))
		return true;
	buf_reset(&d->line);
	return event_render_ack(&d->line, v) &&
	    catchup_append(d, c, in_form, route, v);
}

/* He went to another room: from here on he gets the lines of that, his own
 * coming among them. */
static bool
catchup_enter(struct worker *w, struct client *c,
    const struct settings_route *route, const struct cursor_view *v,
    uint64_t next)
{
	struct delivery *d = w->delivery;
	enum dialect dialect = form_dialect(c->form);
	struct buf shown;
	bool good;

	buf_init(&shown);
	buf_reset(&d->line);
	good = event_render_own(&d->line, v, dialect) &&
	    (!event_is_shown(route, &v->record, dialect) ||
	    event_render(&shown, route, v, dialect)) &&
	    cursor_is_intact(d->log, v->position);
	if (good)
		client_queue_message(w, c, FRAME_TEXT, buf_head(&d->line),
		    buf_len(&d->line));
	if (good && buf_len(&shown) > 0 && c->state == CLIENT_OPEN)
		client_queue_message(w, c, FRAME_TEXT, buf_head(&shown),
		    buf_len(&shown));
	buf_clear(&shown);
	if (!good)
		return false;
	c->output->room = v->record.room;
	c->output->cursor = next;
	return c->state == CLIENT_OPEN;
}

/* Messages that were passed over: which, and where the first stands. */
struct gap {
	uint64_t from, to;	/* 0: none */
	uint64_t position;
};

/* Whether it is passed over, and now in the gap.  His own are not when their
 * acknowledgement goes with them. */
static bool
catchup_skip(const struct worker *w, const struct client *c,
    const struct cursor_view *v, struct gap *gap)
{
	if (!c->output->is_skipping || v->record.kind != RECORD_MESSAGE ||
	    v->record.room != c->output->room ||
	    event_is_acked(&v->record, w->generation, c->connection))
		return false;
	if (gap->to == 0)
		*gap = (struct gap){
			.from = v->record.seq, .position = v->position
		};
	gap->to = v->record.seq;
	return true;
}

/* Tells of the gap, in its place.  False: no memory. */
static bool
catchup_end_gap(struct delivery *d, const struct client *c,
    const uint32_t in_form[FORMS], const struct settings_route *route,
    struct gap *gap)
{
	struct gap told = *gap;

	gap->to = 0;
	if (told.to == 0)
		return true;
	buf_reset(&d->line);
	return (form_is_json(c->form) ? json_write_lost :
	    aside_resume_lost)(&d->line, told.from, told.to) &&
	    batch_append(d->catchup, d->compress, in_form,
	    form_dialect(c->form), told.position, &d->line,
	    route->deflate_min_size);
}

/* Renders from the client's cursor into the scratch batch, which ends before
 * he goes elsewhere.  False: the log has passed it. */
static bool
catchup_render(struct worker *w, struct client *c)
{
	struct delivery *d = w->delivery;
	struct batch *b = d->catchup;
	uint32_t in_form[FORMS] = { 0 };
	const struct settings_route *route = &w->settings->routes[c->route];
	struct cursor cursor;
	struct cursor_view v;
	uint64_t from = c->output->cursor, end = waiting_next(c, from), lost;
	struct gap gap = { .to = 0 };
	bool is_own;

	if (end > d->position)
		end = d->position;
	in_form[c->form] = 1;
	batch_reset(b);
	b->forms[c->form].base = c->output->mark;
	if (!cursor_seek(&cursor, d->log, from, &lost))
		return false;
	b->end = cursor.position;
	for (int i = 0; i < CATCHUP_RECORDS &&
	    batch_size(b) < CATCHUP_BYTES; i++) {
		if (!cursor_next(&cursor, end, &v))
			break;
		if (catchup_skip(w, c, &v, &gap)) {
			b->end = cursor.position;
			continue;
		}
		is_own = event_is_own(&v.record, w->generation,
		    c->connection);
		if ((is_own || (v.record.room == c->output->room &&
		    v.record.kind != RECORD_KEPT)) &&
		    !catchup_end_gap(d, c, in_form, route, &gap))
			return false;
		if (is_own && v.record.kind == RECORD_LEAVE) {
			b->end = cursor.position;
			continue;
		}
		if (is_own && event_is_coming(&v.record)) {
			if (batch_size(b) > 0)
				break;
			if (!catchup_enter(w, c, route, &v,
			    cursor.position))
				return false;
			b->end = cursor.position;
			continue;
		}
		if ((is_own && !catchup_own(d, c, in_form, route, &v)) ||
		    !catchup_show(w, c, in_form, route, &v))
			return false;
		b->end = cursor.position;
	}
	return catchup_end_gap(d, c, in_form, route, &gap) &&
	    cursor_is_intact(d->log, from);
}

void
catchup_run(struct worker *w, struct client *c)
{
	struct delivery *d = w->delivery;
	struct batch *b = d->catchup;
	const struct rendering *r = &b->forms[c->form];
	size_t len, n;

	assert(c->audience != NULL && client_owed(c) == 0);
	if (backfill_is_under_way(c)) {
		backfill_run(w, c);
		return;
	}
	if (!catchup_render(w, c)) {
		client_close(w, c, CLOSE_BACKLOG);
		return;
	}
	len = buf_len(&r->bytes);
	n = client_send(w, c, buf_head(&r->bytes), len);
	if (c->state != CLIENT_OPEN)
		return;
	metrics_add(METRIC_DELIVERIES, r->mark_count -
	    batch_count_from(r, n));
	if (n < len) {
		catchup_cut(w, c, b, n);
	} else {
		c->output->cursor = b->end;
		c->output->mark += len;
		c->is_lagging = b->end != d->position;
		if (!c->is_lagging) {
			c->output->is_skipping = false;
			presence_note_return(d, c->audience);
		}
		client_trim_output(c);
		client_poll(w, c);
	}
}
