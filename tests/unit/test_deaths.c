/*
 * test_deaths - members with tokens and hubs that die: a script of requests
 * ends as it does over one hub that lives, whenever hubs died meanwhile.
 *
 * A script is one list of what several workers ask, in the order in which the
 * hub hears it, with ends of turns, deaths of workers and grace times that are
 * over in between.  When a hub dies, the next one hears again, in that order,
 * what has no receipt.  Log and tables of the end are written down as text, in
 * which numbers that may be skipped are counted anew, and compared.
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

#include "base/clock.h"
#include "clock_fixture.h"
#include "hub_fixture.h"
#include "log/verify.h"
#include "log_fixture.h"

#define WORKERS		2
#define USED_SLOTS	4	/* of each worker */
#define PERSONS		6	/* who have a token; three on each route */
#define ROOMS		3	/* names on each route */
#define OPS		150
#define GRACE_MS	UINT64_C(3600000)

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

static const char *const room_names[ROOMS] = { "", "a", "b.b" };

enum op_kind {
	OP_JOIN, OP_ENTER, OP_LEAVE, OP_GO, OP_SAY, OP_NICK, OP_MOVE,
	OP_PROVE,
	OP_REQUESTS,		/* all before are a worker's */
	OP_COMMIT = OP_REQUESTS, OP_EXPIRE, OP_KILL
};

struct op {
	enum op_kind kind;
	unsigned worker;
	uint64_t generation, number;	/* KILL: of the next */
	uint64_t conn;
	uint32_t route;
	unsigned room;			/* ENTER, JOIN, MOVE: where to */
	char token;			/* ENTER */
	bool is_fresh;			/* ENTER: nobody had it yet */
	uint64_t seq;			/* PROVE */
	uint64_t ahead_ms;		/* EXPIRE: of the beginning */
	uint64_t receipts;		/* COMMIT: a bit for each worker */
};

/*
 * Scripts.
 */

struct slot {
	uint64_t conn;		/* 0: free */
	int person;		/* -1: has no token */
	uint32_t route;
	unsigned room;		/* of one without a token */
	bool is_live;		/* nobody has taken its place */
};

struct person {
	bool was_seen, is_known;
	unsigned tabs, room;
	uint64_t end_ms;	/* away: until then */
};

/* What is known of the hub while a script is made, so that it asks what has
 * one answer, also when it is asked again. */
struct author {
	uint64_t random, serial, ahead_ms;
	uint64_t generations[WORKERS], numbers[WORKERS];
	struct slot slots[WORKERS][USED_SLOTS];
	struct person persons[PERSONS];
	uint64_t said[ROUTES][ROOMS], committed[ROUTES][ROOMS];
};

struct script {
	struct op ops[OPS + 2];
	unsigned count;
	unsigned members;	/* with a token, at the end */
};

static uint32_t
route_of(int person)
{
	return person % 2 == 0 ? CHAT : SMALL;
}

static unsigned *
room_of(struct author *a, struct slot *slot)
{
	return slot->person < 0 ? &slot->room :
	    &a->persons[slot->person].room;
}

static void
author_end(struct author *a, struct slot *slot, bool may_return)
{
	struct person *person;

	slot->conn = 0;
	if (slot->person < 0 || !slot->is_live)
		return;
	person = &a->persons[slot->person];
	if (--person->tabs == 0) {
		person->is_known = may_return;
		person->end_ms = a->ahead_ms + GRACE_MS;
	}
}

static void
author_enter(struct author *a, struct op *op, struct slot *slot)
{
	struct person *person = &a->persons[slot->person];

	op->kind = OP_ENTER;
	op->token = (char)('A' + slot->person);
	op->is_fresh = !person->was_seen;
	person->was_seen = true;
	if (op->route == CHAT)
		for (unsigned i = 0; i < WORKERS * USED_SLOTS; i++) {
			struct slot *other = &a->slots[0][0] + i;

			if (other != slot && other->conn != 0 &&
			    other->person == slot->person && other->is_live) {
				other->is_live = false;
				person->tabs--;
			}
		}
	if (!person->is_known || op->route == SMALL)
		person->room = op->room;
	person->is_known = true;
	person->tabs++;
}

