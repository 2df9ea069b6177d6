/*
 * takeover - see takeover.h.
 */
#include "config.h"

#include "broker/takeover.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/logger.h"
#include "broker/replay.h"
#include "broker/session.h"
#include "broker/tabs.h"
#include "log/cursor.h"
#include "log/verify.h"

/* Numbers issued earlier stop being valid: readers find an empty log. */
static void
log_give_up(struct log *log, const struct verify_report *report)
{
	struct log_header *h = log_header(log);

	logger_error("log damaged, starting it anew",
	    "why=%s position=%" PRIu64, verify_result_text(report->result),
	    report->position);
	if (getrandom(h->epoch, sizeof(h->epoch), 0) == -1)
		h->epoch[0]++;
	if (atomic_load(&h->committed) % RECORD_ALIGN != 0 ||
	    atomic_load(&h->committed) > LOG_POSITION_MAX)
		atomic_store(&h->committed, 0);
	atomic_store(&h->first, atomic_load(&h->committed));
}

/* What was said under an id is known again, if it is not too old for it.  A
 * record knows its wall time alone; one that is said to come from the future
 * is as new as can be. */
static bool
restore_id(struct hub *hub, const struct cursor_view *v, uint64_t wall_us)
{
	uint64_t now_us = clock_ms() * 1000, age_us = 0;
	struct ids_key key = {
		.id = v->id, .id_len = v->id_len,
		.route = v->record.route, .number = v->record.count
	};

	if (wall_us > v->record.time_us)
		age_us = wall_us - v->record.time_us;
	if (age_us >= IDS_TIME_US)
		return true;
	if (!ids_reserve(hub->ids))
		return false;
	ids_add(hub->ids, &key, v->position, now_us > age_us ?
	    now_us - age_us : 0);
	return true;
}

/* Looks at all that is said in the log: when the last was, in each room, and
 * what has an id and is not too old for it. */
static bool
restore_lines(struct hub *hub)
{
	uint64_t end = log_committed(hub->log), now = clock_wall_us(), lost;
	struct room *room = NULL;
	struct cursor cursor;
	struct cursor_view v;

	cursor_seek(&cursor, hub->log, log_first(hub->log), &lost);
	while (cursor_next(&cursor, end, &v)) {
		if (v.record.kind != RECORD_MESSAGE &&
		    v.record.kind != RECORD_KEPT)
			continue;
		/* The last one's, as a rule. */
		if (room == NULL || room->identity != v.record.room)
			room = room_find_by_identity(hub->rooms,
			    v.record.room);
		if (room != NULL && v.record.time_us > room->said_us)
			room->said_us = v.record.time_us;
		if (v.record.kind == RECORD_MESSAGE && v.id_len > 0 &&
		    !restore_id(hub, &v, now))
			return false;
	}
	return true;
}

/* The name is held again.  Nobody else has it: it was so before.  False: no
 * memory. */
static bool
enter_name(struct hub *hub, const struct state_session *s, uint32_t row)
{
	struct name_keys keys;

	return session_keys(hub, s, &keys) && nametable_add(hub->nametable,
	    s->route, &keys, row) != NAMETABLE_NO_MEMORY;
}

/* Members of rooms, and their names. */
static bool
enter_member(struct hub *hub, uint32_t row)
{
	struct state_session *s = state_session(hub->state, row);
	struct room *room = s == NULL ? NULL : session_room(hub, s);

	if (room == NULL)
		return true;
	if (!lists_reserve(hub->members, row) ||
	    !numbers_reserve(hub->numbers))
		return false;
	session_enter(hub, row, room);
	/* A log that was given up has taken messages with it. */
	if (session_token(hub, row) != NULL && s->proven > room->seq)
		state_store_64(&s->proven, room->seq);
	return enter_name(hub, s, row);
}

/* Everybody, and the connections of addresses. */
static bool
enter_sessions(struct hub *hub)
{
	struct roster_entry entry;

	for (uint32_t row = 0; row < state_rows(hub->state); row++)
		if (!enter_member(hub, row) || (roster_read(hub->state, row,
		    &entry) && entry.address != 0 &&
		    tally_add(hub->addresses, entry.address) == 0))
			return false;
	return true;
}

struct absence {
	uint64_t end_ms;
	uint32_t row;
};

static int
absence_compare(const void *a, const void *b)
{
	uint64_t x = ((const struct absence *)a)->end_ms;
	uint64_t y = ((const struct absence *)b)->end_ms;

	return (x > y) - (x < y);
}

/* Whether a member is away, with the time at which it leaves.  Death may have
 * come before its last connection went, or before the first one was there. */
