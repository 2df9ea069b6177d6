/*
 * entry - see entry.h.
 */
#include "config.h"

#include "worker/entry.h"

#include <openssl/crypto.h>
#include <string.h>

#include "base/logger.h"
#include "worker/aside.h"
#include "worker/audience.h"
#include "worker/backfill.h"
#include "worker/deadline.h"
#include "worker/delivery_parts.h"
#include "worker/event.h"
#include "worker/output.h"
#include "worker/render.h"
#include "worker/seat.h"

#define US_PER_MS	1000

bool
entry_add(struct worker *w, struct client *c, const struct cursor_view *v)
{
	struct audience *a = audience_get(w->delivery->audiences,
	    v->record.room);

	if (a == NULL || !audience_add(a, c))
		return false;
	a->seq = v->record.seq;
	a->newest = v->position;
	c->batch_from = a->batch == NULL ? 0 :
	    (uint32_t)buf_len(&a->batch->forms[c->form].bytes);
	return true;
}

bool
entry_settle(struct client *c)
{
	const struct batch *b = c->audience->batch;
	const struct rendering *r;
	size_t len;

	if (b == NULL)
		return true;
	r = &b->forms[c->form];
	len = buf_len(&r->bytes);
	if (len > c->batch_from && !client_append(c, buf_head(&r->bytes) +
	    c->batch_from, len - c->batch_from))
		return false;
	c->batch_from = (uint32_t)len;
	return true;
}

/* Tells the client what stands in the scratch line, unless that was torn
 * while it was written: then the turn will end for all. */
static void
entry_tell(struct worker *w, struct client *c, bool is_good)
{
	struct delivery *d = w->delivery;

	if (!is_good)
		client_close(w, c, CLOSE_SERVER_FAULT);
	else if (c->state == CLIENT_OPEN && buf_len(&d->line) > 0 &&
	    cursor_is_intact(d->log, d->position))
		client_tell(w, c, &d->line);
	buf_reset(&d->line);
}

/*
 * A new member, or one that is there again.
 */

static struct slice
name_of(const struct cursor_view *v)
{
	return (struct slice){ (const char *)v->name, v->record.name_len };
}

/* By a token that it has named, not by a cookie, which a page has without
 * knowing. */
static bool
is_resumed(const struct client *c, const struct cursor_view *v)
{
	return v->record.kind == RECORD_ENTER && !c->seat->is_cookie;
}

/* Whether it says what it has had.  A number that the room has not reached is
 * another room's: it moved, and was lost before it knew. */
static bool
has_after(const struct client *c, const struct cursor_view *v)
{
	return c->seat->has_after && c->seat->after <= v->record.seq;
}

/* Whether what is told first has to be told from where on. */
static bool
is_repeated(const struct client *c, const struct cursor_view *v)
{
	return is_resumed(c, v) && !has_after(c, v) &&
	    v->enter.proven < v->record.seq;
}

static void
welcome(struct worker *w, struct client *c,
    const struct settings_route *route, const struct cursor_view *v)
{
	const struct delivery *d = w->delivery;
	struct buf *line = &w->delivery->line;
	char token[TOKEN_TEXT + 1];
	struct slice told = { token, 0 };

	/* A page has its cookie, and shall not know it. */
	if (route->identity != SETTINGS_SESSION)
		told.len = strlen(token_write(is_resumed(c, v) ?
		    c->seat->resume : c->seat->token, token));
	entry_tell(w, c, event_render_welcome(line, v,
	    log_header(d->log)->epoch, told));
	OPENSSL_cleanse(token, sizeof(token));
	if (is_repeated(c, v))
		entry_tell(w, c, event_render_repeating(line, v));
}

static void
greet(struct worker *w, struct client *c, const struct settings_route *route,
    const struct cursor_view *v)
{
	struct buf *line = &w->delivery->line;
	const struct slice room = { (const char *)v->text, v->text_len };
	const struct seat *seat = c->seat;
	char token[TOKEN_TEXT + 1];

	buf_reset(line);
	if (form_is_json(c->form)) {
		welcome(w, c, route, v);
		return;
	}
	if (is_resumed(c, v)) {
		entry_tell(w, c, aside_resume_again(line, name_of(v), room));
		if (is_repeated(c, v))
			entry_tell(w, c, aside_resume_repeating(line,
			    v->enter.proven + 1));
		return;
	}
	entry_tell(w, c, render_greeting(line, route, v->record.count));
	if (!seat_has_token(seat) || seat->is_cookie)
		return;
	if (seat->asks_again)
		entry_tell(w, c, aside_resume_unknown(line, name_of(v)));
	entry_tell(w, c, aside_resume_token(line, token_write(seat->token,
	    token)));
	OPENSSL_cleanse(token, sizeof(token));
}