static void
author_connect(struct author *a, struct op *op, struct slot *slot,
    uint64_t random)
{
	op->conn = connection(++a->serial,
	    (uint32_t)((slot - a->slots[0]) % USED_SLOTS));
	op->room = (unsigned)(random % ROOMS);
	*slot = (struct slot){
		.conn = op->conn, .is_live = true, .room = op->room,
		.person = random / 4 % 4 == 0 ? -1 :
		    (int)(random / 16 % PERSONS)
	};
	op->route = slot->route = slot->person < 0 ? random / 128 % 2 :
	    route_of(slot->person);
	if (slot->person >= 0)
		author_enter(a, op, slot);
	else
		op->kind = OP_JOIN;
}

static void
author_ask(struct author *a, struct op *op, struct slot *slot,
    uint64_t random)
{
	unsigned *room = room_of(a, slot);

	op->conn = slot->conn;
	op->route = slot->route;
	op->kind = OP_SAY;
	if (random % 8 < 2) {
		op->kind = random % 8 == 0 ? OP_LEAVE : OP_GO;
		author_end(a, slot, op->kind == OP_GO);
		return;
	}
	if (!slot->is_live)
		return;
	if (random % 8 == 2) {
		op->kind = OP_MOVE;
		op->room = *room = (*room + 1 + (unsigned)(random / 8 % 2)) %
		    ROOMS;
	} else if (random % 8 == 3) {
		op->kind = OP_NICK;
	} else if (random % 8 == 4 && slot->person >= 0) {
		op->kind = OP_PROVE;
		op->room = *room;
		op->seq = a->committed[op->route][*room];
	} else {
		a->said[op->route][*room]++;
	}
}

/* A death of a worker comes after a turn: what it said before counts. */
static void
author_kill(struct author *a, struct op *op)
{
	op->kind = OP_KILL;
	op->generation = a->generations[op->worker] += WORKERS;
	a->numbers[op->worker] = 0;
	for (unsigned i = 0; i < USED_SLOTS; i++)
		if (a->slots[op->worker][i].conn != 0)
			author_end(a, &a->slots[op->worker][i], true);
}

static void
author_commit(struct author *a, struct op *op, uint64_t random)
{
	op->kind = OP_COMMIT;
	op->receipts = random % 4;
	memcpy(a->committed, a->said, sizeof(a->said));
}

static void
author_expire(struct author *a, struct op *op, uint64_t random)
{
	op->kind = OP_EXPIRE;
	a->ahead_ms += random % 2 == 0 ? GRACE_MS : GRACE_MS / 2;
	op->ahead_ms = a->ahead_ms;
	for (unsigned i = 0; i < PERSONS; i++)
		if (a->persons[i].tabs == 0 &&
		    a->persons[i].end_ms <= a->ahead_ms)
			a->persons[i].is_known = false;
}

static void
script_make(struct script *s, uint64_t seed)
{
	struct author a = { .random = seed };

	memset(s, 0, sizeof(*s));
	for (unsigned i = 0; i < WORKERS; i++)
		a.generations[i] = 101 + i;
	while (s->count < OPS) {
		uint64_t random = fixture_random(&a.random) >> 8;
		struct op *op = &s->ops[s->count++];
		struct slot *slot;

		op->worker = (unsigned)(random % WORKERS);
		random /= WORKERS;
		slot = &a.slots[op->worker][random % USED_SLOTS];
		random /= USED_SLOTS;
		if (random % 7 == 0) {
			author_commit(&a, op, random / 7);
		} else if (random % 29 == 0) {
			author_expire(&a, op, random / 29);
		} else if (random % 37 == 0) {
			author_commit(&a, op, random / 37);
			op[1].worker = op->worker;
			s->count++;
			author_kill(&a, op + 1);
		} else {
			op->generation = a.generations[op->worker];
			op->number = ++a.numbers[op->worker];
			if (slot->conn == 0)
				author_connect(&a, op, slot, random / 64);
			else
				author_ask(&a, op, slot, random / 64);
		}
	}
	for (unsigned i = 0; i < PERSONS; i++)
		s->members += a.persons[i].is_known;
}

/*
 * Playing them.
 */

/* What outlives the process of a hub. */
struct progress {
	uint64_t began_ms;		/* what the clock was ahead */
	uint64_t generations[WORKERS];
	unsigned started, done;		/* how many of the script's */
	uint64_t rooms[OPS + 2];	/* of PROVE, as first sent */
};

static uint64_t ahead_ms;	/* what this process' clock is */

