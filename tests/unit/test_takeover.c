/*
 * test_takeover - a hub that follows a dead one: each request is carried out
 * exactly once, nobody is doubled, the order of each worker's requests stays.
 *
 * Workers with a fixed list of requests each play against hubs that die, at
 * random between two calls or at every single store.  What the log and the
 * tables hold at the end is compared with what the lists say.
 */
#include "config.h"

#include "broker/hub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock_fixture.h"
#include "hub_fixture.h"
#include "ipc/ipc.h"
#include "log/verify.h"
#include "log_fixture.h"

#define WORKERS		3
#define REQUESTS	100	/* of each worker */
#define GENERATION	101	/* of worker 0 */
#define USED_SLOTS	5	/* few: a slot has many connections */
#define ROOMS		6	/* three names on two routes */
#define IDENTITIES	(WORKERS * REQUESTS + 1)
#define TEXT_MAX	60000

#ifdef __has_feature
#define HAS_FEATURE(feature)	__has_feature(feature)
#else
#define HAS_FEATURE(feature)	0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define FORK_IS_SLOW	1
#else
#define FORK_IS_SLOW	0
#endif

static const char *const room_names[] = { "", "a", "b.b" };

/* What several want to be called; the first two and the next are one name. */
static const char *const wanted_names[] = {
	"Anna", "ANNA", "\xd0\x90nna", "Otto", "0tto", "M\xc3\xa1ria"
};
#define WANTED	(sizeof(wanted_names) / sizeof(wanted_names[0]))

/* How a name of a script is meant. */
enum { NAME_OWN = WANTED, NAME_AUTOMATIC };

struct ask {
	enum ipc_type type;
	uint64_t conn;
	uint32_t route;
	unsigned room;		/* into room_names; MOVE: where to */
	unsigned from;		/* MOVE: where from */
	unsigned name;		/* NICK: into wanted_names, or NAME_... */
	size_t len;		/* of the text */
};

struct script {
	struct ask asks[WORKERS][REQUESTS + 1];	/* by number, from 1 */
	unsigned lasting;	/* worker 0's first joins, never undone */
};

/* What the workers know; outlives the process of a hub. */
struct progress {
	uint64_t sent[WORKERS];	/* highest number that was under way */
};

static void
script_line(struct script *s, unsigned worker, uint64_t number,
    struct ask *slot, uint64_t random, size_t text_max)
{
	struct ask *a = &s->asks[worker][number];

	if (slot->conn == 0) {
		a->type = random % 4 == 0 ? IPC_ATTACH : IPC_JOIN;
		a->route = a->type == IPC_ATTACH ? ECHO : random / 4 % 2;
		a->room = (unsigned)(random / 8 % 3);
		a->conn = connection(number * WORKERS + worker + 1,
		    (uint32_t)(random >> 32) % USED_SLOTS);
		*slot = *a;
		return;
	}
	*a = *slot;
	if (a->type == IPC_ATTACH || random % 3 == 0) {
		a->type = IPC_LEAVE;
		slot->conn = 0;
		return;
	}
	if (random % 6 == 1 && random / 6 % 2 == 0) {
		a->type = IPC_NICK;
		a->name = (unsigned)(random / 16 % (NAME_AUTOMATIC + 1));
		return;
	}
	if (random % 6 == 1) {
		a->type = IPC_MOVE;
		a->from = slot->room;
		a->room = slot->room = (unsigned)(random / 16 % 3);
		return;
	}
	a->type = IPC_SAY;
	a->len = (random >> 8) % (a->route == SMALL ? SMALL_LINE : text_max);
}

static void
script_make(struct script *s, uint64_t seed, size_t text_max,
    unsigned lasting)
{
	struct ask slots[USED_SLOTS];
	uint64_t random, number;

	memset(s, 0, sizeof(*s));
	s->lasting = lasting;
	for (unsigned worker = 0; worker < WORKERS; worker++) {
		memset(slots, 0, sizeof(slots));
		for (number = 1; number <= REQUESTS; number++) {
			random = fixture_random(&seed);
			if (worker == 0 && number <= lasting) {
				s->asks[0][number] = (struct ask){
					.type = IPC_JOIN,
					.conn = connection(number,
					    SLOTS - (uint32_t)number),
					.route = number % 2,
					.room = number / 2 % 3
				};
				continue;
			}
			script_line(s, worker, number,
			    &slots[(random >> 32) % USED_SLOTS], random,
			    text_max);
		}
	}
}

/* The text of a line follows from who says it. */
static void
text_make(const struct ask *a, unsigned worker, uint64_t number, char *out)
{
	memset(out, 'a' + (int)(number % 26), a->len);
	if (a->len > 0)
		out[0] = (char)('0' + worker);
	out[a->len] = '\0';
}

/* The number of a live session's automatic name. */
static uint64_t
automatic_number(const struct world *w, unsigned worker, uint64_t conn)
{
	for (uint32_t row = 0; row < state_rows(w->state); row++) {
		const struct state_session *t = state_session(w->state, row);

		if (t != NULL && t->generation == GENERATION + worker &&
		    t->connection == conn)
			return t->number;
	}
	return 0;
}

/* The name that a NICK wants; `number` is its request's. */
static const char *
name_make(const struct ask *a, unsigned worker, uint64_t number,
    uint64_t automatic)
{
	static char name[32];

	if (a->name < WANTED)
		return wanted_names[a->name];
	if (a->name == NAME_OWN)
		snprintf(name, sizeof(name), "q%ux%u", worker,
		    (unsigned)number);
	else
		snprintf(name, sizeof(name), "user%u", (unsigned)automatic);
	return name;
}

