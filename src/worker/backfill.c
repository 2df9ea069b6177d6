/*
 * backfill - see backfill.h.
 *
 * What is read may be overwritten meanwhile.  So a piece counts only when it
 * has been found whole afterwards: until then nothing of it is sent, and the
 * number that is due next is not moved.
 */
#include "config.h"

#include "worker/backfill.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "worker/aside.h"
#include "worker/audience.h"
#include "worker/delivery_parts.h"
#include "worker/json_write.h"
#include "worker/output.h"
#include "worker/seat.h"

#define PIECE_BYTES	(16 * 1024)	/* rendered at a time */
#define PIECE_RECORDS	4096		/* looked at, likewise */
#define FOUND_MAX	128		/* in one look */
#define SEEKS_MAX	4		/* without a line between them */

enum phase { SEEK, FOUND, SCAN };

struct found {
	uint64_t seq, position;
};

struct backfill {
	uint64_t next, last;	/* numbers still to be told */
	uint64_t until;		/* log position of the client's record */
	uint64_t newest;	/* of the room's record before that */
	uint64_t oldest_us;
	bool is_history;	/* and nothing of it has been told yet */
	uint8_t phase;		/* enum phase */
	uint8_t seeks;
	/* SEEK: where it is, and what it has found. */
	uint64_t at;
	uint64_t first;		/* the log's, when it began */
	uint64_t scan, scan_seq; /* the first message; `until`: none */
	unsigned found_count, found_at;
	struct found found[FOUND_MAX];	/* the lowest numbers, in order */
};

/*
 * Its life.
 */

bool
backfill_is_under_way(const struct client *c)
{
	return c->seat != NULL && c->seat->backfill != NULL;
}

void
backfill_free(struct backfill *b)
{
	free(b);
}

static void
seek_begin(const struct delivery *d, const struct client *c,
    struct backfill *b)
{
	const struct audience *a = audience_find(d->audiences,
	    c->output->room);

	/* What was kept since then lies behind the client's record. */
	b->at = a == NULL ? b->newest : a->newest;
	b->first = log_first(d->log);
	b->phase = SEEK;
	b->scan = b->until;
	b->scan_seq = b->last + 1;
	b->found_count = b->found_at = 0;
}

bool
backfill_begin(struct worker *w, struct client *c,
    const struct cursor_view *v, const struct backfill_wish *wish)
{
	struct delivery *d = w->delivery;
	struct backfill *b;

	if (wish->after >= v->record.seq)
		return true;
	if (c->seat == NULL)
		c->seat = calloc(1, sizeof(*c->seat));
	b = c->seat == NULL || client_output(c) == NULL ? NULL :
	    calloc(1, sizeof(*b));
	if (b == NULL)
		return false;
	b->next = wish->after + 1;
	b->last = v->record.seq;
	b->until = v->position;
	b->newest = v->record.previous;
	b->oldest_us = wish->oldest_us;
	b->is_history = wish->is_history;
	c->is_lagging = true;
	c->output->room = c->audience->room;
	c->output->cursor = b->until;
	/* What it may be behind counts from its coming. */
	c->output->mark = c->audience->rendered[c->form] + c->batch_from;
	seek_begin(d, c, b);
	c->seat->backfill = b;
	client_poll(w, c);
	return true;
}

/* All is told: it goes on as one who lags. */
static void
backfill_end(struct client *c)
{
	c->output->cursor = c->seat->backfill->until;
	backfill_free(c->seat->backfill);
	c->seat->backfill = NULL;
	if (!c->seat->has_token) {
		seat_free(c->seat);
		c->seat = NULL;
	}
}

/*
 * SEEK.
 */

/* Puts it into the list, unless its number is there; a full list loses its
 * highest. */
static void
found_insert(struct backfill *b, uint64_t seq)
{
	unsigned at = b->found_count;

	while (at > 0 && b->found[at - 1].seq > seq)
		at--;
	if (at == FOUND_MAX || (at > 0 && b->found[at - 1].seq == seq))
		return;
	if (b->found_count < FOUND_MAX)
		b->found_count++;
	memmove(b->found + at + 1, b->found + at,
	    (b->found_count - 1 - at) * sizeof(b->found[0]));
	b->found[at] = (struct found){ .seq = seq, .position = b->at };
}

/* Takes one record of the room into account.  False: none before it can
 * matter. */