static void
clock_set(uint64_t ahead)
{
	if (ahead <= ahead_ms)
		return;
	clock_fixture_advance(ahead - ahead_ms);
	ahead_ms = ahead;
}

static void
configure(struct settings *settings)
{
	settings->routes[CHAT].grace_ms = GRACE_MS;
	settings->routes[SMALL].grace_ms = GRACE_MS;
	settings->routes[SMALL].identity = SETTINGS_SESSION;
}

static enum hub_result
send_prove(struct world *w, struct progress *p, const struct script *s,
    const struct op *op)
{
	uint64_t *room = &p->rooms[op - s->ops];

	if (*room == 0)
		*room = world_room(w, (uint8_t)op->route,
		    room_names[op->room])->identity;
	return ask_prove(w, op->worker, op->number, op->conn, op->route,
	    *room, op->seq);
}

static void
send_one(struct world *w, struct progress *p, const struct script *s,
    const struct op *op)
{
	enum hub_result result = HUB_FORGED;
	unsigned i = op->worker;
	char text[32];

	snprintf(text, sizeof(text), "n%ux%u", (unsigned)op->generation,
	    (unsigned)op->number);
	if (op->kind == OP_JOIN)
		result = ask_join(w, i, op->number, op->conn, op->route,
		    room_names[op->room]);
	else if (op->kind == OP_ENTER)
		result = ask_enter(w, i, op->number, op->conn, op->route,
		    op->is_fresh ? 0 : op->token, op->token,
		    room_names[op->room]);
	else if (op->kind == OP_LEAVE)
		result = ask_leave(w, i, op->number, op->conn, op->route);
	else if (op->kind == OP_GO)
		result = ask_go(w, i, op->number, op->conn, op->route);
	else if (op->kind == OP_SAY)
		result = ask_say(w, i, op->number, op->conn, op->route, text);
	else if (op->kind == OP_NICK)
		result = ask_nick(w, i, op->number, op->conn, op->route,
		    text);
	else if (op->kind == OP_MOVE)
		result = ask_move(w, i, op->number, op->conn, op->route,
		    room_names[op->room]);
	else if (op->kind == OP_PROVE)
		result = send_prove(w, p, s, op);
	if (result != HUB_DONE && result != HUB_REPEAT &&
	    result != HUB_UNKNOWN)
		fail_msg("op %u: result %d", (unsigned)(op - s->ops),
		    (int)result);
}

static void
do_op(struct world *w, struct progress *p, const struct script *s,
    const struct op *op)
{
	if (op->kind < OP_REQUESTS) {
		send_one(w, p, s, op);
	} else if (op->kind == OP_COMMIT) {
		world_commit(w);
		for (unsigned i = 0; i < WORKERS; i++)
			if ((w->bells & op->receipts) >> i & 1)
				hub_receipt(w->hub, i);
	} else if (op->kind == OP_EXPIRE) {
		clock_set(p->began_ms + op->ahead_ms);
		hub_expire(w->hub, clock_ms());
	} else if (p->generations[op->worker] != op->generation) {
		p->generations[op->worker] = op->generation;
		hub_remove_worker(w->hub, op->worker);
		world_add(w, op->worker, op->generation);
	}
}

/* Names the connections that the worker has, or has asked to end. */
static void
register_one(struct world *w, const struct progress *p,
    const struct script *s, unsigned worker)
{
	uint64_t generation = p->generations[worker];
	uint64_t receipt = log_receipt_load(w->log, worker, generation);
	const struct op *op = s->ops, *end;

	for (; op < s->ops + p->started; op++) {
		if (op->generation != generation ||
		    (op->kind != OP_JOIN && op->kind != OP_ENTER))
			continue;
		for (end = op + 1; end < s->ops + p->started; end++)
			if (end->conn == op->conn &&
			    (end->kind == OP_LEAVE || end->kind == OP_GO))
				break;
		if (end == s->ops + p->started || end->number > receipt)
			assert_true(hub_register(w->hub, worker, op->conn));
	}
}

