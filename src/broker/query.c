/*
 * query - what a worker asks that changes nothing: who, which rooms, and a
 * whisper.
 *
 * A part of the hub, in the broker.  The answers are messages; a request that
 * a new broker gets again is answered again, and it is the workers who drop
 * what they have had.
 */
#include "config.h"

#include "broker/hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "broker/asker.h"
#include "broker/hub_parts.h"
#include "broker/session.h"
#include "broker/silence.h"
#include "broker/tabs.h"

#define ANSWER_MAX	16384	/* bytes of names */
#define ROOMS_MAX	50
#define ROOMS_FEW	256	/* are looked through for each question */
#define LISTING_MS	1000

static bool
append_text(struct buf *out, const char *text, size_t len)
{
	return (len == 0 || buf_append(out, text, len)) &&
	    buf_append(out, "", 1);
}

/* The member that asks, in a room; NULL with the result. */
static const struct state_session *
find_asker(struct hub *hub, unsigned index, const struct ipc_request *q,
    struct asker *a, enum hub_result *result_out)
{
	*result_out = hub_open_request(hub, index, q);
	if (*result_out != HUB_DONE)
		return NULL;
	if (!asker_admit(hub, index, q, a))
		*result_out = hub_owe_answer(hub, index, HUB_UNKNOWN);
	else if (a->room == NULL)
		*result_out = HUB_FORGED;
	return *result_out != HUB_DONE ? NULL : a->session;
}

bool
hub_find_user(const struct hub *hub, uint8_t route, const char *name,
    size_t len, uint32_t *row_out)
{
	struct name_keys keys;
	uint64_t number;
	uint32_t row;

	if (name_is_automatic(name, len, &number)) {
		row = numbers_find(hub->numbers, route, number);
		*row_out = row != STATE_NONE && state_session(hub->state,
		    row)->name == STATE_NONE ? row : STATE_NONE;
		return true;
	}
	if (!name_key(hub->names, name, len, &keys))
		return false;
	*row_out = nametable_find(hub->nametable, route, &keys);
	return true;
}

/*
 * Who.
 */

static uint32_t
next_member(const struct hub *hub, const struct room *room, uint32_t row)
{
	return row == STATE_NONE ? room->members.first :
	    lists_next(hub->members, row);
}

/* How many are in the room behind `row`, or more. */
static uint32_t
count_behind(const struct hub *hub, const struct room *room, uint32_t row)
{
	uint32_t count = 0;

	while (count < HUB_MORE_MAX &&
	    (row = next_member(hub, room, row)) != STATE_NONE)
		count++;
	return count;
}

static bool
append_member(const struct hub *hub, uint32_t row, struct buf *out)
{
	char name[SESSION_NAME];
	bool is_away = tabs_next(hub, row, STATE_NONE) == STATE_NONE;

	return buf_append(out, is_away ? "-" : "+", 1) && append_text(out,
	    name, session_name(hub, state_session(hub->state, row), name));
}

enum hub_result
hub_who(struct hub *hub, unsigned index, const struct ipc_request *q,
    const char *after, size_t after_len, struct buf *out, uint32_t *more_out)
{
	struct asker a;
	enum hub_result result;
	const struct state_session *s = find_asker(hub, index, q, &a,
	    &result);
	uint32_t row = STATE_NONE, last = STATE_NONE, told = 0;
	const struct room *room;

	if (s == NULL)
		return result;
	room = session_room(hub, s);
	if (after_len > 0) {
		if (!hub_find_user(hub, s->route, after, after_len, &row))
			return hub_owe_answer(hub, index, HUB_MEMORY);
		last = row;
		if (row == STATE_NONE || session_room(hub, state_session(
		    hub->state, row)) != room)
			return hub_owe_answer(hub, index, HUB_AFTER);
	}
	while (buf_len(out) < ANSWER_MAX &&
	    (row = next_member(hub, room, row)) != STATE_NONE) {
		if (!append_member(hub, row, out))
			return hub_owe_answer(hub, index, HUB_MEMORY);
		last = row;
		told++;
	}
	*more_out = after_len == 0 ? room->count - told :
	    count_behind(hub, room, last);
	return hub_owe_answer(hub, index, HUB_DONE);
}

