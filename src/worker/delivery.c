/*
 * delivery - see delivery.h.
 */
#include "config.h"

#include "worker/delivery.h"

#include <stdlib.h>

#include "base/logger.h"
#include "worker/audience.h"
#include "worker/catchup.h"
#include "worker/compress.h"
#include "worker/delivery_parts.h"
#include "worker/event.h"
#include "worker/output.h"
#include "worker/render.h"

#define TURN_BYTES	(256 * 1024)	/* rendered, then it is sent */
#define LINE_KEEP	(256 * 1024)	/* a larger buffer is not kept */
#define HISTORY_STEPS	65536		/* records looked at for them */

struct delivery *
delivery_new(const struct log *log, struct compress *compress)
{
	struct delivery *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->audiences = audience_table_new();
	d->catchup = batch_new();
	if (d->audiences == NULL || d->catchup == NULL) {
		free(d->audiences);
		batch_free(d->catchup);
		free(d);
		return NULL;
	}
	d->log = log;
	d->compress = compress;
	d->position = log_committed(log);
	return d;
}

bool
delivery_is_due(const struct worker *w)
{
	return log_committed(w->delivery->log) != w->delivery->position;
}

bool
delivery_has_reached(const struct worker *w, const struct client *c,
    uint64_t position)
{
	return w->delivery->position >= position && !c->is_joining &&
	    (!c->is_lagging || c->cursor >= position);
}

/*
 * Batches.
 */

static struct batch *
batch_get(struct delivery *d, struct audience *a)
{
	struct batch *b = a->batch;

	if (b != NULL)
		return b;
	b = d->spare;
	if (b != NULL)
		d->spare = b->next;
	else
		b = batch_new();
	if (b == NULL)
		return NULL;
	b->audience = a;
	for (unsigned i = 0; i < FORMS; i++)
		b->forms[i].base = a->rendered[i];
	b->next = d->batches;
	d->batches = b;
	a->batch = b;
	return b;
}

bool
delivery_append(struct delivery *d, struct batch *b,
    const uint32_t in_form[FORMS], const struct settings_route *route,
    const struct cursor_view *v)
{
	buf_reset(&d->line);
	return event_render(&d->line, route, v) && batch_append(b,
	    d->compress, in_form, DIALECT_TEXT, v->position, &d->line,
	    route->deflate_min_size);
}

/*
 * A turn: the walk.
 */

/* Appends a line to what the client alone gets. */
static bool
delivery_append_line(struct delivery *d, struct client *c,
    const struct settings_route *route, const struct cursor_view *v)
{
	buf_reset(&d->line);
	return event_render(&d->line, route, v) &&
	    compress_message(d->compress, c->form, FRAME_TEXT,
	    buf_head(&d->line), buf_len(&d->line), route->deflate_min_size,
	    &c->out);
}

/* The last lines before the join, as far as the backlog takes them. */
static void
delivery_replay(struct worker *w, struct client *c,
    const struct settings_route *route, const struct cursor_view *join)
{
	const struct log *log = w->delivery->log;
	static uint64_t positions[SETTINGS_REPLAY];
	size_t before = buf_len(&c->out), count, from;
	uint64_t bytes = 0;
	struct cursor_view v;

	count = cursor_history(log, join->record.room, join->record.previous,
	    0, positions, route->replay, HISTORY_STEPS);
	for (from = count; from > 0; from--)
		if (cursor_read(log, positions[from - 1], &v)) {
			bytes += v.record.name_len + v.text_len;
			if (route->limits.backlog != 0 &&
			    bytes > route->limits.backlog)
				break;
		}
	for (size_t i = from; i < count; i++)
		if (cursor_read(log, positions[i], &v) &&
		    !delivery_append_line(w->delivery, c, route, &v))
			break;
	/* Overrun while it was read: better none than torn ones.  A position
	 * need not be lower than the one before it: KEPT lines stand last. */
	for (size_t i = from; i < count; i++)
		if (!cursor_is_intact(log, positions[i]))
			c->out.end = c->out.begin + before;
}