/* The next hub starts, and hears what has no receipt. */
static void
take_over(struct world *w, struct progress *p, const struct script *s)
{
	struct verify_report report;
	uint64_t receipts[WORKERS];

	for (unsigned i = 0; i < p->started; i++)
		if (s->ops[i].kind == OP_EXPIRE)
			clock_set(p->began_ms + s->ops[i].ahead_ms);
	world_open(w);
	assert_int_equal(verify_log(w->log, &report), VERIFY_OK);
	for (unsigned i = 0; i < WORKERS; i++) {
		world_add(w, i, p->generations[i]);
		register_one(w, p, s, i);
		receipts[i] = log_receipt_load(w->log, i, p->generations[i]);
	}
	assert_false(hub_remove_others(w->hub, UINT32_MAX));
	for (unsigned i = 0; i < WORKERS; i++)
		assert_int_equal(hub_registered(w->hub, i, UINT32_MAX), 0);
	world_commit(w);
	for (unsigned i = 0; i < p->started; i++) {
		const struct op *op = &s->ops[i];

		if (op->kind < OP_REQUESTS &&
		    op->generation == p->generations[op->worker] &&
		    op->number > receipts[op->worker])
			send_one(w, p, s, op);
	}
	/* What is no request is not asked again: it is done to its end. */
	if (p->done < p->started) {
		if (s->ops[p->done].kind >= OP_REQUESTS)
			do_op(w, p, s, &s->ops[p->done]);
		p->done = p->started;
	}
}

/* False: the hub is to die here, on average after `life` steps (0: never). */
static bool
work(struct world *w, struct progress *p, const struct script *s,
    uint64_t *random, unsigned life)
{
	while (p->done < s->count) {
		if (life > 0 && fixture_random(random) % life == 0)
			return false;
		p->started = p->done + 1;
		do_op(w, p, s, &s->ops[p->done]);
		p->done = p->started;
	}
	return true;
}

/*
 * What has come of it, as text.
 */

#define TEXT_SIZE	(256 * 1024)
#define LINES		512

struct text {
	char bytes[TEXT_SIZE];
	size_t len;
	/* What was named, in the order in which it was. */
	uint64_t rooms[OPS], numbers[OPS];
	uint8_t tokens[PERSONS + 1][STATE_TOKEN];
	unsigned room_count, number_count, token_count;
};

static void __attribute__((format(printf, 2, 3)))
put(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	t->len += (size_t)vsnprintf(t->bytes + t->len, TEXT_SIZE - t->len,
	    format, args);
	va_end(args);
	assert_true(t->len < TEXT_SIZE);
}

static unsigned
ordinal(uint64_t *seen, unsigned *count, uint64_t what)
{
	unsigned i;

	for (i = 0; i < *count; i++)
		if (seen[i] == what)
			return i;
	assert_true(*count < OPS);
	seen[(*count)++] = what;
	return i;
}

static unsigned
ordinal_number(struct text *t, unsigned route, uint64_t number)
{
	return ordinal(t->numbers, &t->number_count, number * 100 + route);
}

static void
put_name(struct text *t, unsigned route, const char *name, size_t len)
{
	if (len > 4 && memcmp(name, "user", 4) == 0)
		put(t, " U%u", ordinal_number(t, route,
		    strtoull(name + 4, NULL, 10)));
	else
		put(t, " %.*s", (int)len, name);
}

static void
put_token(struct text *t, const uint8_t *token)
{
	unsigned i;

	if (token == NULL)
		return;
	for (i = 0; i < t->token_count; i++)
		if (memcmp(t->tokens[i], token, STATE_TOKEN) == 0)
			break;
	if (i == t->token_count)
		memcpy(t->tokens[t->token_count++], token, STATE_TOKEN);
	put(t, " T%u", i);
}

static void
put_record(struct text *t, const struct cursor_view *v)
{
	const struct record *r = &v->record;
	uint64_t count = r->kind == RECORD_MESSAGE ?
	    ordinal_number(t, r->route, r->count) : r->count;

	put(t, "kind %u %x route %u room %u seq %llu count %llu from %llx %llu "
	    "%llu", (unsigned)r->kind, r->flags, r->route,
	    ordinal(t->rooms, &t->room_count, r->room),
	    (unsigned long long)r->seq, (unsigned long long)count,
	    (unsigned long long)r->sender, (unsigned long long)r->generation,
	    (unsigned long long)r->request);
	put_name(t, r->route, (const char *)v->name, r->name_len);
	put_token(t, v->token);
	if (r->kind == RECORD_ENTER)
		put(t, " proven %llu replaced %llx",
		    (unsigned long long)v->enter.proven,
		    (unsigned long long)v->enter.replaced);
	put(t, " text %.*s\n", (int)v->text_len, (const char *)v->text);
}