/* Whether the tables may say no to a request, and which no. */
static bool
may_be_refused(const struct ask *a, bool is_new, enum hub_result result)
{
	if (a->type == IPC_MOVE && a->room == a->from)
		return result == HUB_THERE ||
		    (!is_new && result == HUB_UNKNOWN);
	return a->type == IPC_NICK && a->name < WANTED &&
	    (result == HUB_TAKEN || (!is_new && result == HUB_UNKNOWN));
}

static void
send_one(struct world *w, struct progress *p, const struct script *s,
    unsigned worker, uint64_t number)
{
	const struct ask *a = &s->asks[worker][number];
	bool is_new = number > p->sent[worker];
	static char text[TEXT_MAX + 1];
	enum hub_result result = HUB_FORGED;

	if (is_new)
		p->sent[worker] = number;
	if (a->type == IPC_ATTACH) {
		result = ask_attach(w, worker, number, a->conn, a->route);
	} else if (a->type == IPC_JOIN) {
		result = ask_join(w, worker, number, a->conn, a->route,
		    room_names[a->room]);
	} else if (a->type == IPC_SAY) {
		text_make(a, worker, number, text);
		result = ask_say(w, worker, number, a->conn, a->route, text);
	} else if (a->type == IPC_MOVE) {
		result = ask_move(w, worker, number, a->conn, a->route,
		    room_names[a->room]);
		if (a->room == a->from && result == HUB_DONE)
			fail_msg("went where it was");
	} else if (a->type == IPC_NICK) {
		result = ask_nick(w, worker, number, a->conn, a->route,
		    name_make(a, worker, number, automatic_number(w, worker,
		    a->conn)));
	} else {
		result = ask_leave(w, worker, number, a->conn, a->route);
	}
	if (result != HUB_DONE && (is_new || result != HUB_REPEAT) &&
	    !may_be_refused(a, is_new, result))
		fail_msg("worker %u request %u type %s: result %d", worker,
		    (unsigned)number, ipc_type_name(a->type), (int)result);
}

/* Names the connections a worker has, or has asked to end. */
static void
worker_register(struct world *w, const struct progress *p,
    const struct script *s, unsigned worker)
{
	uint64_t receipt = log_receipt_load(w->log, worker,
	    GENERATION + worker), number, end;

	for (number = 1; number <= p->sent[worker]; number++) {
		const struct ask *a = s->asks[worker];

		if (a[number].type != IPC_JOIN && a[number].type != IPC_ATTACH)
			continue;
		for (end = number + 1; end <= p->sent[worker]; end++)
			if (a[end].type == IPC_LEAVE &&
			    a[end].conn == a[number].conn)
				break;
		if (end > receipt)
			assert_true(hub_register(w->hub, worker,
			    a[number].conn));
	}
}

/* A broker starts: over new files, or over those of a dead one. */
static void
take_over(struct world *w, const struct progress *p, const struct script *s)
{
	struct verify_report report;

	world_open(w);
	assert_int_equal(verify_log(w->log, &report), VERIFY_OK);
	for (unsigned i = 0; i < WORKERS; i++) {
		world_add(w, i, GENERATION + i);
		worker_register(w, p, s, i);
		world_commit(w);
	}
	assert_false(hub_remove_others(w->hub, UINT32_MAX));
	for (unsigned i = 0; i < WORKERS; i++)
		assert_int_equal(hub_registered(w->hub, i, UINT32_MAX), 0);
	world_commit(w);
}

/* A receipt may be late, as when a worker is slow to take refusals; but not
 * by as much as the ring takes. */
static void
end_turn(struct world *w, uint64_t receipts)
{
	world_commit(w);
	for (unsigned i = 0; i < WORKERS; i++)
		if (w->bells >> i & receipts >> i & 1)
			hub_receipt(w->hub, i);
}

/* Sends what has no receipt, in any order among workers.  False: the hub
 * is to die here, on average after `life` steps (0: never). */
static bool
work(struct world *w, struct progress *p, const struct script *s,
    uint64_t *seed, unsigned life)
{
	uint64_t next[WORKERS], random, left = 0, turn;
	unsigned i;

	for (i = 0; i < WORKERS; i++) {
		next[i] = 1 + log_receipt_load(w->log, i, GENERATION + i);
		left += REQUESTS + 1 - next[i];
	}
	turn = hub_position(w->hub);
	while (left > 0) {
		if (hub_position(w->hub) - turn > LOG_SIZE_MIN / 4) {
			end_turn(w, UINT64_MAX);
			turn = hub_position(w->hub);
		}
		random = fixture_random(seed);
		if (life > 0 && random % life == 0)
			return false;
		random >>= 16;
		i = next[0] <= s->lasting ? 0 : random % WORKERS;
		if (random / 8 % 8 == 0) {
			end_turn(w, random >> 32);
		} else if (next[i] <= REQUESTS) {
			send_one(w, p, s, i, next[i]++);
			left--;
		}
	}
	if (life > 0 && fixture_random(seed) % 4 == 0)
		return false;
	world_commit(w);
	if (life > 0 && fixture_random(seed) % 4 == 0)
		return false;
	for (i = 0; i < WORKERS; i++)
		hub_receipt(w->hub, i);
	return true;
}

/*
 * What must have come of it.
 */

struct member {
	uint64_t conn, number, room;
	uint32_t route;
	char name[32];
	uint64_t moving;	/* its move that is half there */
};

struct model_room {
	uint64_t seq, count, newest;
	uint32_t route;
	unsigned name;
	bool is_known;
};

