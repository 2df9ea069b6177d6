/*
 * hub - see hub.h.
 */
#include "config.h"

#include "broker/hub.h"

#include <stdlib.h>

#include "base/clock.h"
#include "broker/session.h"
#include "broker/takeover.h"

#define LATE_MS		20	/* between bells for who came and went */

static void hub_settle(struct hub *);
static bool hub_is_wanted(void *, const struct record *, uint64_t *);
static void hub_on_kept(void *, const struct record *, uint64_t);

static const struct append_callbacks append_callbacks = {
	.is_wanted = hub_is_wanted,
	.kept = hub_on_kept,
};

struct hub *
hub_new(const struct settings *settings, struct names *names, struct log *log,
    struct state *state)
{
	struct hub *hub = calloc(1, sizeof(*hub));

	if (hub == NULL)
		return NULL;
	hub->settings = settings;
	hub->names = names;
	hub->log = log;
	hub->state = state;
	hub->workers = settings_pool(settings);
	if (hub->workers == 0)
		hub->workers = HUB_PLACES_STEP;
	hub->asking = hub->workers;
	for (unsigned i = 0; i < SETTINGS_ROUTES; i++)
		buf_init(&hub->listings[i].texts);
	hub->bans = bans_new();
	hub->muted[0] = bans_new();
	hub->muted[1] = bans_new();
	hub->allowance = allowance_new();
	hub->shares = shares_new();
	if (hub->bans == NULL || hub->muted[0] == NULL ||
	    hub->muted[1] == NULL || hub->allowance == NULL ||
	    hub->shares == NULL || !takeover_restore(hub, &append_callbacks)) {
		hub_free(hub);
		return NULL;
	}
	hub->turn = append_position(hub->append);
	return hub;
}

/* Who is away leaves no later than the new grace time says, so that the first
 * of a route stays the one that came first. */
void
hub_set_settings(struct hub *hub, const struct settings *settings)
{
	for (uint32_t i = 0; i < settings->route_count; i++)
		if (settings->routes[i].grace_ms <
		    hub->settings->routes[i].grace_ms)
			graces_shorten(hub->graces, i, clock_ms() +
			    settings->routes[i].grace_ms);
	hub->settings = settings;
}

void
hub_free(struct hub *hub)
{
	if (hub == NULL)
		return;
	for (unsigned i = 0; i < hub->workers; i++)
		free(hub->worker[i].registered);
	for (unsigned i = 0; i < SETTINGS_ROUTES; i++)
		buf_clear(&hub->listings[i].texts);
	tally_free(hub->addresses);
	bans_free(hub->bans);
	bans_free(hub->muted[0]);
	bans_free(hub->muted[1]);
	allowance_free(hub->allowance);
	shares_free(hub->shares);
	nametable_free(hub->nametable);
	lists_free(hub->members);
	lists_free(hub->tabs);
	tokens_free(hub->tokens);
	graces_free(hub->graces);
	numbers_free(hub->numbers);
	ids_free(hub->ids);
	repeats_free(hub->repeats);
	append_free(hub->append);
	room_table_free(hub->rooms);
	roster_free(hub->roster);
	free(hub);
}

uint64_t
hub_text_max(const struct hub *hub)
{
	return log_ring_size(hub->log) / 16;
}

/*
 * Records.
 */

/* In the middle of a long turn: what the rows do not show, and what has no
 * receipt, must not leave the log; nobody could tell that it was done. */
static void
hub_settle_early(struct hub *hub)
{
	hub_settle(hub);
	for (unsigned i = 0; i < hub->workers; i++) {
		struct hub_worker *w = &hub->worker[i];

		if (w->generation == 0 || w->done == w->receipt)
			continue;
		log_receipt_store(hub->log, i, w->generation, w->done);
		w->receipt = w->done;
		/* The one that is carried out has no record yet. */
		if (!w->owes_answer)
			w->since = append_position(hub->append);
	}
}