static int
line_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts the lines from `start` on: rows stand where there was place. */
static void
sort_lines(struct text *t, size_t start)
{
	static char sorted[TEXT_SIZE];
	char *lines[LINES], *end;
	unsigned count = 0;
	size_t len = 0;

	for (char *at = t->bytes + start; at < t->bytes + t->len;
	    at = end + 1) {
		end = strchr(at, '\n');
		*end = '\0';
		assert_true(count < LINES);
		lines[count++] = at;
	}
	if (count > 0)
		qsort(lines, count, sizeof(lines[0]), line_compare);
	for (unsigned i = 0; i < count; i++)
		len += (size_t)snprintf(sorted + len, sizeof(sorted) - len,
		    "%s\n", lines[i]);
	memcpy(t->bytes + start, sorted, len);
}

static void
put_member(struct text *t, const struct world *w, uint32_t row)
{
	const struct state_session *s = state_session(w->state, row);
	char name[256];

	if (s == NULL)
		return;
	put(t, "%s U%u route %u", state_kind(w->state, row) == STATE_MEMBER ?
	    "member" : "session", ordinal_number(t, s->route, s->number),
	    s->route);
	if (s->name != STATE_NONE)
		put(t, " %.*s", (int)state_text_load(w->state, s->name, name,
		    sizeof(name)), name);
	put(t, " room %u", ordinal(t->rooms, &t->room_count,
	    state_room(w->state, s->room)->identity));
	if (state_kind(w->state, row) == STATE_MEMBER) {
		put_token(t, s->token);
		put(t, " proven %llu %s", (unsigned long long)s->proven,
		    s->grace_end == 0 ? "here" : "away");
	} else {
		put(t, " conn %llx %llu", (unsigned long long)s->connection,
		    (unsigned long long)s->generation);
	}
	put(t, "\n");
}

static void
put_connection(struct text *t, const struct world *w, uint32_t row)
{
	const struct state_connection *c = state_connection(w->state, row);
	const struct state_session *s;

	if (c == NULL)
		return;
	s = state_session(w->state, c->member);
	put(t, "conn %llx %llu U%u\n", (unsigned long long)c->connection,
	    (unsigned long long)c->generation,
	    ordinal_number(t, s->route, s->number));
}

/* What comes in any order among its like: tabs that follow their member, and
 * members that went away in the same millisecond. */
static bool
is_unordered(const struct record *r)
{
	return r->kind == RECORD_ENTER ? (r->flags & RECORD_MOVED) != 0 :
	    r->kind == RECORD_LEAVE && r->generation == 0 && r->sender == 0;
}

static void
put_log(struct text *t, const struct world *w)
{
	static struct cursor_view views[2048];
	size_t count = world_read(w, views, 2048), start = 0;

	for (size_t i = 0; i < count; i++) {
		bool is_any = is_unordered(&views[i].record);

		if (i == 0 || !is_unordered(&views[i - 1].record))
			start = t->len;
		if (is_any && views[i].record.kind == RECORD_LEAVE)
			views[i].record.count = 0;
		put_record(t, &views[i]);
		if (is_any)
			sort_lines(t, start);
	}
}

static void
put_tables(struct text *t, const struct world *w)
{
	size_t start;

	put(t, "connections %u rooms %u\n",
	    (unsigned)hub_connections(w->hub), hub_rooms(w->hub));
	start = t->len;
	for (uint32_t row = 0; row < state_rows(w->state); row++) {
		put_member(t, w, row);
		put_connection(t, w, row);
	}
	sort_lines(t, start);
}

/* The texts of an answer, each with a bar, as lines. */
static void
put_list(struct text *t, unsigned route, const char *list)
{
	size_t start = t->len;
	const char *bar;

	for (; (bar = strchr(list, '|')) != NULL; list = bar + 1) {
		bool is_signed = *list == '+' || *list == '-';

		put(t, "%.1s", is_signed ? list : "");
		put_name(t, route, list + is_signed,
		    (size_t)(bar - list) - is_signed);
		put(t, "\n");
	}
	sort_lines(t, start);
}