struct model {
	struct member members[WORKERS][SLOTS];
	struct model_room rooms[IDENTITIES];
	uint64_t names[ROUTES];	/* the next that may be given */
	uint64_t last[WORKERS];
	uint64_t half;		/* the request of a half move */
	bool seen[WORKERS][REQUESTS + 1];
};

/* The room that somebody comes to. */
static struct model_room *
check_room(struct model *m, const struct ask *a, const struct cursor_view *v)
{
	struct model_room *room = &m->rooms[v->record.room];

	if (!room->is_known) {
		for (unsigned i = 0; i < IDENTITIES; i++)
			assert_false(m->rooms[i].is_known &&
			    m->rooms[i].route == a->route &&
			    m->rooms[i].name == a->room &&
			    m->rooms[i].seq + m->rooms[i].count > 0);
		*room = (struct model_room){
			.route = a->route, .name = a->room,
			.is_known = true, .newest = LOG_NONE
		};
	}
	assert_int_equal(v->record.text_len, strlen(room_names[a->room]));
	assert_memory_equal(v->text, room_names[a->room],
	    v->record.text_len);
	room->count++;
	return room;
}

static void
check_join(struct model *m, struct member *member, const struct ask *a,
    const struct cursor_view *v)
{
	assert_true(member->conn == 0);
	memset(member, 0, sizeof(*member));
	memcpy(member->name, v->name, v->record.name_len);
	member->conn = a->conn;
	member->route = a->route;
	member->room = v->record.room;
	assert_memory_equal(member->name, "user", 4);
	member->number = strtoull(member->name + 4, NULL, 10);
	/* Never again, and a death skips a few at most. */
	assert_true(member->number >= m->names[a->route]);
	m->names[a->route] = member->number + 1;
	(void)check_room(m, a, v);
}

/* The two halves of a move stand side by side. */
static void
check_move(struct model *m, struct member *member, const struct ask *a,
    const struct cursor_view *v)
{
	assert_int_equal(v->record.flags, RECORD_MOVED);
	assert_true(a->room != a->from);
	if (member->moving == 0) {
		assert_int_equal(v->record.kind, RECORD_LEAVE);
		assert_int_equal(m->rooms[member->room].name, a->from);
		m->rooms[member->room].count--;
		member->moving = v->record.request;
		m->half = v->record.request;
		return;
	}
	assert_int_equal(v->record.kind, RECORD_JOIN);
	assert_true(member->moving == v->record.request);
	(void)check_room(m, a, v);
	member->moving = m->half = 0;
	member->room = v->record.room;
}

/* The wanted names that look alike are next to each other. */
static bool
is_same_name(const char *a, const char *b)
{
	static const unsigned groups[WANTED] = { 0, 0, 0, 1, 1, 2 };
	unsigned i, j;

	for (i = 0; i < WANTED && strcmp(a, wanted_names[i]) != 0; i++)
		;
	for (j = 0; j < WANTED && strcmp(b, wanted_names[j]) != 0; j++)
		;
	return i < WANTED && j < WANTED ? groups[i] == groups[j] :
	    strcmp(a, b) == 0;
}

/* Who has a name of the route; NULL: nobody. */
static const struct member *
name_owner(const struct model *m, uint32_t route, const char *name)
{
	for (unsigned i = 0; i < WORKERS; i++)
		for (unsigned slot = 0; slot < SLOTS; slot++) {
			const struct member *member = &m->members[i][slot];

			if (member->conn != 0 && member->route == route &&
			    is_same_name(member->name, name))
				return member;
		}
	return NULL;
}

static void
check_rename(const struct model *m, struct member *member,
    const struct ask *a, unsigned worker, const struct cursor_view *v)
{
	const char *name = name_make(a, worker, v->record.request,
	    member->number);
	const struct member *owner = name_owner(m, a->route, name);

	assert_true(owner == NULL || owner == member);
	assert_int_equal(v->record.text_len, strlen(name));
	assert_memory_equal(v->text, name, strlen(name));
	strcpy(member->name, name);
}

static void
check_record(struct model *m, const struct script *s,
    const struct cursor_view *v)
{
	unsigned worker = (unsigned)(v->record.generation - GENERATION);
	uint64_t number = v->record.request;
	static const enum record_kind kinds[IPC_TYPES] = {
		[IPC_JOIN] = RECORD_JOIN, [IPC_SAY] = RECORD_MESSAGE,
		[IPC_LEAVE] = RECORD_LEAVE, [IPC_NICK] = RECORD_RENAME
	};
	static char text[TEXT_MAX + 1];
	const struct ask *a;
	struct model_room *room;
	struct member *member;

	assert_true(worker < WORKERS && number <= REQUESTS);
	assert_true(m->half == 0 ? number > m->last[worker] :
	    number == m->half && number == m->last[worker]);
	m->last[worker] = number;
	m->seen[worker][number] = true;
	a = &s->asks[worker][number];
	assert_true(v->record.sender == a->conn);
	assert_int_equal(v->record.route, a->route);
	assert_true(v->record.room < IDENTITIES);
	member = &m->members[worker][ipc_connection_slot(a->conn)];
	room = &m->rooms[v->record.room];
	if (a->type == IPC_JOIN)
		check_join(m, member, a, v);
	assert_true(member->conn == a->conn);
	assert_int_equal(v->record.name_len, strlen(member->name));
	assert_memory_equal(v->name, member->name, strlen(member->name));
	if (a->type == IPC_MOVE) {
		check_move(m, member, a, v);
	} else {
		assert_int_equal(v->record.kind, kinds[a->type]);
		assert_int_equal(v->record.flags, 0);
		assert_int_equal(room->name, a->room);
	}
	if (a->type == IPC_NICK)
		check_rename(m, member, a, worker, v);
	assert_true(member->room == v->record.room);
	if (a->type == IPC_SAY) {
		text_make(a, worker, number, text);
		assert_int_equal(v->record.text_len, a->len);
		assert_memory_equal(v->text, text, a->len);
		room->seq++;
	}
	if (a->type == IPC_LEAVE) {
		room->count--;
		member->conn = 0;
	}
	assert_true(v->record.seq == room->seq);
	assert_true(v->record.count == (a->type == IPC_SAY ?
	    member->number : room->count));
	assert_true(v->record.previous == room->newest);
	if (a->type == IPC_SAY)
		room->newest = v->position;
}