void
hub_append_reserve(struct hub *hub, uint64_t bytes)
{
	append_reserve(hub->append, bytes);
	if (append_position(hub->append) + bytes - state_applied(hub->state) >
	    log_ring_size(hub->log) / 8)
		hub_settle_early(hub);
}

bool
hub_append(struct hub *hub, struct room *room, struct append_record *r)
{
	uint64_t position;

	/* Before the record, since its own rows change after it. */
	if (append_position(hub->append) - state_applied(hub->state) >
	    log_ring_size(hub->log) / 8)
		hub_settle_early(hub);
	r->route = room_route(room);
	r->room = room->identity;
	r->previous = room->newest;
	r->time_us = clock_wall_us();
	position = append_write(hub->append, r);
	if (position == LOG_NONE)
		return false;
	if (r->kind == RECORD_MESSAGE)
		room->newest = position;
	if (r->kind != RECORD_JOIN && r->kind != RECORD_LEAVE)
		room->is_pressing = true;
	room_touch(hub->rooms, room, true);
	return true;
}

/*
 * Requests; they are carried out in join.c, move.c, request.c and
 * query.c.
 */

/* The last request is carried out: unless it is to be answered by a message,
 * it may have its receipt. */
void
hub_close_request(struct hub *hub)
{
	struct hub_worker *w;

	if (hub->asking < hub->workers) {
		w = &hub->worker[hub->asking];
		if (!w->owes_answer)
			w->done = w->last;
		log_hand_store(hub->log, 0, 0);
	}
	hub->asking = hub->workers;
}

enum hub_result
hub_open_request(struct hub *hub, unsigned index, const struct ipc_request *q)
{
	struct hub_worker *w = &hub->worker[index];

	if (w->generation == 0 || q->number <= w->last ||
	    ipc_connection_slot(q->connection) >= w->slots ||
	    q->route >= hub->settings->route_count)
		return HUB_FORGED;
	hub_close_request(hub);
	hub->asking = index;
	log_hand_store(hub->log, w->generation, q->number);
	if (w->last == w->receipt)
		w->since = append_position(hub->append);
	w->last = q->number;
	w->is_due = true;	/* for the receipt, if for nothing else */
	return repeats_has(hub->repeats, index, w->generation,
	    q->number) ? HUB_REPEAT : HUB_DONE;
}

bool
hub_was_refused(const struct hub *hub, unsigned index,
    const struct ipc_request *q)
{
	return repeats_has_later(hub->repeats, index,
	    hub->worker[index].generation, q->number);
}

enum hub_result
hub_owe_answer(struct hub *hub, unsigned index, enum hub_result result)
{
	hub->worker[index].owes_answer = true;
	return result;
}

uint64_t
hub_now_ms(struct hub *hub)
{
	if (hub->now_ms == 0)
		hub->now_ms = clock_ms();
	return hub->now_ms;
}

/*
 * The end of a turn.
 */

static bool
hub_is_wanted(void *arg, const struct record *record, uint64_t *newest_out)
{
	const struct hub *hub = arg;
	const struct room *room;

	room = room_find_by_identity(hub->rooms, record->room);
	if (room == NULL || record->route >= hub->settings->route_count ||
	    room->seq - record->seq >=
	    hub->settings->routes[record->route].history ||
	    hub_is_old(hub, record->route, record->time_us))
		return false;
	*newest_out = room->newest;
	return true;
}

static void
hub_on_kept(void *arg, const struct record *record, uint64_t position)
{
	struct hub *hub = arg;
	struct room *room = room_find_by_identity(hub->rooms, record->room);

	room->newest = position;
	room_touch(hub->rooms, room, false);
}

static void
room_has_grown(void *arg, const struct room *room)
{
	struct hub *hub = arg;

	for (unsigned i = 0; i < hub->workers; i++) {
		if (room->readers[i] == 0)
			continue;
		if (room->is_pressing)
			hub->worker[i].is_due = true;
		else
			hub->worker[i].is_late = true;
	}
}