static bool
seek_record(struct backfill *b, const struct record *r)
{
	bool is_wanted = r->seq >= b->next && r->seq <= b->last &&
	    r->time_us >= b->oldest_us;

	if (r->kind == RECORD_KEPT) {
		if (is_wanted)
			found_insert(b, r->seq);
		return true;
	}
	/* Before it there are lower numbers only, kept ones, too. */
	if (r->seq < b->next)
		return false;
	if (r->kind != RECORD_MESSAGE || b->at >= b->until)
		return true;
	if (r->time_us < b->oldest_us)
		return false;
	if (is_wanted)
		found_insert(b, r->seq);
	b->scan = b->at;
	b->scan_seq = r->seq;
	return r->seq > b->next;
}

/* Looks back along the room's chain.  False: there is more of it. */
static bool
seek(const struct delivery *d, const struct client *c, struct backfill *b)
{
	struct cursor_view v;

	for (int i = 0; i < PIECE_RECORDS; i++) {
		if (b->at == LOG_NONE || !cursor_read(d->log, b->at, &v) ||
		    v.record.room != c->output->room ||
		    !seek_record(b, &v.record) ||
		    v.record.previous >= b->at)
			return true;
		b->at = v.record.previous;
	}
	return false;
}

/* Those kept whose message has left the log. */
static unsigned
found_before_scan(const struct backfill *b)
{
	unsigned count = b->found_count;

	while (count > 0 && b->found[count - 1].seq >= b->scan_seq)
		count--;
	return count;
}

/* Whether some number is missing, up to where the list of those kept ends,
 * or the walk begins.  They lie in any order: it may be one in the middle. */
static bool
seek_lacks(const struct backfill *b, unsigned kept)
{
	uint64_t end = kept == FOUND_MAX ?
	    b->found[FOUND_MAX - 1].seq + 1 : b->scan_seq;

	return end - b->next > kept;
}

/* The look is over.  When some is missing, and was overwritten while we
 * looked, it may have been kept behind where we began. */
static void
seek_end(const struct delivery *d, const struct client *c, struct backfill *b)
{
	unsigned kept = found_before_scan(b);

	if (seek_lacks(b, kept) && log_first(d->log) != b->first &&
	    b->seeks++ < SEEKS_MAX) {
		seek_begin(d, c, b);
		return;
	}
	/* A list that is full of them need not have all. */
	if (kept == FOUND_MAX)
		b->scan = LOG_NONE;
	b->phase = FOUND;
}

/*
 * Lines.
 */

/* What a piece is made of: it counts when it is whole. */
struct piece {
	struct batch *batch;
	const struct settings_route *route;
	uint32_t in_form[FORMS];
	enum dialect dialect;
	uint64_t next;		/* number behind what it tells */
	bool is_history;
	bool is_good;		/* there was memory */
};

static struct piece
piece_begin(struct worker *w, const struct client *c)
{
	const struct backfill *b = c->seat->backfill;
	struct piece piece = {
		.batch = w->delivery->catchup,
		.route = &w->settings->routes[c->route],
		.dialect = form_dialect(c->form), .next = b->next,
		.is_history = b->is_history, .is_good = true
	};

	piece.in_form[c->form] = 1;
	batch_reset(piece.batch);
	return piece;
}

static bool
piece_has_room(const struct piece *piece)
{
	return piece->is_good && batch_size(piece->batch) < PIECE_BYTES;
}

/* Says that everything below `seq` that was not told is lost. */
static void
piece_skip(struct delivery *d, struct piece *piece, uint64_t seq)
{
	if (seq > piece->next && !piece->is_history) {
		buf_reset(&d->line);
		piece->is_good = piece->is_good &&
		    (piece->dialect == DIALECT_JSON ? json_write_lost :
		    aside_resume_lost)(&d->line, piece->next, seq - 1) &&
		    batch_append(piece->batch, d->compress, piece->in_form,
		    piece->dialect, seq, &d->line,
		    piece->route->deflate_min_size);
	}
	if (seq > piece->next)
		piece->next = seq;
}

static void
piece_add(struct delivery *d, struct piece *piece,
    const struct cursor_view *v)
{
	piece_skip(d, piece, v->record.seq);
	piece->is_good = piece->is_good && delivery_append(d, piece->batch,
	    piece->in_form, piece->route, v);
	piece->next = v->record.seq + 1;
	piece->is_history = false;
}

/* Sends it.  Its rest is the client's own: so little, that it need not be
 * looked up again. */