/* What the turn has brought the client so far becomes his own: what he alone
 * is told next, or hears in another room, comes behind it. */
static bool
delivery_settle(struct client *c)
{
	const struct batch *b = c->audience->batch;
	const struct rendering *r;
	size_t len;

	if (b == NULL)
		return true;
	r = &b->forms[c->form];
	len = buf_len(&r->bytes);
	if (len > c->batch_from && !buf_append(&c->out, buf_head(&r->bytes) +
	    c->batch_from, len - c->batch_from))
		return false;
	c->batch_from = (uint32_t)len;
	return true;
}

bool
delivery_enter(struct delivery *d, struct client *c, uint64_t room)
{
	struct audience *a = audience_get(d->audiences, room);

	if (a == NULL || !audience_add(a, c))
		return false;
	c->batch_from = a->batch == NULL ? 0 :
	    (uint32_t)buf_len(&a->batch->forms[c->form].bytes);
	return true;
}

/* A record that its sender has asked for: he is told, or is in the room he
 * went to.  A move is two records; between them he is in no room.  Who lags
 * comes to it in his own time (catchup.h). */
static void
delivery_own(struct worker *w, const struct cursor_view *v)
{
	struct delivery *d = w->delivery;
	struct client *c = client_find(w, v->record.sender);

	/* Overrun: the turn will end for all, and nothing torn may be among
	 * what the client is sent before that. */
	if (c == NULL || c->state != CLIENT_OPEN || c->is_lagging ||
	    (c->audience == NULL) != c->is_joining ||
	    !cursor_is_intact(d->log, d->position))
		return;
	if (c->audience != NULL && !delivery_settle(c)) {
		client_close(w, c, CLOSE_SERVER_FAULT);
		return;
	}
	if (v->record.kind == RECORD_LEAVE) {
		audience_leave(c);
		c->is_joining = true;
		return;
	}
	if (v->record.kind == RECORD_JOIN) {
		/* He lagged, and caught up between the halves. */
		if (c->audience != NULL)
			audience_leave(c);
		c->is_joining = false;
		c->room = v->record.room;
	}
	buf_reset(&d->line);
	if (c->audience == NULL && !delivery_enter(d, c, v->record.room))
		client_close(w, c, CLOSE_SERVER_FAULT);
	else if (!event_render_own(&d->line, v))
		client_close(w, c, CLOSE_SERVER_FAULT);
	else if (cursor_is_intact(d->log, d->position))
		client_tell(w, c, &d->line);
}

static void
delivery_join(struct worker *w, const struct settings_route *route,
    const struct cursor_view *v)
{
	struct delivery *d = w->delivery;
	struct client *c = client_find(w, v->record.sender);

	if (c == NULL || c->state != CLIENT_OPEN || !c->is_joining)
		return;
	c->is_joining = false;
	c->room = v->record.room;
	buf_reset(&d->line);
	if (!delivery_enter(d, c, v->record.room) ||
	    !render_greeting(&d->line, route, v->record.count)) {
		client_close(w, c, CLOSE_SERVER_FAULT);
		return;
	}
	if (route->greeting[0] != '\0')
		client_queue_message(w, c, FRAME_TEXT, buf_head(&d->line),
		    buf_len(&d->line));
	if (c->state != CLIENT_OPEN)
		return;
	if (route->replay > 0)
		delivery_replay(w, c, route, v);
	client_mark_dirty(w, c);
	logger_write_connection(LOGGER_DEBUG, c->connection, "joined",
	    "users=%llu", (unsigned long long)v->record.count);
}

/* Renders it for the room, when somebody of the room is here. */
static void
delivery_show(struct worker *w, const struct settings_route *route,
    const struct cursor_view *v)
{
	struct delivery *d = w->delivery;
	struct audience *a = audience_find(d->audiences, v->record.room);
	struct batch *b;
	size_t before;

	if (a == NULL || a->count == 0)
		return;
	b = batch_get(d, a);
	if (b == NULL) {
		d->is_short = true;
		return;
	}
	before = batch_size(b);
	if (!delivery_append(d, b, a->in_form, route, v))
		d->is_short = true;
	d->rendered += batch_size(b) - before;
}