/* Commits, and then lets the rows show it. */
static void
hub_settle(struct hub *hub)
{
	uint64_t end;

	append_commit(hub->append);
	end = append_position(hub->append);
	room_store_dirty(hub->rooms, room_has_grown, hub);
	if (end != state_applied(hub->state))
		state_applied_store(hub->state, end);
}

/* When many come at once, to wake every worker for each of them would cost
 * more than all the rest. */
static bool
worker_is_due(const struct hub_worker *w, uint64_t now_ms)
{
	return w->is_due || (w->is_late && now_ms - w->bell_ms >= LATE_MS);
}

uint64_t
hub_next_bell(const struct hub *hub)
{
	uint64_t next = UINT64_MAX;

	for (unsigned i = 0; i < hub->workers; i++) {
		const struct hub_worker *w = &hub->worker[i];

		if (w->generation != 0 && w->is_late &&
		    w->bell_ms + LATE_MS < next)
			next = w->bell_ms + LATE_MS;
	}
	return next;
}

void
hub_commit(struct hub *hub, uint64_t now_ms,
    void (*bell)(void *arg, unsigned index), void *arg)
{
	uint64_t end, far = log_ring_size(hub->log) / 4;

	hub_close_request(hub);
	hub_settle(hub);
	end = append_position(hub->append);
	hub->turn = end;
	hub->now_ms = 0;
	for (unsigned i = 0; i < hub->workers; i++) {
		struct hub_worker *w = &hub->worker[i];

		if (w->generation == 0)
			continue;
		/* Whom nothing concerns hears of the log's growth before it
		 * runs him over. */
		if (worker_is_due(w, now_ms) || end - w->bell > far) {
			w->is_due = w->is_late = false;
			w->bell = end;
			w->bell_ms = now_ms;
			bell(arg, i);
		}
	}
}

void
hub_receipt(struct hub *hub, unsigned index)
{
	struct hub_worker *w = &hub->worker[index];

	if (w->generation == 0)
		return;
	log_receipt_store(hub->log, index, w->generation, w->last);
	w->owes_answer = false;
	w->done = w->receipt = w->last;
}

bool
hub_turn_is_full(const struct hub *hub)
{
	return append_position(hub->append) - hub->turn >
	    log_ring_size(hub->log) / 8;
}

bool
hub_reaches_back(const struct hub *hub, unsigned index, unsigned quarters)
{
	const struct hub_worker *w = &hub->worker[index];

	return w->generation != 0 && w->last != w->receipt &&
	    append_position(hub->append) - w->since >
	    log_ring_size(hub->log) / 4 * quarters;
}

bool
hub_ban(struct hub *hub, struct network network, uint64_t until_s)
{
	return bans_set(hub->bans, network, until_s);
}

bool
hub_mute(struct hub *hub, struct network network, uint64_t until_s,
    bool is_address)
{
	return bans_set(hub->muted[is_address], network, until_s);
}

void
hub_expire(struct hub *hub, uint64_t now_ms)
{
	hub_close_request(hub);
	session_expire(hub, now_ms);
}

uint64_t
hub_next_expiry(const struct hub *hub)
{
	uint64_t end_ms;

	(void)graces_first(hub->graces, &end_ms);
	return end_ms;
}

void
hub_each_over(struct hub *hub, void (*tell)(void *, uint64_t, uint64_t),
    void *arg)
{
	allowance_tell(hub->allowance, tell, arg);
}

void
hub_each_ahead(struct hub *hub, uint64_t now_ms, void (*tell)(void *,
    unsigned, uint64_t, uint64_t), void *arg)
{
	shares_tell(hub->shares, now_ms, tell, arg);
}

uint64_t
hub_position(const struct hub *hub)
{
	return append_position(hub->append);
}

uint32_t
hub_connections(const struct hub *hub)
{
	return roster_count(hub->roster);
}

unsigned
hub_rooms(const struct hub *hub)
{
	return room_table_count(hub->rooms);
}