/* Everybody sees exactly those of his room, and is found by his name. */
static void
check_questions(struct world *w, const struct model *m, unsigned worker,
    const struct member *asker, uint64_t number)
{
	unsigned slot = ipc_connection_slot(asker->conn), count = 0;
	char expected[64], heard[1024], list[4096], *bar;
	const char *at;

	strcpy(list, ask_who(w, worker, number, asker->conn, asker->route));
	for (at = list; (bar = strchr(at, '|')) != NULL; at = bar + 1) {
		const struct member *owner;

		assert_true(*at++ == '+');
		*bar = '\0';
		owner = name_owner(m, asker->route, at);
		assert_true(owner != NULL && owner->room == asker->room);
		count++;
	}
	assert_int_equal(count, m->rooms[asker->room].count);
	snprintf(expected, sizeof(expected), "%u:%u<%s>x ", worker, slot,
	    asker->name);
	(void)ask_whisper(w, worker, number + 1, asker->conn, asker->route,
	    asker->name, "x", heard);
	assert_string_equal(heard, expected);
}

static void
check_all_questions(struct world *w, const struct model *m)
{
	for (unsigned i = 0; i < WORKERS; i++) {
		uint64_t number = REQUESTS + 1;

		for (unsigned slot = 0; slot < SLOTS; slot++, number += 2)
			if (m->members[i][slot].conn != 0 &&
			    m->members[i][slot].route != ECHO)
				check_questions(w, m, i, &m->members[i][slot],
				    number);
	}
}

/* Asks for each name there was: it is free unless somebody has it. */
static void
check_free_names(struct world *w, const struct model *m,
    const struct script *s, unsigned worker)
{
	uint64_t number = REQUESTS + 1000;
	const struct member *asker = m->members[worker];

	while (asker < m->members[worker] + SLOTS && asker->conn == 0)
		asker++;
	if (asker == m->members[worker] + SLOTS)
		return;

	for (unsigned i = 0; i < WORKERS; i++)
		for (uint64_t n = 1; n <= REQUESTS; n++) {
			const struct ask *a = &s->asks[i][n];
			const struct member *owner;
			const char *name;

			if (a->type != IPC_NICK || a->name == NAME_AUTOMATIC)
				continue;
			name = name_make(a, i, n, 0);
			owner = name_owner(m, asker->route, name);
			assert_int_equal(ask_nick(w, worker, ++number,
			    asker->conn, asker->route, name),
			    owner == NULL || owner == asker ? HUB_DONE :
			    HUB_TAKEN);
		}
}

/* The tables say what the log says. */
static void
check_tables(const struct world *w, const struct model *m)
{
	unsigned rooms = 0, connections = 0, found = 0;
	const struct state_session *t;
	const struct state_room *r;

	for (unsigned i = 0; i < IDENTITIES; i++)
		rooms += m->rooms[i].seq + m->rooms[i].count > 0;
	assert_int_equal(hub_rooms(w->hub), rooms);
	for (uint32_t row = 0; row < state_rows(w->state); row++) {
		r = state_room(w->state, row);
		t = state_session(w->state, row);
		if (r != NULL) {
			rooms--;
			assert_true(r->seq == m->rooms[r->identity].seq);
			assert_true(r->newest ==
			    m->rooms[r->identity].newest);
		}
		if (t != NULL && t->room != STATE_NONE) {
			const struct member *member = &m->members[
			    t->generation - GENERATION][
			    ipc_connection_slot(t->connection)];

			found++;
			assert_true(member->conn == t->connection);
			char name[256] = { 0 };

			assert_true(member->number == t->number);
			if (t->name == STATE_NONE)
				snprintf(name, sizeof(name), "user%u",
				    (unsigned)t->number);
			else
				state_text_load(w->state, t->name, name,
				    sizeof(name));
			assert_string_equal(name, member->name);
			assert_true(state_room(w->state, t->room)->identity ==
			    member->room);
		}
	}
	assert_int_equal(rooms, 0);
	for (unsigned i = 0; i < WORKERS; i++)
		for (unsigned slot = 0; slot < SLOTS; slot++)
			connections += m->members[i][slot].conn != 0;
	assert_int_equal(found, connections);
}

static unsigned
live_connections(const struct script *s)
{
	unsigned live = 0;

	for (unsigned i = 0; i < WORKERS; i++)
		for (uint64_t n = 1; n <= REQUESTS; n++) {
			enum ipc_type type = s->asks[i][n].type;

			live += type == IPC_JOIN || type == IPC_ATTACH;
			live -= type == IPC_LEAVE;
		}
	return live;
}

static bool
leaves_a_record(const struct ask *a)
{
	return a->type != IPC_ATTACH && a->route != ECHO &&
	    !(a->type == IPC_MOVE && a->room == a->from);
}