static bool
is_away(struct hub *hub, uint32_t row, uint64_t now_ms, uint64_t *end_ms_out)
{
	struct state_session *s = state_session(hub->state, row);
	uint64_t latest_ms = now_ms +
	    hub->settings->routes[s->route].grace_ms;
	bool is_here = tabs_next(hub, row, STATE_NONE) != STATE_NONE;

	if (is_here && s->grace_end != 0)
		state_store_64(&s->grace_end, 0);
	/* A reload may have made it shorter. */
	if (!is_here && (s->grace_end == 0 || s->grace_end > latest_ms))
		state_store_64(&s->grace_end, latest_ms);
	*end_ms_out = s->grace_end;
	return !is_here;
}

static bool
enter_absent(struct hub *hub)
{
	uint32_t rows = state_rows(hub->state), count = 0;
	uint64_t now_ms = clock_ms(), end_ms;
	struct absence *absent = NULL, *more;

	for (uint32_t row = 0; row < rows; row++) {
		if (state_kind(hub->state, row) != STATE_MEMBER ||
		    !is_away(hub, row, now_ms, &end_ms))
			continue;
		if ((count & (count - 1)) == 0) {
			more = realloc(absent, sizeof(*absent) *
			    (count == 0 ? 1 : count * 2));
			if (more == NULL) {
				free(absent);
				return false;
			}
			absent = more;
		}
		absent[count++] = (struct absence){ end_ms, row };
	}
	if (count > 0)
		qsort(absent, count, sizeof(*absent), absence_compare);
	for (uint32_t i = 0; i < count; i++)
		graces_add(hub->graces, absent[i].row);
	free(absent);
	return true;
}

/* Members by their tokens, and their connections: what a replay needs. */
static bool
restore_tabs(struct hub *hub)
{
	const struct state_connection *c;

	for (uint32_t row = 0; row < state_rows(hub->state); row++) {
		if (state_kind(hub->state, row) == STATE_MEMBER) {
			if (!tokens_reserve(hub->tokens) ||
			    !lists_reserve(hub->tabs, row) ||
			    !graces_reserve(hub->graces, row))
				return false;
			tokens_add(hub->tokens, row);
		}
		c = state_connection(hub->state, row);
		if (c == NULL)
			continue;
		if (!lists_reserve(hub->tabs, row) ||
		    !lists_reserve(hub->tabs, c->member))
			return false;
		lists_add(hub->tabs, lists_of(hub->tabs, c->member), row);
	}
	return true;
}

static bool
restore_rooms(struct hub *hub)
{
	for (uint32_t row = 0; row < state_rows(hub->state); row++) {
		struct room *room;

		if (state_room(hub->state, row) == NULL)
			continue;
		room = room_restore(hub->rooms, row);
		if (room == NULL)
			return false;
		/* A log that was given up may have begun at 0 again. */
		if (room->newest != LOG_NONE &&
		    room->newest >= log_committed(hub->log)) {
			room->newest = LOG_NONE;
			room_touch(hub->rooms, room, false);
		}
	}
	return true;
}

static bool
make_tables(struct hub *hub)
{
	hub->addresses = tally_new();
	hub->members = lists_new();
	hub->tabs = lists_new();
	hub->numbers = numbers_new(hub->state);
	hub->tokens = tokens_new(hub->state);
	hub->graces = graces_new(hub->state);
	hub->nametable = nametable_new();
	return hub->addresses != NULL && hub->members != NULL &&
	    hub->tabs != NULL && hub->numbers != NULL &&
	    hub->tokens != NULL && hub->graces != NULL &&
	    hub->nametable != NULL;
}

bool
takeover_restore(struct hub *hub, const struct append_callbacks *callbacks)
{
	struct verify_report report;

	if (verify_log(hub->log, &report) != VERIFY_OK)
		log_give_up(hub->log, &report);
	hub->rooms = room_table_new(hub->state, hub->workers);
	if (hub->rooms == NULL)
		return false;
	if (!make_tables(hub) || !restore_rooms(hub) || !restore_tabs(hub))
		return false;
	hub->roster = roster_new(hub->state);
	hub->append = append_new(hub->log, callbacks, hub);
	if (hub->roster == NULL || hub->append == NULL ||
	    !replay_log(hub))
		return false;
	hub->repeats = repeats_new(hub->log);
	hub->ids = ids_new(log_ring_size(hub->log));
	if (hub->repeats == NULL || hub->ids == NULL || !restore_lines(hub))
		return false;
	if (!enter_sessions(hub) || !enter_absent(hub))
		return false;
	room_each(hub->rooms, hub_remove_idle, hub);
	return true;
}