static void
delivery_record(struct worker *w, const struct cursor_view *v)
{
	const struct settings_route *route;

	if (v->record.route >= w->settings->route_count)
		return;
	route = &w->settings->routes[v->record.route];
	if (v->record.generation == w->generation) {
		if (event_is_answer(&v->record)) {
			delivery_own(w, v);
			if (v->record.kind == RECORD_JOIN)
				catchup_move(w, v);
		} else if (v->record.kind == RECORD_JOIN)
			delivery_join(w, route, v);
	}
	if (event_is_shown(route, &v->record))
		delivery_show(w, route, v);
}

/*
 * A turn: the sending.
 */

static void
delivery_send(struct worker *w, struct client *c, const struct batch *b)
{
	const struct rendering *r = &b->forms[c->form];
	size_t from = c->batch_from, len = buf_len(&r->bytes), n;

	c->batch_from = 0;
	if (c->is_lagging) {
		catchup_check_backlog(w, c);
		return;
	}
	if (c->is_blocked) {
		catchup_cut(w, c, b, from);
	} else {
		n = client_send(w, c, buf_head(&r->bytes) + from, len - from);
		if (n < len - from)
			catchup_cut(w, c, b, from + n);
	}
}

static void
batch_send(struct worker *w, struct batch *b, uint64_t end)
{
	struct audience *a = b->audience;

	b->end = end;
	for (unsigned i = 0; i < FORMS; i++)
		a->rendered[i] += buf_len(&b->forms[i].bytes);
	/* From the last to the first: who is dropped is replaced by one who
	 * has been served. */
	for (uint32_t i = a->count; i-- > 0;)
		delivery_send(w, a->members[i], b);
}

static void
batch_put(struct delivery *d, struct batch *b)
{
	struct audience *a = b->audience;

	a->batch = NULL;
	audience_trim(a);
	batch_reset(b);
	b->next = d->spare;
	d->spare = b;
}

static void
close_lost(struct worker *w, struct client *c)
{
	if (c->audience != NULL || c->is_joining)
		client_close(w, c, CLOSE_BACKLOG);
}

/* Records passed unread, or memory was short for them: who should have had
 * them cannot go on as if nothing had been. */
static void
delivery_lost(struct worker *w, const char *why)
{
	logger_error("records lost for this worker's clients",
	    "why=%s clients=%u", why, (unsigned)w->client_count);
	client_each(w, close_lost);
}

/* Where the next walk begins, when this one did not end well. */
static uint64_t
delivery_resume(const struct delivery *d, const struct cursor *cursor,
    uint64_t end)
{
	/* When the writer has lapped us we go on where the log begins; when
	 * what we stand on is no record though it is whole, behind it all. */
	if (!cursor_is_intact(d->log, d->position))
		return log_first(d->log);
	return cursor->position > d->position ? cursor->position : end;
}

void
delivery_run(struct worker *w)
{
	struct delivery *d = w->delivery;
	uint64_t end = log_committed(d->log), lost;
	struct cursor cursor;
	struct cursor_view v;
	const char *why = NULL;
	struct batch *b;

	if (!cursor_seek(&cursor, d->log, d->position, &lost))
		why = "overrun";
	d->position = cursor.position;
	d->rendered = 0;
	d->is_short = false;
	while (d->rendered < TURN_BYTES && cursor_next(&cursor, end, &v))
		delivery_record(w, &v);
	if (!cursor_is_intact(d->log, d->position))
		why = "overrun";
	else if (d->is_short)
		why = "no-memory";
	else if (cursor.position == d->position && d->position < end)
		why = "damaged";
	if (why == NULL) {
		for (b = d->batches; b != NULL; b = b->next)
			batch_send(w, b, cursor.position);
		d->position = cursor.position;
	} else {
		delivery_lost(w, why);
		d->position = delivery_resume(d, &cursor, end);
	}
	while ((b = d->batches) != NULL) {
		d->batches = b->next;
		batch_put(d, b);
	}
	if (d->line.capacity > LINE_KEEP)
		buf_clear(&d->line);
}
