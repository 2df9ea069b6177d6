/*
 * takeover - see takeover.h.
 */
#include "config.h"

#include "broker/takeover.h"

#include <inttypes.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/logger.h"
#include "broker/session.h"
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

static void
replay_room(struct hub *hub, const struct cursor_view *v)
{
	const struct record *r = &v->record;
	struct room *room = room_find_by_identity(hub->rooms, r->room);

	if (room == NULL)
		return;
	if (r->seq > room->seq)
		room->seq = r->seq;
	if (room->newest == LOG_NONE || v->position > room->newest)
		room->newest = v->position;
	room_touch(hub->rooms, room, true);
}

/* The number N of a name "userN". */
static uint64_t
name_number(const uint8_t *name, size_t len)
{
	uint64_t number = 0;

	for (size_t i = 0; i < len; i++)
		if (name[i] >= '0' && name[i] <= '9')
			number = number * 10 + (uint64_t)(name[i] - '0');
	return number;
}

/* The row may show the other room still. */
static void
replay_move(struct hub *hub, const struct roster_worker *w,
    const struct record *r, const struct room *room)
{
	uint32_t row = w == NULL ? STATE_NONE :
	    roster_find(hub->roster, w, r->sender);

	if (row != STATE_NONE)
		atomic_store(&state_session(hub->state, row)->room,
		    room->row);
}

/* The row may have the old name still. */
static bool
replay_rename(struct hub *hub, const struct cursor_view *v)
{
	const struct record *r = &v->record;
	const struct roster_worker *w =
	    roster_worker_find(hub->roster, r->generation);
	uint32_t row = w == NULL ? STATE_NONE :
	    roster_find(hub->roster, w, r->sender), text = STATE_NONE, old;
	struct state_session *s;
	uint64_t number;

	if (row == STATE_NONE)
		return true;
	s = state_session(hub->state, row);
	if (!name_is_automatic((const char *)v->text, v->text_len, &number)) {
		text = state_text_store(hub->state, (const char *)v->text,
		    v->text_len);
		if (text == STATE_NONE)
			return false;
	}
	old = s->name;
	atomic_store(&s->name, text);
	if (old != STATE_NONE)
		state_release(hub->state, old);
	return true;
}

/* The join was committed; its row may be missing, or show the room that was
 * left. */
static bool
replay_join(struct hub *hub, const struct cursor_view *v)
{
	const struct record *r = &v->record;
	struct room *room = room_find_by_identity(hub->rooms, r->room);
	struct roster_worker *w =
	    roster_worker_find(hub->roster, r->generation);
	struct session session;
	uint32_t row;

	if (r->generation == 0 || room == NULL)
		return true;
	if ((r->flags & RECORD_MOVED) != 0) {
		replay_move(hub, w, r, room);
		return true;
	}
	/* Its slot may be another's by now: then it has left, too. */
	if (w != NULL && !roster_slot_is_free(w, r->sender))
		return true;
	row = state_reserve(hub->state);
	if (row == STATE_NONE)
		return false;
	session = (struct session){
		.generation = r->generation, .connection = r->sender,
		.number = name_number(v->name, r->name_len),
		.room = room, .route = r->route
	};
	return session_publish(hub, &session, row);
}

/* The leave was committed; its row may still be there. */
static void
replay_leave(struct hub *hub, const struct record *r)
{
	struct roster_worker *w;
	uint32_t row;

	/* A leave carries the generation of the member in `request` when the
	 * broker itself is the origin. */
	w = roster_worker_find(hub->roster,
	    r->generation != 0 ? r->generation : r->request);
	if (w == NULL)
		return;
	row = roster_find(hub->roster, w, r->sender);
	if (row != STATE_NONE)
		roster_remove(hub->roster, w, row);
}

static bool
replay_log(struct hub *hub)
{
	uint64_t end = log_committed(hub->log), lost;
	struct cursor cursor;
	struct cursor_view v;

	if (!cursor_seek(&cursor, hub->log, state_applied(hub->state), &lost))
		logger_warning("state older than the log",
		    "bytes=%" PRIu64, lost);
	while (cursor_next(&cursor, end, &v)) {
		if (v.record.kind == RECORD_JOIN && !replay_join(hub, &v))
			return false;
		if (v.record.kind == RECORD_RENAME && !replay_rename(hub, &v))
			return false;
		if (v.record.kind == RECORD_LEAVE &&
		    (v.record.flags & RECORD_MOVED) == 0)
			replay_leave(hub, &v.record);
		replay_room(hub, &v);
	}
	return true;
}

/* What was said under an id is known again. */
static bool
restore_id(struct hub *hub, const struct cursor_view *v)
{
	struct ids_key key = {
		.id = v->id, .id_len = v->id_len,
		.route = v->record.route, .number = v->record.count
	};

	if (!ids_reserve(hub->ids))
		return false;
	ids_add(hub->ids, &key, v->position, v->record.time_us);
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
		    v.record.time_us + IDS_TIME_US > now &&
		    !restore_id(hub, &v))
			return false;
	}
	return true;
}

/* The name is held again.  Nobody else has it: it was so before. */
static bool
enter_name(struct hub *hub, const struct state_session *s, uint32_t row)
{
	char name[SESSION_NAME];
	struct name_keys keys;

	return s->name == STATE_NONE || !name_key(hub->names, name,
	    session_name(hub, s, name), &keys) || nametable_add(
	    hub->nametable, s->route, &keys, row) != NAMETABLE_NO_MEMORY;
}

/* Members of rooms, their names, connections of addresses. */
static bool
enter_sessions(struct hub *hub)
{
	for (uint32_t row = 0; row < state_rows(hub->state); row++) {
		const struct state_session *s = state_session(hub->state, row);
		struct room *room = s == NULL ? NULL : session_room(hub, s);

		if (room != NULL) {
			if (!members_reserve(hub->members, row) ||
			    !numbers_reserve(hub->numbers))
				return false;
			session_enter(hub, row, room);
			room->count++;
			if (!enter_name(hub, s, row))
				return false;
		}
		if (s != NULL && s->address != 0 &&
		    tally_add(hub->addresses, s->address) == 0)
			return false;
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

bool
takeover_restore(struct hub *hub, const struct append_callbacks *callbacks)
{
	struct verify_report report;

	if (verify_log(hub->log, &report) != VERIFY_OK)
		log_give_up(hub->log, &report);
	hub->rooms = room_table_new(hub->state, hub->workers);
	if (hub->rooms == NULL)
		return false;
	hub->addresses = tally_new();
	hub->members = members_new();
	hub->numbers = numbers_new(hub->state);
	hub->nametable = nametable_new();
	if (hub->addresses == NULL || hub->members == NULL ||
	    hub->numbers == NULL || hub->nametable == NULL ||
	    !restore_rooms(hub))
		return false;
	hub->roster = roster_new(hub->state);
	hub->append = append_new(hub->log, callbacks, hub);
	if (hub->roster == NULL || hub->append == NULL ||
	    !replay_log(hub))
		return false;
	hub->repeats = repeats_new(hub->log, hub->workers);
	hub->ids = ids_new(log_ring_size(hub->log));
	if (hub->repeats == NULL || hub->ids == NULL || !restore_lines(hub))
		return false;
	if (!enter_sessions(hub))
		return false;
	room_each(hub->rooms, hub_remove_idle, hub);
	return true;
}