/* What a connection is told, and who hears what it says. */
static void
put_answers(struct text *t, struct world *w, unsigned worker, uint64_t conn,
    uint32_t route)
{
	static uint64_t number = 1000000;
	char names[4096] = "", heard[1024], *at = names;
	size_t start;

	strcpy(names, ask_who(w, worker, ++number, conn, route));
	put(t, "conn %llx sees\n", (unsigned long long)conn);
	put_list(t, route, names);
	put_list(t, route, ask_rooms(w, worker, ++number, conn, route));
	for (const char *from = names; *from != '\0'; from++)
		if (*from == '|')
			*at++ = ',';
		else if (*from != '+' && *from != '-')
			*at++ = *from;
	*at = '\0';
	put_list(t, route, ask_whisper(w, worker, ++number, conn, route,
	    names, "", heard));
	start = t->len;
	for (at = heard; (at = strchr(at, '<')) != NULL; at++)
		put(t, "heard %.3s\n", at - 3);
	sort_lines(t, start);
	for (unsigned i = 0; i < WORKERS; i++)
		hub_receipt(w->hub, i);
	world_commit(w);
	assert_int_equal(ask_say(w, worker, ++number, conn, route, "."),
	    HUB_DONE);
	world_commit(w);
	put(t, "rings %llx\n", (unsigned long long)w->bells);
}

static void
put_all_answers(struct text *t, struct world *w)
{
	for (uint64_t serial = 1; serial <= OPS; serial++)
		for (uint32_t row = 0; row < state_rows(w->state); row++) {
			const struct state_connection *c =
			    state_connection(w->state, row);
			const struct state_session *s = c != NULL ?
			    state_session(w->state, c->member) :
			    state_kind(w->state, row) == STATE_SESSION ?
			    state_session(w->state, row) : NULL;
			uint64_t conn = s == NULL ? 0 : c != NULL ?
			    c->connection : s->connection;

			if (s != NULL && ipc_connection_serial(conn) == serial)
				put_answers(t, w, (unsigned)((c != NULL ?
				    c->generation : s->generation) - 101) %
				    WORKERS, conn, s->route);
		}
}

static void
write_down(struct text *t, struct world *w)
{
	memset(t, 0, sizeof(*t));
	world_commit(w);
	assert_true(log_first(w->log) == 0);
	put_log(t, w);
	put_tables(t, w);
	put_all_answers(t, w);
	/* Whoever is away goes at last. */
	clock_set(ahead_ms + GRACE_MS);
	hub_expire(w->hub, clock_ms());
	assert_true(hub_next_expiry(w->hub) == UINT64_MAX);
	put_tables(t, w);
}

static unsigned
count_members(const struct world *w)
{
	unsigned count = 0;

	for (uint32_t row = 0; row < state_rows(w->state); row++)
		count += state_kind(w->state, row) == STATE_MEMBER;
	return count;
}

static struct text reference, result;

static void
compare(struct world *w, unsigned long where)
{
	const char *a, *b;

	write_down(&result, w);
	if (reference.len == result.len &&
	    memcmp(reference.bytes, result.bytes, result.len) == 0)
		return;
	for (a = reference.bytes, b = result.bytes; *a == *b; a++, b++)
		;
	while (a > reference.bytes && a[-1] != '\n') {
		a--;
		b--;
	}
	fail_msg("death %lu: expected\n%.300s\nnot\n%.300s", where, a, b);
}

static void
begin(struct world *w, struct progress *p)
{
	memset(p, 0, sizeof(*p));
	p->began_ms = ahead_ms;
	for (unsigned i = 0; i < WORKERS; i++)
		p->generations[i] = 101 + i;
	world_create(w, 0);
	w->configure = configure;
	world_die(w);
}

/* The script over one hub. */
static void
play_once(const struct script *s)
{
	static struct progress p;
	struct world w;
	uint64_t none = 0;

	begin(&w, &p);
	take_over(&w, &p, s);
	assert_true(work(&w, &p, s, &none, 0));
	assert_int_equal(count_members(&w), s->members);
	write_down(&reference, &w);
	world_close(&w);
}

static void
a_hub_may_die_between_any_two_calls(void **state)
{
	unsigned many = fixture_is_valgrind() ? 10 : 400;
	static struct progress p;
	static struct script s;
	struct world w;

	(void)state;
	for (uint64_t seed = 1; seed <= many; seed++) {
		uint64_t random = seed;

		script_make(&s, seed);
		play_once(&s);
		begin(&w, &p);
		do {
			if (w.hub != NULL)
				world_die(&w);
			take_over(&w, &p, &s);
		} while (!work(&w, &p, &s, &random,
		    2 + (unsigned)(seed % 40)));
		compare(&w, seed);
		world_close(&w);
	}
}

