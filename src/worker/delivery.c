/*
 * delivery - see delivery.h.
 *
 * A batch is what one turn brings one room: its frames, one behind the other,
 * and for each frame the position of its record, so that a client whose
 * socket takes only a part finishes the frame it is in from a copy and goes
 * on in the log behind it.
 *
 *	bytes   | frame | frame | frame |
 *	        ^       ^       ^       ^
 *	marks   0       1       2       end
 */
#include "config.h"

#include "worker/delivery.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/logger.h"
#include "log/cursor.h"
#include "worker/audience.h"
#include "worker/render.h"

#define TURN_BYTES	(256 * 1024)	/* rendered, then it is sent */
#define CATCH_UP_BYTES	(64 * 1024)	/* rendered for one who lags */
#define CATCH_UP_RECORDS 4096		/* looked at, likewise */
#define KEEP_BYTES	(256 * 1024)	/* a larger buffer is not kept */
#define HISTORY_STEPS	65536		/* records looked at for them */

struct mark {
	size_t offset;		/* of the frame in the batch */
	uint64_t position;	/* of its record */
};

struct batch {
	struct batch *next;
	struct audience *audience;
	struct buf bytes;
	struct mark *marks;
	size_t mark_count, mark_capacity;
	uint64_t base;		/* the audience's `rendered` at its start */
	uint64_t end;		/* log position behind the last record */
};

struct delivery {
	const struct log *log;
	uint64_t position;		/* everything before is delivered */
	struct audience_table *audiences;
	struct batch *batches;		/* of this turn */
	struct batch *spare;
	struct batch catch_up;		/* scratch */
	size_t rendered;		/* bytes in this turn */
	bool is_short;			/* memory ran out in this turn */
};

struct delivery *
delivery_new(const struct log *log)
{
	struct delivery *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->audiences = audience_table_new();
	if (d->audiences == NULL) {
		free(d);
		return NULL;
	}
	d->log = log;
	d->position = log_committed(log);
	return d;
}

bool
delivery_is_due(const struct worker *w)
{
	return log_committed(w->delivery->log) != w->delivery->position;
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
		b = calloc(1, sizeof(*b));
	if (b == NULL)
		return NULL;
	b->audience = a;
	b->base = a->rendered;
	b->next = d->batches;
	d->batches = b;
	a->batch = b;
	return b;
}

static void
batch_reset(struct batch *b)
{
	buf_reset(&b->bytes);
	if (b->bytes.capacity > KEEP_BYTES)
		buf_clear(&b->bytes);
	b->mark_count = 0;
}

/* Notes that the next frame in the batch is that of this record. */
static bool
batch_mark(struct batch *b, uint64_t position)
{
	struct mark *marks;
	size_t capacity = b->mark_capacity == 0 ? 16 : b->mark_capacity * 2;

	if (b->mark_count == b->mark_capacity) {
		marks = realloc(b->marks, capacity * sizeof(*marks));
		if (marks == NULL)
			return false;
		b->marks = marks;
		b->mark_capacity = capacity;
	}
	b->marks[b->mark_count++] = (struct mark){
		.offset = buf_len(&b->bytes), .position = position
	};
	return true;
}

/* Whether text clients are shown this record. */
static bool
record_is_shown(const struct settings_route *route, const struct record *r)
{
	return r->kind == RECORD_MESSAGE || (route->announce &&
	    (r->kind == RECORD_JOIN || r->kind == RECORD_LEAVE));
}

static bool
record_render(struct buf *out, const struct settings_route *route,
    const struct cursor_view *v)
{
	const struct record *r = &v->record;

	if (r->kind == RECORD_JOIN)
		return render_announcement(out, "[server] Member joined: ",
		    v->name, r->name_len);
	if (r->kind == RECORD_LEAVE)
		return render_announcement(out, "[server] Member left: ",
		    v->name, r->name_len);
	return render_message(out, route, v->name, r->name_len, v->text,
	    r->text_len);
}

static bool
batch_add(struct batch *b, const struct settings_route *route,
    const struct cursor_view *v)
{
	if (!batch_mark(b, v->position))
		return false;
	if (!record_render(&b->bytes, route, v)) {
		b->mark_count--;
		return false;
	}
	return true;
}

/*
 * A turn: the walk.
 */

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
			bytes += v.record.name_len + v.record.text_len;
			if (route->limits.backlog != 0 &&
			    bytes > route->limits.backlog)
				break;
		}
	for (size_t i = from; i < count; i++)
		if (cursor_read(log, positions[i], &v) &&
		    !render_message(&c->out, route, v.name,
		    v.record.name_len, v.text, v.record.text_len))
			break;
	/* Overrun while it was read: better none than torn ones.  A position
	 * need not be lower than the one before it: KEPT lines stand last. */
	for (size_t i = from; i < count; i++)
		if (!cursor_is_intact(log, positions[i]))
			c->out.end = c->out.begin + before;
}