/*
 * Rooms.  All of them are looked through for an answer, so where they are many
 * a route's is made once a second and given to all who ask.  To keep them in
 * order instead would put its price on each join, leave and move.
 */

struct ranking {
	const struct hub *hub;
	uint8_t route;
	struct room *best[ROOMS_MAX];	/* the fullest first */
	uint32_t count, more;
};

static void
rank_room(void *arg, struct room *room)
{
	struct ranking *r = arg;
	uint32_t at = r->count;

	if (room_route(room) != r->route || room->count == 0)
		return;
	if (r->count == ROOMS_MAX) {
		r->more++;
		if (room->count <= r->best[ROOMS_MAX - 1]->count)
			return;
		at = ROOMS_MAX - 1;
	} else {
		r->count++;
	}
	for (; at > 0 && r->best[at - 1]->count < room->count; at--)
		r->best[at] = r->best[at - 1];
	r->best[at] = room;
}

/* False: no memory. */
static bool
listing_make(struct hub *hub, uint8_t route, struct hub_listing *listing)
{
	struct ranking ranking = { .hub = hub, .route = route };
	char line[ROOM_NAME_MAX + 16];
	const char *name;
	size_t len;
	int n;

	listing->made_ms = 0;
	buf_reset(&listing->texts);
	room_each(hub->rooms, rank_room, &ranking);
	for (uint32_t i = 0; i < ranking.count; i++) {
		name = room_name(ranking.best[i], &len);
		n = snprintf(line, sizeof(line), "%.*s %u", (int)len, name,
		    (unsigned)ranking.best[i]->count);
		if (!append_text(&listing->texts, line, (size_t)n))
			return false;
	}
	listing->more = ranking.more;
	listing->made_ms = clock_ms();
	return true;
}

static bool
listing_is_fresh(const struct hub *hub, const struct hub_listing *listing)
{
	return listing->made_ms != 0 &&
	    room_table_count(hub->rooms) > ROOMS_FEW &&
	    clock_ms() - listing->made_ms < LISTING_MS;
}

enum hub_result
hub_rooms_list(struct hub *hub, unsigned index, const struct ipc_request *q,
    struct buf *out, uint32_t *more_out)
{
	struct asker a;
	enum hub_result result;
	const struct state_session *s = find_asker(hub, index, q, &a,
	    &result);
	struct hub_listing *listing;

	if (s == NULL)
		return result;
	listing = &hub->listings[s->route];
	if ((!listing_is_fresh(hub, listing) &&
	    !listing_make(hub, s->route, listing)) ||
	    (buf_len(&listing->texts) > 0 && !buf_append(out,
	    buf_head(&listing->texts), buf_len(&listing->texts))))
		return hub_owe_answer(hub, index, HUB_MEMORY);
	*more_out = listing->more;
	return hub_owe_answer(hub, index, HUB_DONE);
}

/*
 * Whispers.
 */

/* One pass over the names: tells or lists those that are found, or lists
 * those that are not.  A name that is there twice is told once. */
struct whisper {
	struct hub *hub;
	struct hub_whisper to;
	uint8_t route;
	uint64_t from;			/* the sender's number */
	bool (*deliver)(void *, const struct hub_whisper *);
	void *arg;
	uint32_t told[16];
	unsigned told_count;
	struct buf *out;
};

/* Whether one of the member's connections can be reached. */
static bool
is_here(const struct hub *hub, uint32_t member)
{
	struct roster_entry tab;
	uint32_t row = STATE_NONE;

	while ((row = tabs_next(hub, member, row)) != STATE_NONE)
		if (roster_read(hub->state, row, &tab) &&
		    hub_worker_index(hub, tab.generation) < hub->workers)
			return true;
	return false;
}