/* One hub, in a process that ends at this step. */
static void
play_in_child(struct world *w, struct progress *p, const struct script *s,
    unsigned long step)
{
	uint64_t none = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		fixture_die_at(step);
		take_over(w, p, s);
		(void)work(w, p, s, &none, 0);
		_exit(0);
	}
	fixture_wait(pid);
}

static void
play_by_steps(uint64_t seed, unsigned long stride)
{
	struct progress *p = fixture_shared(sizeof(*p));
	uint64_t random = seed, none = 0;
	unsigned long step, total = 0;
	static struct script s;
	struct world w;

	script_make(&s, seed);
	play_once(&s);
	for (step = 0; step <= total; step += stride) {
		begin(&w, p);
		if (step > 0)
			play_in_child(&w, p, &s, step);
		/* Every other time the next one dies, too, and most often
		 * while it takes over. */
		if (step / stride % 2 == 1)
			play_in_child(&w, p, &s,
			    1 + fixture_random(&random) % 40);
		fixture_die_at(0);
		take_over(&w, p, &s);
		assert_true(work(&w, p, &s, &none, 0));
		if (step == 0)
			total = fixture_steps();
		compare(&w, step);
		world_close(&w);
	}
	assert_true(total > 1000);
	munmap(p, sizeof(*p));
}

static void
a_hub_may_die_between_any_two_stores(void **state)
{
	unsigned long stride = fixture_is_valgrind() ? 97 :
	    FORK_IS_SLOW ? 7 : 1;

	(void)state;
	play_by_steps(3, stride);
	play_by_steps(11, stride);
}

/* A log whose oldest records are lines that a room keeps: for further
 * records some are copied, which commits what is there.  A member with two
 * tabs is in it, whom each third one takes to another room. */
static uint64_t
fill_with_moves(struct world *w)
{
	uint64_t number = 2;

	world_create(w, 0);
	w->configure = configure;
	world_die(w);
	world_open(w);
	world_settings()->routes[CHAT].identity = SETTINGS_SESSION;
	world_add(w, 0, 101);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(ask_enter(w, 0, 1 + i, connection(1 + i, i),
		    CHAT, 'A', 'A', ""), HUB_DONE);
	do {
		if (number < 300)
			assert_int_equal(ask_say(w, 0, ++number,
			    connection(1, 0), CHAT, "x"), HUB_DONE);
		number++;
		assert_int_equal(ask_enter(w, 0, number, connection(number,
		    2), CHAT, 'A', 'A', room_names[number / 2 % 2]),
		    HUB_DONE);
		assert_int_equal(ask_leave(w, 0, number + 1,
		    connection(number, 2), CHAT), HUB_DONE);
		number++;
		world_commit(w);
	} while (log_first(w->log) == 0);
	hub_receipt(w->hub, 0);
	return number;
}

static void
all_records_of_a_move_count_or_none(void **state)
{
	unsigned many = fixture_is_valgrind() ? 5 : FORK_IS_SLOW ? 20 : 100;
	static struct cursor_view views[16384];
	uint64_t number, random = 1;
	struct world w;
	size_t count;
	pid_t pid;

	(void)state;
	for (unsigned i = 0; i < many; i++) {
		number = fill_with_moves(&w);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			fixture_die_at(1 + fixture_random(&random) % 1500);
			for (unsigned k = 1; k < 60; k += 2) {
				uint64_t conn = connection(number + k, 2);

				(void)!ask_enter(&w, 0, number + k, conn,
				    CHAT, 'A', 'A', room_names[k / 2 % 2]);
				(void)!ask_leave(&w, 0, number + k + 1, conn,
				    CHAT);
			}
			_exit(0);
		}
		fixture_wait(pid);
		(void)fixture_random(&random);
		fixture_die_at(0);
		world_die(&w);
		world_open(&w);
		count = world_read(&w, views, 16384);
		assert_true(count > 0);
		assert_int_equal(views[count - 1].record.flags &
		    RECORD_MOVED, 0);
		world_close(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hub_may_die_between_any_two_calls),
		cmocka_unit_test(a_hub_may_die_between_any_two_stores),
		cmocka_unit_test(all_records_of_a_move_count_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