static void
piece_send(struct worker *w, struct client *c, const struct piece *piece)
{
	const struct buf *bytes = &piece->batch->forms[c->form].bytes;
	size_t len = buf_len(bytes), n;

	c->seat->backfill->next = piece->next;
	c->seat->backfill->is_history = piece->is_history;
	if (len > 0)
		c->seat->backfill->seeks = 0;
	n = client_send(w, c, buf_head(bytes), len);
	if (c->state == CLIENT_OPEN && n < len &&
	    !client_append(c, buf_head(bytes) + n, len - n))
		client_drop(w, c, CLOSE_SERVER_FAULT);
}

/*
 * FOUND and SCAN, each for one piece.
 */

/* Reads what was found there.  False: it is not there any more. */
static bool
found_read(const struct delivery *d, const struct client *c,
    const struct found *found, struct cursor_view *v)
{
	return cursor_read(d->log, found->position, v) &&
	    (v->record.kind == RECORD_KEPT ||
	    v->record.kind == RECORD_MESSAGE) &&
	    v->record.room == c->output->room && v->record.seq == found->seq;
}

static void
tell_found(struct worker *w, struct client *c)
{
	struct delivery *d = w->delivery;
	struct backfill *b = c->seat->backfill;
	struct piece piece = piece_begin(w, c);
	uint64_t lowest = b->until, scan = b->scan;
	bool is_there = true;
	struct cursor_view v;

	while (b->found_at < b->found_count && piece_has_room(&piece)) {
		const struct found *found = &b->found[b->found_at];

		is_there = found_read(d, c, found, &v);
		if (!is_there)
			break;
		if (found->position < lowest)
			lowest = found->position;
		/* Here the walk begins, with what the list has not. */
		if (v.record.kind == RECORD_MESSAGE)
			scan = found->position;
		piece_add(d, &piece, &v);
		b->found_at++;
	}
	if (!piece.is_good) {
		client_close(w, c, CLOSE_SERVER_FAULT);
		return;
	}
	if (!cursor_is_intact(d->log, lowest)) {
		seek_begin(d, c, b);
		return;
	}
	b->scan = scan;
	piece_send(w, c, &piece);
	if (c->state != CLIENT_OPEN)
		return;
	if (b->next > b->last) {
		backfill_end(c);
		return;
	}
	if (is_there && b->found_at < b->found_count)
		return;
	if (!is_there || b->scan == LOG_NONE) {
		seek_begin(d, c, b);
		return;
	}
	b->phase = SCAN;
	c->output->cursor = b->scan;
}

static void
tell_scanned(struct worker *w, struct client *c)
{
	struct delivery *d = w->delivery;
	struct backfill *b = c->seat->backfill;
	struct piece piece = piece_begin(w, c);
	uint64_t from = c->output->cursor, lost;
	struct cursor cursor;
	struct cursor_view v;
	bool is_over = false;

	if (!cursor_seek(&cursor, d->log, from, &lost)) {
		seek_begin(d, c, b);
		return;
	}
	for (int i = 0; i < PIECE_RECORDS && piece_has_room(&piece) &&
	    !is_over; i++) {
		is_over = piece.next > b->last ||
		    !cursor_next(&cursor, b->until, &v);
		if (!is_over && v.record.kind == RECORD_MESSAGE &&
		    v.record.room == c->output->room &&
		    v.record.seq >= piece.next)
			piece_add(d, &piece, &v);
	}
	if (is_over)
		piece_skip(d, &piece, b->last + 1);
	if (!piece.is_good) {
		client_close(w, c, CLOSE_SERVER_FAULT);
		return;
	}
	if (!cursor_is_intact(d->log, from)) {
		seek_begin(d, c, b);
		return;
	}
	c->output->cursor = cursor.position;
	piece_send(w, c, &piece);
	if (c->state == CLIENT_OPEN && is_over)
		backfill_end(c);
}

void
backfill_run(struct worker *w, struct client *c)
{
	struct delivery *d = w->delivery;
	struct backfill *b = c->seat->backfill;

	assert(c->audience != NULL && client_owed(c) == 0);
	/* What follows live is gone, too. */
	if (log_first(d->log) > b->until) {
		client_close(w, c, CLOSE_BACKLOG);
		return;
	}
	if (b->phase == SEEK) {
		if (!seek(d, c, b))
			return;
		seek_end(d, c, b);
	}
	if (b->phase == FOUND && (b->found_count > 0 || b->scan == LOG_NONE))
		tell_found(w, c);
	else if (b->phase != SEEK) {
		if (b->phase == FOUND) {
			b->phase = SCAN;
			c->output->cursor = b->scan;
		}
		tell_scanned(w, c);
	}
}
