/*
 * delivery - see delivery.h.
 */
#include "config.h"

#include "worker/delivery.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "worker/audience.h"
#include "worker/catchup.h"
#include "worker/delivery_parts.h"
#include "worker/entry.h"
#include "worker/event.h"
#include "worker/output.h"
#include "worker/presence.h"
#include "worker/remnant.h"
#include "worker/waiting.h"

#define TURN_BYTES	(256 * 1024)	/* rendered, then it is sent */
#define TURN_RECORDS	16384		/* read, then others have their turn */
#define LINE_KEEP	(256 * 1024)	/* a larger buffer is not kept */

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
delivery_goes_on(const struct worker *w)
{
	const struct delivery *d = w->delivery;

	return delivery_is_due(w) &&
	    (w->rung > d->position || d->rendered > 0);
}

uint32_t
delivery_audience(const struct delivery *d)
{
	return d->audience;
}

uint64_t
delivery_due(const struct worker *w)
{
	return presence_due(w->delivery);
}

bool
delivery_is_level(const struct client *c)
{
	return !c->is_joining && !c->is_lagging;
}

bool
delivery_has_reached(const struct worker *w, const struct client *c,
    uint64_t position)
{
	return w->delivery->position >= position && !c->is_joining &&
	    (!c->is_lagging || c->output->cursor >= position);
}

void
delivery_renew(struct delivery *d)
{
	remnant_release(d->remnant);
	d->remnant = NULL;
}

/*
 * Batches.
 */

static void
batch_begin(struct batch *b, struct audience *a)
{
	b->audience = a;
	for (unsigned i = 0; i < FORMS; i++)
		b->forms[i].base = a->rendered[i];
}

struct batch *
delivery_batch(struct delivery *d, struct audience *a)
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
	batch_begin(b, a);
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
	bool is_kept = v->record.kind == RECORD_KEPT;

	for (enum dialect i = 0; i < DIALECTS; i++) {
		if (!form_is_spoken(in_form, i) ||
		    !(is_kept || event_is_shown(route, &v->record, i)))
			continue;
		buf_reset(&d->line);
		if (!event_render(&d->line, route, v, i) ||
		    !batch_append(b, d->compress, in_form, i, v->position,
		    &d->line, route->deflate_min_size))
			return false;
	}
	return true;
}

/*
 * Sending a turn.
 */

static void
delivery_send(struct worker *w, struct client *c, const struct batch *b)
{
	const struct rendering *r = &b->forms[c->form];
	size_t from = c->batch_from, len = buf_len(&r->bytes), n;

	c->batch_from = 0;
	if (c->is_lagging) {
		w->delivery->missed += r->mark_count;
		catchup_check_backlog(w, c);
		return;
	}
	if (from > 0)
		w->delivery->missed += r->mark_count -
		    batch_count_from(r, from);
	/* What the turn has is for others, or is his own already. */
	if (from == len) {
		if (len > 0)
			client_mark_dirty(w, c);
		return;
	}
	n = c->is_blocked ? 0 : client_send(w, c,
	    buf_head(&r->bytes) + from, len - from);
	if (n < len - from) {
		w->delivery->missed += batch_count_from(r, from + n);
		catchup_cut(w, c, b, from + n);
	}
}

static void
batch_send(struct worker *w, struct batch *b, uint64_t end)
{
	struct audience *a = b->audience;
	uint64_t frames = 0;

	b->end = end;
	if (a->count > w->delivery->audience)
		w->delivery->audience = a->count;
	w->delivery->missed = 0;
	for (unsigned i = 0; i < FORMS; i++) {
		a->rendered[i] += buf_len(&b->forms[i].bytes);
		frames += b->forms[i].mark_count * a->in_form[i];
	}
	/* From the last to the first: who is dropped is replaced by one who
	 * has been served. */
	for (uint32_t i = a->count; i-- > 0;)
		delivery_send(w, a->members[i], b);
	metrics_add(METRIC_DELIVERIES, frames - w->delivery->missed);
}

/*
 * Reading the log for it.
 */

/* Keeps in mind where the room's last record is. */
static void
delivery_note(struct audience *a, const struct cursor_view *v)
{
	a->newest = v->position;
	/* The number of one that was kept is its own. */
	if (v->record.kind != RECORD_KEPT)
		a->seq = v->record.seq;
}

/* Whether somebody of the audience is shown the record. */
static bool
is_heard(const struct audience *a, const struct settings_route *route,
    const struct record *r)
{
	for (enum dialect i = 0; i < DIALECTS; i++)
		if (event_is_shown(route, r, i) &&
		    form_is_spoken(a->in_form, i))
			return true;
	return false;
}