/* Others may have had the name. */
static bool
is_uncertain(const struct ask *a)
{
	return a->type == IPC_NICK && a->name < WANTED;
}

static struct model m;	/* of the world that was looked at last */

/* Nothing has left the ring: everything is compared. */
static void
check_whole(struct world *w, const struct script *s)
{
	static struct cursor_view views[2 * WORKERS * REQUESTS + 1];
	size_t count;

	memset(&m, 0, sizeof(m));
	m.names[SMALL] = 1;
	assert_true(log_first(w->log) == 0);
	count = world_read(w, views, 2 * WORKERS * REQUESTS + 1);
	for (size_t i = 0; i < count; i++)
		check_record(&m, s, &views[i]);
	for (unsigned i = 0; i < WORKERS; i++)
		for (uint64_t n = 1; n <= REQUESTS; n++)
			if (!is_uncertain(&s->asks[i][n]))
				assert_int_equal(m.seen[i][n],
				    leaves_a_record(&s->asks[i][n]));
	assert_true(m.half == 0);
	check_tables(w, &m);
	check_all_questions(w, &m);
	assert_int_equal(hub_connections(w->hub), live_connections(s));
}

static unsigned rings_turned;

/* The ring may have turned: what is left has no request twice, and every room
 * counted each of its lines once. */
static void
check_rest(struct world *w, const struct script *s)
{
	static struct cursor_view views[2 * WORKERS * REQUESTS + 1];
	uint64_t last[WORKERS] = { 0 }, said, half = 0;
	struct verify_report report;
	size_t count;

	assert_int_equal(verify_log(w->log, &report), VERIFY_OK);
	rings_turned += log_first(w->log) > 0;
	count = world_read(w, views, 2 * WORKERS * REQUESTS + 1);
	for (size_t i = 0; i < count; i++) {
		const struct record *r = &views[i].record;
		uint64_t *before = &last[r->generation - GENERATION];
		bool is_moved = (r->flags & RECORD_MOVED) != 0;

		/* The second half of a move is the next record; of the very
		 * first one the other half may be gone. */
		if (is_moved && r->kind == RECORD_JOIN && i > 0)
			assert_true(half == r->request &&
			    *before == r->request);
		else
			assert_true(half == 0 && r->request > *before);
		half = is_moved && r->kind == RECORD_LEAVE ? r->request : 0;
		*before = r->request;
	}
	assert_true(half == 0);
	for (unsigned room = 0; room < ROOMS; room++) {
		const struct state_room *row = world_room(w,
		    (uint8_t)(room % 2), room_names[room / 2]);

		said = 0;
		for (unsigned i = 0; i < WORKERS; i++)
			for (uint64_t n = 1; n <= REQUESTS; n++)
				said += s->asks[i][n].type == IPC_SAY &&
				    s->asks[i][n].route == room % 2 &&
				    s->asks[i][n].room == room / 2;
		assert_non_null(row);
		assert_true(row->seq == said);
	}
	assert_int_equal(hub_connections(w->hub), live_connections(s));
}

/* Plays a script to its end over hubs that die at random. */
static void
play(uint64_t seed, size_t text_max, unsigned lasting,
    void (*check)(struct world *, const struct script *))
{
	struct progress p = { { 0 } };
	static struct script s;
	struct world w;

	script_make(&s, seed, text_max, lasting);
	world_create(&w, 0);
	for (;;) {
		world_die(&w);
		take_over(&w, &p, &s);
		if (work(&w, &p, &s, &seed, 5 + seed % 100))
			break;
	}
	check(&w, &s);
	/* And once more, with nothing to do. */
	world_die(&w);
	take_over(&w, &p, &s);
	check(&w, &s);
	if (check == check_whole)
		check_free_names(&w, &m, &s, 0);
	world_close(&w);
}

static void
a_hub_may_die_between_any_two_calls(void **state)
{
	unsigned many = fixture_is_valgrind() ? 10 : 300;

	(void)state;
	for (uint64_t seed = 1; seed <= many; seed++)
		play(seed, 100, 0, check_whole);
}

static void
a_hub_may_die_while_the_ring_turns(void **state)
{
	unsigned many = fixture_is_valgrind() ? 5 : 60;

	(void)state;
	rings_turned = 0;
	for (uint64_t seed = 1; seed <= many; seed++)
		play(seed * 1000, TEXT_MAX, ROOMS, check_rest);
	assert_true(rings_turned > many / 2);
}

/* One hub, in a process that ends at this step. */
static void
play_in_child(struct world *w, struct progress *p, const struct script *s,
    unsigned long step)
{
	uint64_t seed = 77;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		fixture_die_at(step);
		take_over(w, p, s);
		(void)work(w, p, s, &seed, 0);
		_exit(0);
	}
	fixture_wait(pid);
}

static void
play_by_steps(uint64_t script, size_t text_max, unsigned lasting,
    unsigned long stride,
    void (*check)(struct world *, const struct script *))
{
	struct progress *p = fixture_shared(sizeof(*p));
	uint64_t seed, random = 5;
	static struct script s;
	unsigned long step, total = 0;
	struct world w;

	script_make(&s, script, text_max, lasting);
	for (step = 0; step <= total; step += stride) {
		memset(p, 0, sizeof(*p));
		world_create(&w, 0);
		world_die(&w);
		if (step > 0)
			play_in_child(&w, p, &s, step);
		/* Every other time the next one dies, too. */
		if (step / stride % 2 == 1)
			play_in_child(&w, p, &s,
			    1 + fixture_random(&random) % 300);
		fixture_die_at(0);
		take_over(&w, p, &s);
		seed = 77;
		assert_true(work(&w, p, &s, &seed, 0));
		if (step == 0)
			total = fixture_steps();
		check(&w, &s);
		world_close(&w);
	}
	assert_true(total > 1000);
	munmap(p, sizeof(*p));
}