/* What he is owed of before: all that he has not had, or the last lines. */
static struct backfill_wish
wish_of(const struct client *c, const struct settings_route *route,
    const struct cursor_view *v)
{
	const struct record *r = &v->record;
	uint64_t age_us = route->history_age_ms * US_PER_MS;

	if (r->kind == RECORD_ENTER && (has_after(c, v) || is_resumed(c, v)))
		return (struct backfill_wish){ .after = has_after(c, v) ?
		    c->seat->after : v->enter.proven };
	if (form_is_json(c->form))
		return (struct backfill_wish){ .after = r->seq };
	return (struct backfill_wish){
		.after = r->seq > route->replay ? r->seq - route->replay : 0,
		.oldest_us = age_us > 0 && age_us < r->time_us ?
		    r->time_us - age_us : 0,
		.is_history = true
	};
}

static void
note_proof(struct seat *seat, const struct cursor_view *v)
{
	seat->proof_room = v->record.room;
	seat->proof_seq = v->record.kind == RECORD_ENTER ?
	    v->enter.proven : v->record.seq;
}

void
entry_take(struct worker *w, const struct settings_route *route,
    const struct cursor_view *v)
{
	struct client *c = client_find(w, v->record.sender);
	struct backfill_wish wish;

	if (c == NULL || c->state != CLIENT_OPEN || !c->is_joining ||
	    (v->record.kind == RECORD_ENTER && c->seat == NULL))
		return;
	c->is_joining = false;
	if (!entry_add(w, c, v)) {
		client_close(w, c, CLOSE_SERVER_FAULT);
		return;
	}
	greet(w, c, route, v);
	if (c->state != CLIENT_OPEN)
		return;
	wish = wish_of(c, route, v);
	if (c->seat != NULL) {
		note_proof(c->seat, v);
		seat_wipe(c->seat);
	}
	if (!backfill_begin(w, c, v, &wish)) {
		client_close(w, c, CLOSE_SERVER_FAULT);
		return;
	}
	client_mark_dirty(w, c);
	/* Those of the handshake are over. */
	wheel_unset(&w->wheel, &c->deadline);
	client_schedule(w, c);
	logger_write_connection(LOGGER_DEBUG, c->connection,
	    v->record.kind == RECORD_ENTER ? "entered" : "joined",
	    "users=%llu", (unsigned long long)v->record.count);
}

/*
 * A member who is there.
 */

void
entry_answer(struct worker *w, const struct cursor_view *v)
{
	struct delivery *d = w->delivery;
	struct client *c = client_find(w, v->record.sender);

	/* Overrun: the turn will end for all, and nothing torn may be among
	 * what the client is sent before that. */
	if (c == NULL || c->state != CLIENT_OPEN || c->is_lagging ||
	    (c->audience == NULL) != c->is_joining ||
	    !cursor_is_intact(d->log, d->position))
		return;
	if (c->audience != NULL && !entry_settle(c)) {
		client_close(w, c, CLOSE_SERVER_FAULT);
		return;
	}
	/* A move is two records; between them he is in no room. */
	if (v->record.kind == RECORD_LEAVE) {
		audience_leave(c);
		c->is_joining = true;
		return;
	}
	if (event_is_coming(&v->record)) {
		/* His connection follows its member, or he lagged and caught
		 * up between the halves. */
		if (c->audience != NULL)
			audience_leave(c);
		c->is_joining = false;
	}
	buf_reset(&d->line);
	if (c->audience == NULL && !entry_add(w, c, v))
		client_close(w, c, CLOSE_SERVER_FAULT);
	else
		entry_tell(w, c, event_render_own(&d->line, v,
		    form_dialect(c->form)));
}

void
entry_ack(struct worker *w, const struct cursor_view *v)
{
	struct delivery *d = w->delivery;
	struct client *c = client_find(w, v->record.sender);

	/* Who lags comes to it in his own time. */
	if (c == NULL || c->state != CLIENT_OPEN || !form_is_json(c->form) ||
	    c->is_lagging || c->audience == NULL)
		return;
	buf_reset(&d->line);
	entry_tell(w, c, entry_settle(c) && event_render_ack(&d->line, v));
}

void
entry_replace(struct worker *w, const struct cursor_view *v)
{
	const struct delivery *d = w->delivery;
	struct client *c = v->enter.replaced == 0 ? NULL :
	    client_find(w, v->enter.replaced);

	if (c != NULL && c->connection != v->record.sender &&
	    cursor_is_intact(d->log, d->position))
		client_close(w, c, CLOSE_REPLACED);
}