/* Delivers it to all connections of the member. */
static bool
whisper_deliver(struct whisper *w, uint32_t member)
{
	struct roster_entry tab;
	uint32_t row = STATE_NONE;

	while ((row = tabs_next(w->hub, member, row)) != STATE_NONE) {
		(void)roster_read(w->hub->state, row, &tab);
		w->to.index = hub_worker_index(w->hub, tab.generation);
		w->to.connection = tab.connection;
		if (w->to.index < w->hub->workers &&
		    !w->deliver(w->arg, &w->to))
			return false;
	}
	return true;
}

void
hub_overhear(struct hub *hub, void (*hear)(void *,
    const struct hub_overheard *), void *arg)
{
	hub->overhear = hear;
	hub->overhear_arg = arg;
}

static void
let_overhear(const struct whisper *w, const struct state_session *to,
    const char *name, size_t len)
{
	const struct hub_overheard heard = {
		.from = w->from, .to = to->number, .route = w->route,
		.from_name = w->to.sender, .from_len = w->to.sender_len,
		.to_name = name, .to_len = len,
		.text = w->to.text, .text_len = w->to.text_len
	};

	if (w->hub->overhear != NULL)
		w->hub->overhear(w->hub->overhear_arg, &heard);
}

static bool
whisper_to(struct whisper *w, uint32_t row)
{
	const struct state_session *s = state_session(w->hub->state, row);
	char name[SESSION_NAME];
	uint8_t len;

	for (unsigned i = 0; i < w->told_count; i++)
		if (w->told[i] == row)
			return true;
	if (w->told_count < sizeof(w->told) / sizeof(w->told[0]))
		w->told[w->told_count++] = row;
	len = session_name(w->hub, s, name);
	if (!whisper_deliver(w, row) || !append_text(w->out, name, len))
		return false;
	let_overhear(w, s, name, len);
	return true;
}

static bool
whisper_pass(struct whisper *w, const char *names, size_t len, bool is_found)
{
	const char *end = names + len, *comma;
	uint32_t row;

	for (; names < end; names = comma + 1) {
		comma = memchr(names, ',', (size_t)(end - names));
		if (comma == NULL)
			comma = end;
		if (!hub_find_user(w->hub, w->route, names,
		    (size_t)(comma - names), &row))
			return false;
		if ((row != STATE_NONE && is_here(w->hub, row)) != is_found)
			continue;
		if (is_found ? !whisper_to(w, row) : !append_text(w->out,
		    names, (size_t)(comma - names)))
			return false;
	}
	return true;
}

enum hub_result
hub_whisper(struct hub *hub, unsigned index, const struct ipc_request *q,
    const char *names, size_t names_len, const uint8_t *text, size_t text_len,
    bool (*deliver)(void *arg, const struct hub_whisper *), void *arg,
    struct buf *out)
{
	struct asker a;
	enum hub_result result;
	const struct state_session *s = find_asker(hub, index, q, &a,
	    &result);
	char sender[SESSION_NAME];
	struct whisper w = {
		.hub = hub, .deliver = deliver, .arg = arg, .out = out,
		.to = { .sender = sender, .text = text, .text_len = text_len }
	};

	if (s == NULL)
		return result;
	if (names_len > IPC_NAMES || text_len > hub_text_max(hub))
		return HUB_FORGED;
	if (silence_holds(hub, s, a.address))
		return hub_owe_answer(hub, index, HUB_MUTED);
	/* It belongs behind what was said, which counts before it leaves. */
	append_commit(hub->append);
	w.route = s->route;
	w.from = s->number;
	w.to.sender_len = session_name(hub, s, sender);
	if (!whisper_pass(&w, names, names_len, true) ||
	    !append_text(out, NULL, 0) ||
	    !whisper_pass(&w, names, names_len, false))
		return hub_owe_answer(hub, index, HUB_MEMORY);
	return hub_owe_answer(hub, index, HUB_DONE);
}