/* There is no memory for the record: its room gets what is before it now, and
 * from there on each reads the log by himself, as who lags does.  Overrun: the
 * turn will end for all. */
static void
delivery_defer(struct worker *w, struct audience *a,
    const struct cursor_view *v)
{
	struct delivery *d = w->delivery;
	struct batch *b = a->batch;

	if (!cursor_is_intact(d->log, d->position))
		return;
	if (!d->is_short)
		logger_warning("no memory for a room's turn", "clients=%u",
		    (unsigned)a->count);
	d->is_short = true;
	if (b != NULL) {
		batch_cut(b, v->position);
		batch_send(w, b, v->position);
		batch_reset(b);
		batch_begin(b, a);
	}
	/* The last who goes may take the audience with him. */
	for (uint32_t i = a->count; i-- > 0;)
		catchup_begin(w, a->members[i], v);
}

/* Renders it for those of the room who are here. */
static void
delivery_show(struct worker *w, struct audience *a,
    const struct settings_route *route, const struct cursor_view *v)
{
	struct delivery *d = w->delivery;
	struct batch *b = delivery_batch(d, a);
	size_t before = b == NULL ? 0 : batch_size(b);

	if (b != NULL && delivery_append(d, b, a->in_form, route, v))
		d->rendered += batch_size(b) - before;
	else
		delivery_defer(w, a, v);
}

static void
delivery_record(struct worker *w, const struct cursor_view *v)
{
	const struct settings_route *route;
	struct audience *a;

	if (v->record.route >= w->settings->route_count)
		return;
	route = &w->settings->routes[v->record.route];
	if (v->record.kind == RECORD_ENTER)
		entry_replace(w, v);
	if (event_is_of(&v->record, w->generation)) {
		if (v->record.generation == w->generation)
			w->delivery->heard = v->record.request;
		if (event_is_answer(&v->record)) {
			entry_answer(w, v);
			if (event_is_coming(&v->record))
				catchup_move(w, v);
		} else if (event_is_coming(&v->record))
			entry_take(w, route, v);
	}
	a = audience_find(w->delivery->audiences, v->record.room);
	if (a == NULL)
		return;
	delivery_note(a, v);
	presence_note(w->delivery, a, route, &v->record);
	if (is_heard(a, route, &v->record))
		delivery_show(w, a, route, v);
	if (event_is_acked(&v->record, w->generation, v->record.sender))
		entry_ack(w, v);
}

/*
 * A turn.
 */

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

/* Records passed unread: who should have had them cannot go on as if nothing
 * had been. */
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

/* What waits for some behind the records before this one comes before it.
 * Overrun: the turn will end for all, and nothing torn may be among what they
 * are sent before that. */
static uint64_t
delivery_interject(struct worker *w, uint64_t position)
{
	if (cursor_is_intact(w->delivery->log, w->delivery->position))
		waiting_give_before(w, position, entry_settle);
	return waiting_next_of_all(w, position);
}

void
delivery_run(struct worker *w, uint64_t end)
{
	struct delivery *d = w->delivery;
	uint64_t next = waiting_next_of_all(w, d->position), lost;
	struct cursor cursor;
	struct cursor_view v;
	const char *why = NULL;
	struct batch *b;
	unsigned count = 0;

	if (!cursor_seek(&cursor, d->log, d->position, &lost))
		why = "overrun";
	d->position = cursor.position;
	d->rendered = 0;
	d->is_short = false;
	d->audience = 0;
	while (d->rendered < TURN_BYTES && count++ < TURN_RECORDS &&
	    cursor_next(&cursor, end, &v)) {
		if (v.position >= next)
			next = delivery_interject(w, v.position);
		delivery_record(w, &v);
	}
	if (!cursor_is_intact(d->log, d->position))
		why = "overrun";
	else if (cursor.position == d->position && d->position < end)
		why = "damaged";
	if (why == NULL) {
		presence_tell(d, cursor.position, w->now_ms);
		for (b = d->batches; b != NULL; b = b->next)
			batch_send(w, b, cursor.position);
		d->position = cursor.position;
		if (d->heard > 0)
			stopwatch_stop(&w->stopwatch, d->heard, clock_us(),
			    metrics_add_delivery);
		d->heard = 0;
	} else {
		delivery_lost(w, why);
		d->position = delivery_resume(d, &cursor, end);
	}
	while ((b = d->batches) != NULL) {
		d->batches = b->next;
		batch_put(d, b);
	}
	remnant_trim(&d->remnant);
	if (d->line.capacity > LINE_KEEP)
		buf_clear(&d->line);
}