static void
a_hub_may_die_between_any_two_stores(void **state)
{
	(void)state;
	play_by_steps(5, 100, 0, fixture_is_valgrind() ? 211 :
	    FORK_IS_SLOW ? 17 : 1, check_whole);
}

static void
a_hub_may_die_at_any_store_while_the_ring_turns(void **state)
{
	(void)state;
	rings_turned = 0;
	play_by_steps(3, TEXT_MAX, ROOMS, fixture_is_valgrind() ? 199 :
	    FORK_IS_SLOW ? 23 : 7, check_rest);
	assert_true(rings_turned > 0);
}

/* A client says the same again under its id, in a new request, as one does
 * that has lost its connection: whatever became of the first. */
#define SAID	3

static uint64_t
count_said(const struct world *w)
{
	struct cursor_view views[64];
	size_t count = world_read(w, views, 64);
	uint64_t said = 0;

	for (size_t i = 0; i < count; i++)
		said += views[i].record.kind == RECORD_MESSAGE;
	return said;
}

static void
say_as_in_child(struct world *w, unsigned long step)
{
	char id[] = "a";
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		fixture_die_at(step);
		world_open(w);
		world_add(w, 0, GENERATION);
		(void)!ask_join(w, 0, 1, connection(1, 0), CHAT, "");
		for (unsigned i = 0; i < SAID; i++, id[0]++) {
			(void)!ask_say_as(w, 0, 2 + i, connection(1, 0), CHAT,
			    id, "once");
			world_commit(w);
		}
		_exit(0);
	}
	fixture_wait(pid);
	fixture_die_at(0);
}

/* Those that were said before the death are acknowledged, the others are
 * said now; then all are acknowledged, until their time is over. */
static void
say_all_again(struct world *w)
{
	uint64_t number = 20, before = count_said(w), again = 0;
	char id[] = "a";

	for (unsigned i = 0; i < SAID; i++, id[0]++) {
		enum hub_result result = ask_say_as(w, 0, ++number,
		    connection(1, 0), CHAT, id, "once");

		assert_true(result == HUB_DONE || result == HUB_SAID);
		if (result == HUB_SAID)
			assert_int_equal(w->said_seq, ++again);
	}
	assert_int_equal(again, before);
	for (unsigned i = 0; i < SAID; i++) {
		id[0] = (char)('a' + i);
		assert_int_equal(ask_say_as(w, 0, ++number, connection(1, 0),
		    CHAT, id, "once"), HUB_SAID);
		assert_int_equal(w->said_seq, 1 + i);
	}
	world_commit(w);
	assert_int_equal(count_said(w), SAID);
}

static void
what_was_said_under_an_id_is_said_once(void **state)
{
	unsigned long step, total = 400,
	    stride = fixture_is_valgrind() ? 7 : FORK_IS_SLOW ? 7 : 1;
	unsigned seen[SAID + 1] = { 0 };
	struct world w;

	(void)state;
	for (step = 1; step < total; step += stride) {
		world_create(&w, 0);
		world_die(&w);
		say_as_in_child(&w, step);
		world_open(&w);
		world_add(&w, 0, GENERATION);
		(void)!ask_join(&w, 0, 1, connection(1, 0), CHAT, "");
		world_commit(&w);
		assert_true(count_said(&w) <= SAID);
		seen[count_said(&w)]++;
		say_all_again(&w);
		/* After a minute it may be said again; not for a new broker
		 * either. */
		if (step % 2 == 1) {
			world_die(&w);
			clock_fixture_advance(60000);
			world_open(&w);
			world_add(&w, 0, GENERATION);
		} else {
			clock_fixture_advance(60000);
		}
		assert_int_equal(ask_say_as(&w, 0, 100, connection(1, 0),
		    CHAT, "b", "once"), HUB_DONE);
		world_close(&w);
	}
	for (unsigned i = 0; i <= SAID; i++)
		assert_true(seen[i] > 0);
}

/* What has left the ring is not known any more, and nothing else is taken
 * for it. */
static void
an_id_is_forgotten_with_its_line(void **state)
{
	static char text[LOG_SIZE_MIN / 16 + 1];
	uint64_t number = 3;
	struct world w;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	for (unsigned dies = 0; dies < 2; dies++) {
		world_create(&w, 1);
		assert_int_equal(ask_join(&w, 0, 1, connection(1, 0), SMALL,
		    ""), HUB_DONE);
		assert_int_equal(ask_join(&w, 0, 2, connection(2, 1), CHAT,
		    ""), HUB_DONE);
		assert_int_equal(ask_say_as(&w, 0, 3, connection(1, 0), SMALL,
		    "a", "kept"), HUB_DONE);
		for (number = 4; log_first(w.log) < 1000; number++) {
			assert_int_equal(ask_say(&w, 0, number,
			    connection(2, 1), CHAT, text), HUB_DONE);
			world_commit(&w);
			hub_receipt(w.hub, 0);
		}
		if (dies == 1) {
			world_die(&w);
			world_open(&w);
			world_add(&w, 0, GENERATION);
		}
		assert_int_equal(ask_say_as(&w, 0, number, connection(1, 0),
		    SMALL, "a", "kept"), HUB_DONE);
		world_close(&w);
	}
}