static void
delivery_join(struct worker *w, const struct settings_route *route,
    const struct cursor_view *v)
{
	struct delivery *d = w->delivery;
	struct client *c = client_find(w, v->record.sender);
	struct audience *a;

	if (c == NULL || c->state != CLIENT_OPEN || !c->is_joining)
		return;
	c->is_joining = false;
	a = audience_get(d->audiences, v->record.room);
	if (a == NULL || !audience_add(a, c) ||
	    !render_greeting(&c->out, route, v->record.count)) {
		client_close(w, c, CLOSE_SERVER_FAULT);
		return;
	}
	c->batch_from = a->batch == NULL ? 0 :
	    (uint32_t)buf_len(&a->batch->bytes);
	if (route->replay > 0)
		delivery_replay(w, c, route, v);
	client_mark_dirty(w, c);
	logger_write_connection(LOGGER_DEBUG, c->connection, "joined",
	    "users=%llu", (unsigned long long)v->record.count);
}

static void
delivery_record(struct worker *w, const struct cursor_view *v)
{
	struct delivery *d = w->delivery;
	const struct settings_route *route;
	struct audience *a;
	struct batch *b;
	size_t before;

	if (v->record.route >= w->settings->route_count)
		return;
	route = &w->settings->routes[v->record.route];
	if (v->record.kind == RECORD_JOIN &&
	    v->record.generation == w->generation)
		delivery_join(w, route, v);
	if (!record_is_shown(route, &v->record))
		return;
	a = audience_find(d->audiences, v->record.room);
	if (a == NULL || a->count == 0)
		return;
	b = batch_get(d, a);
	if (b == NULL) {
		d->is_short = true;
		return;
	}
	before = buf_len(&b->bytes);
	if (!batch_add(b, route, v))
		d->is_short = true;
	d->rendered += buf_len(&b->bytes) - before;
}

/*
 * A turn: the sending.
 */

/* The client took the batch up to `at`: the frame it is in is finished from
 * a copy, the rest is read from the log when the socket takes it. */
static void
delivery_cut(struct worker *w, struct client *c, const struct batch *b,
    size_t at)
{
	size_t low = 0, high = b->mark_count, next = buf_len(&b->bytes);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (b->marks[middle].offset < at)
			low = middle + 1;
		else
			high = middle;
	}
	c->cursor = b->end;
	if (low < b->mark_count) {
		next = b->marks[low].offset;
		c->cursor = b->marks[low].position;
	}
	c->is_lagging = true;
	c->mark = b->base + next;
	client_poll(w, c);
	if (!buf_append(&c->out, buf_head(&b->bytes) + at, next - at))
		client_drop(w, c, CLOSE_SERVER_FAULT);
}

/* Closes who is too far behind. */
static void
delivery_check_backlog(struct worker *w, struct client *c)
{
	uint64_t most = w->settings->routes[c->route].limits.backlog;

	if (most != 0 && c->audience->rendered - c->mark +
	    buf_len(&c->out) > most)
		client_close(w, c, CLOSE_BACKLOG);
}

static void
delivery_send(struct worker *w, struct client *c, const struct batch *b)
{
	size_t from = c->batch_from, len = buf_len(&b->bytes), n;

	c->batch_from = 0;
	if (c->is_lagging) {
		delivery_check_backlog(w, c);
		return;
	}
	if (c->is_blocked) {
		delivery_cut(w, c, b, from);
	} else {
		n = client_send(w, c, buf_head(&b->bytes) + from, len - from);
		if (n < len - from)
			delivery_cut(w, c, b, from + n);
	}
}

static void
batch_send(struct worker *w, struct batch *b, uint64_t end)
{
	struct audience *a = b->audience;

	b->end = end;
	a->rendered += buf_len(&b->bytes);
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
}

/*
 * Who lags.
 */

/* Renders from the client's cursor into the scratch batch.  False: the log
 * has passed it. */
static bool
catch_up_render(struct worker *w, struct client *c)
{
	struct delivery *d = w->delivery;
	struct batch *b = &d->catch_up;
	const struct settings_route *route = &w->settings->routes[c->route];
	struct cursor cursor;
	struct cursor_view v;
	uint64_t lost;

	batch_reset(b);
	b->base = c->mark;
	if (!cursor_seek(&cursor, d->log, c->cursor, &lost))
		return false;
	for (int i = 0; i < CATCH_UP_RECORDS &&
	    buf_len(&b->bytes) < CATCH_UP_BYTES; i++) {
		if (!cursor_next(&cursor, d->position, &v))
			break;
		if (v.record.room == c->audience->room &&
		    record_is_shown(route, &v.record) &&
		    !batch_add(b, route, &v))
			return false;
	}
	b->end = cursor.position;
	return cursor_is_intact(d->log, c->cursor);
}

void
delivery_catch_up(struct worker *w, struct client *c)
{
	struct delivery *d = w->delivery;
	struct batch *b = &d->catch_up;
	size_t len, n;

	assert(c->audience != NULL && buf_len(&c->out) == 0);
	if (!catch_up_render(w, c)) {
		client_close(w, c, CLOSE_BACKLOG);
		return;
	}
	len = buf_len(&b->bytes);
	n = client_send(w, c, buf_head(&b->bytes), len);
	if (c->state != CLIENT_OPEN)
		return;
	if (n < len) {
		delivery_cut(w, c, b, n);
	} else {
		c->cursor = b->end;
		c->mark += len;
		c->is_lagging = c->cursor != d->position;
		client_poll(w, c);
	}
}