static enum record_kind
world_last_but_kept(const struct world *w)
{
	static struct cursor_view views[16384];
	size_t count = world_read(w, views, 16384);

	assert_true(count > 0);
	return (enum record_kind)views[count - 1].record.kind;
}

/* A log whose oldest records are lines that a room keeps: for further
 * records some are copied, which commits what is there. */
static uint64_t
fill_with_moves(struct world *w)
{
	uint64_t number = 1;
	unsigned to = 0;

	world_create(w, 1);
	assert_int_equal(ask_join(w, 0, 1, connection(1, 0), CHAT, ""),
	    HUB_DONE);
	do {
		number++;
		if (number < 250) {
			assert_int_equal(ask_say(w, 0, number++,
			    connection(1, 0), CHAT, "x"), HUB_DONE);
			assert_int_equal(ask_nick(w, 0, number++,
			    connection(1, 0), CHAT, "Anna"), HUB_DONE);
		}
		assert_int_equal(ask_move(w, 0, number, connection(1, 0),
		    CHAT, room_names[++to % 2]), HUB_DONE);
		world_commit(w);
	} while (log_first(w->log) == 0);
	hub_receipt(w->hub, 0);
	return number;
}

static void
both_halves_of_a_move_count_or_none(void **state)
{
	unsigned many = fixture_is_valgrind() ? 5 : FORK_IS_SLOW ? 20 : 100;
	uint64_t number, random = 1;
	struct world w;
	pid_t pid;

	(void)state;
	for (unsigned i = 0; i < many; i++) {
		number = fill_with_moves(&w);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			fixture_die_at(1 + fixture_random(&random) % 900);
			for (unsigned k = 1; k < 40; k++)
				(void)!ask_move(&w, 0, number + k,
				    connection(1, 0), CHAT,
				    room_names[k % 2]);
			_exit(0);
		}
		fixture_wait(pid);
		(void)fixture_random(&random);
		fixture_die_at(0);
		world_die(&w);
		world_open(&w);
		assert_int_not_equal(world_last_but_kept(&w), RECORD_LEAVE);
		world_close(&w);
	}
}

static void
members_whom_nobody_knows_leave(void **state)
{
	struct cursor_view v[8];
	struct world w;

	(void)state;
	world_create(&w, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(ask_join(&w, i, 1, connection(1 + i, i),
		    CHAT, ""), HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 2, connection(9, 9), CHAT, ""),
	    HUB_DONE);
	assert_int_equal(ask_attach(&w, 0, 3, connection(10, 10), ECHO),
	    HUB_DONE);
	world_commit(&w);
	world_die(&w);
	/* Worker 1 died meanwhile; worker 0 has one connection of three. */
	world_open(&w);
	assert_int_equal(hub_connections(w.hub), 5);
	world_add(&w, 0, 101);
	world_add(&w, 1, 200);
	world_add(&w, 2, 103);
	assert_true(hub_register(w.hub, 0, connection(1, 0)));
	assert_true(hub_register(w.hub, 0, connection(55, 5)));
	assert_true(hub_register(w.hub, 2, connection(3, 2)));
	assert_false(hub_remove_others(w.hub, UINT32_MAX));
	assert_int_equal(hub_registered(w.hub, 0, UINT32_MAX), 2);
	assert_int_equal(hub_registered(w.hub, 1, UINT32_MAX), 0);
	assert_int_equal(hub_registered(w.hub, 2, UINT32_MAX), 0);
	world_commit(&w);
	assert_int_equal(hub_connections(w.hub), 2);
	assert_int_equal(world_read(&w, v, 8), 6);
	assert_int_equal(v[4].record.kind, RECORD_LEAVE);
	assert_true(v[4].record.sender == connection(2, 1));
	assert_int_equal(v[4].record.generation, 0);
	assert_int_equal(v[4].record.request, 102);
	assert_int_equal(v[4].record.count, 3);
	assert_true(v[5].record.sender == connection(9, 9));
	assert_int_equal(v[5].record.count, 2);
	/* What they asked for before is done, and does not come again. */
	assert_int_equal(ask_join(&w, 0, 2, connection(9, 9), CHAT, ""),
	    HUB_REPEAT);
	assert_int_equal(ask_join(&w, 1, 1, connection(60, 1), CHAT, ""),
	    HUB_DONE);
	world_close(&w);
}

/* An echo connection leaves no record: asked for again after its slot went
 * to another, it is not a forgery. */
static void
an_echo_connection_may_be_gone_when_it_is_asked_for_again(void **state)
{
	struct world w;

	(void)state;
	world_create(&w, 1);
	assert_int_equal(ask_attach(&w, 0, 1, connection(1, 4), ECHO),
	    HUB_DONE);
	assert_int_equal(ask_leave(&w, 0, 2, connection(1, 4), ECHO),
	    HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 3, connection(2, 4), CHAT, ""),
	    HUB_DONE);
	world_die(&w);
	world_open(&w);
	world_add(&w, 0, 101);
	assert_int_equal(ask_attach(&w, 0, 1, connection(1, 4), ECHO),
	    HUB_REPEAT);
	assert_int_equal(ask_leave(&w, 0, 2, connection(1, 4), ECHO),
	    HUB_REPEAT);
	assert_int_equal(ask_join(&w, 0, 3, connection(2, 4), CHAT, ""),
	    HUB_REPEAT);
	assert_int_equal(hub_connections(w.hub), 1);
	world_close(&w);
}

/* A turn longer than the ring: records leave the log before the turn's end
 * receipts them, so it is done on the way. */
static void
nothing_is_said_twice_after_a_long_turn(void **state)
{
	uint64_t number = 1, receipt;
	char text[1000];
	struct world w;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	world_create(&w, 1);
	assert_int_equal(ask_join(&w, 0, 1, connection(1, 0), CHAT, ""),
	    HUB_DONE);
	while (hub_position(w.hub) < 3 * LOG_SIZE_MIN)
		assert_int_equal(ask_say(&w, 0, ++number, connection(1, 0),
		    CHAT, text), HUB_DONE);
	world_die(&w);
	world_open(&w);
	world_add(&w, 0, 101);
	receipt = log_receipt_load(w.log, 0, 101);
	assert_true(receipt > 0 && receipt < number);
	for (uint64_t n = receipt + 1; n <= number; n++)
		(void)!ask_say(&w, 0, n, connection(1, 0), CHAT, text);
	world_commit(&w);
	/* One line for each number but that of the join. */
	assert_int_equal(world_last(&w).record.seq, number - 1);
	world_close(&w);
}

static void
no_number_is_given_twice_after_a_long_turn(void **state)
{
	uint64_t number = 1, serial = 100;
	struct settings *settings = world_settings();
	struct world w;

	(void)state;
	world_create(&w, 1);
	settings->routes[SMALL].history = 0;
	assert_int_equal(ask_join(&w, 0, 1, connection(1, 0), SMALL, ""),
	    HUB_DONE);
	assert_int_equal(ask_say(&w, 0, ++number, connection(1, 0), SMALL,
	    "x"), HUB_DONE);
	while (hub_position(w.hub) < 2 * LOG_SIZE_MIN) {
		assert_int_equal(ask_join(&w, 0, ++number,
		    connection(++serial, 1), CHAT, ""), HUB_DONE);
		assert_int_equal(ask_leave(&w, 0, ++number,
		    connection(serial, 1), CHAT), HUB_DONE);
	}
	world_die(&w);
	world_open(&w);
	world_add(&w, 0, 101);
	assert_int_equal(ask_say(&w, 0, ++number, connection(1, 0), SMALL,
	    "y"), HUB_DONE);
	world_commit(&w);
	assert_int_equal(world_last(&w).record.seq, 2);
	world_close(&w);
}

/* Damages a log and lets a hub take over: it goes on with an empty one. */
static void
check_damaged(void (*damage)(struct world *))
{
	uint8_t epoch[16];
	struct verify_report report;
	struct world w;

	world_create(&w, 1);
	assert_int_equal(ask_join(&w, 0, 1, connection(1, 0), CHAT, ""),
	    HUB_DONE);
	for (uint64_t n = 2; n < 10; n++)
		assert_int_equal(ask_say(&w, 0, n, connection(1, 0), CHAT,
		    "x"), HUB_DONE);
	world_commit(&w);
	hub_receipt(w.hub, 0);
	memcpy(epoch, log_header(w.log)->epoch, sizeof(epoch));
	damage(&w);
	world_die(&w);
	world_open(&w);
	assert_true(memcmp(epoch, log_header(w.log)->epoch, 16) != 0);
	assert_true(log_first(w.log) == log_committed(w.log));
	world_add(&w, 0, 101);
	assert_int_equal(hub_connections(w.hub), 1);
	assert_int_equal(ask_say(&w, 0, 10, connection(1, 0), CHAT, "y"),
	    HUB_DONE);
	world_commit(&w);
	assert_int_equal(verify_log(w.log, &report), VERIFY_OK);
	assert_int_equal(report.records, 1);
	assert_int_equal(world_last(&w).record.seq, 9);
	assert_int_equal(world_last(&w).record.count, 0);	/* user0 */
	/* It is not given up again. */
	memcpy(epoch, log_header(w.log)->epoch, sizeof(epoch));
	world_die(&w);
	world_open(&w);
	assert_memory_equal(epoch, log_header(w.log)->epoch, 16);
	world_close(&w);
}

static void
damage_record(struct world *w)
{
	((uint8_t *)log_at(w->log, 0))[90] ^= 1;
}

static void
damage_length(struct world *w)
{
	((struct record *)log_at(w->log, 0))->length += 4;
}

static void
damage_end(struct world *w)
{
	log_header(w->log)->committed += 3;
}

static void
damage_end_far(struct world *w)
{
	log_header(w->log)->committed = LOG_NONE - 7;
}

static void
damage_first(struct world *w)
{
	log_header(w->log)->first = log_committed(w->log) + 8;
}

static void
a_damaged_log_is_begun_anew(void **state)
{
	(void)state;
	check_damaged(damage_record);
	check_damaged(damage_length);
	check_damaged(damage_first);
	check_damaged(damage_end);
	check_damaged(damage_end_far);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hub_may_die_between_any_two_calls),
		cmocka_unit_test(a_hub_may_die_while_the_ring_turns),
		cmocka_unit_test(a_hub_may_die_between_any_two_stores),
		cmocka_unit_test(
		    a_hub_may_die_at_any_store_while_the_ring_turns),
		cmocka_unit_test(what_was_said_under_an_id_is_said_once),
		cmocka_unit_test(an_id_is_forgotten_with_its_line),
		cmocka_unit_test(both_halves_of_a_move_count_or_none),
		cmocka_unit_test(members_whom_nobody_knows_leave),
		cmocka_unit_test(
		    an_echo_connection_may_be_gone_when_it_is_asked_for_again),
		cmocka_unit_test(nothing_is_said_twice_after_a_long_turn),
		cmocka_unit_test(no_number_is_given_twice_after_a_long_turn),
		cmocka_unit_test(a_damaged_log_is_begun_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
