/*
 * test_hub - what requests do, what stands in the log then, and what no
 * honest worker asks.  How a hub follows a dead one: test_takeover.c.
 */
#include "config.h"

#include "broker/hub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock_fixture.h"
#include "hub_fixture.h"
#include "log/verify.h"

#define VIEWS	200

static void
joining_saying_and_leaving_stand_in_the_log(void **state)
{
	uint64_t a = connection(1, 0), b = connection(2, 3);
	struct cursor_view v[VIEWS];
	struct world w;

	(void)state;
	world_create(&w, 2);
	assert_int_equal(ask_join(&w, 0, 1, a, CHAT, ""), HUB_DONE);
	assert_int_equal(ask_join(&w, 1, 1, b, CHAT, ""), HUB_DONE);
	assert_int_equal(ask_say(&w, 1, 2, b, CHAT, "hello"), HUB_DONE);
	assert_int_equal(ask_say(&w, 0, 2, a, CHAT, ""), HUB_DONE);
	assert_int_equal(ask_leave(&w, 0, 3, a, CHAT), HUB_DONE);
	assert_int_equal(ask_say(&w, 1, 3, b, CHAT, "alone"), HUB_DONE);
	world_commit(&w);

	assert_int_equal(world_read(&w, v, VIEWS), 6);
	assert_record(&v[0], RECORD_JOIN, "user0", "", 0, 1);
	assert_origin(&v[0], 101, 1, a);
	assert_record(&v[1], RECORD_JOIN, "user1", "", 0, 2);
	assert_origin(&v[1], 102, 1, b);
	assert_record(&v[2], RECORD_MESSAGE, "user1", "hello", 1, 1);
	assert_origin(&v[2], 102, 2, b);
	assert_record(&v[3], RECORD_MESSAGE, "user0", "", 2, 0);
	assert_record(&v[4], RECORD_LEAVE, "user0", "", 2, 1);
	assert_origin(&v[4], 101, 3, a);
	assert_record(&v[5], RECORD_MESSAGE, "user1", "alone", 3, 1);
	/* Each leads to the message before it, and passes by who came and
	 * went. */
	for (unsigned i = 0; i < 3; i++)
		assert_true(v[i].record.previous == LOG_NONE);
	assert_true(v[3].record.previous == v[2].position);
	assert_true(v[4].record.previous == v[3].position);
	assert_true(v[5].record.previous == v[3].position);
	for (unsigned i = 1; i < 6; i++) {
		assert_true(v[i].record.room == v[0].record.room);
		assert_int_equal(v[i].record.route, CHAT);
		assert_true(v[i].record.time_us >= v[0].record.time_us);
	}
	assert_int_equal(hub_connections(w.hub), 1);
	assert_int_equal(hub_rooms(w.hub), 1);
	assert_true(hub_position(w.hub) == log_committed(w.log));
	world_close(&w);
}

/* A line counts with the turn's commit; a join at once, before its row. */
static void
a_line_counts_after_the_commit(void **state)
{
	struct cursor_view v[VIEWS];
	struct world w;

	(void)state;
	world_create(&w, 1);
	assert_int_equal(ask_join(&w, 0, 1, connection(1, 0), CHAT, ""),
	    HUB_DONE);
	assert_int_equal(world_read(&w, v, VIEWS), 1);
	assert_int_equal(ask_say(&w, 0, 2, connection(1, 0), CHAT, "x"),
	    HUB_DONE);
	assert_int_equal(world_read(&w, v, VIEWS), 1);
	assert_int_equal(world_room(&w, CHAT, "")->seq, 0);
	world_commit(&w);
	assert_int_equal(world_read(&w, v, VIEWS), 2);
	assert_int_equal(world_room(&w, CHAT, "")->seq, 1);
	assert_true(world_room(&w, CHAT, "")->newest == v[1].position);
	assert_true(state_applied(w.state) == log_committed(w.log));
	world_close(&w);
}

static void
routes_and_rooms_are_apart(void **state)
{
	struct cursor_view v[VIEWS];
	struct world w;

	(void)state;
	world_create(&w, 1);
	assert_int_equal(ask_join(&w, 0, 1, connection(1, 0), CHAT, "a"),
	    HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 2, connection(2, 1), SMALL, "a"),
	    HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 3, connection(3, 2), CHAT, "b"),
	    HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 4, connection(4, 3), CHAT, ""),
	    HUB_DONE);
	assert_int_equal(ask_say(&w, 0, 5, connection(3, 2), CHAT, "1"),
	    HUB_DONE);
	assert_int_equal(ask_say(&w, 0, 6, connection(2, 1), SMALL, "1"),
	    HUB_DONE);
	world_commit(&w);
	assert_int_equal(world_read(&w, v, VIEWS), 6);
	assert_record(&v[0], RECORD_JOIN, "user0", "a", 0, 1);
	assert_record(&v[1], RECORD_JOIN, "user1", "a", 0, 1);
	assert_record(&v[2], RECORD_JOIN, "user1", "b", 0, 1);
	assert_record(&v[3], RECORD_JOIN, "user2", "", 0, 1);
	assert_record(&v[4], RECORD_MESSAGE, "user1", "1", 1, 1);
	assert_record(&v[5], RECORD_MESSAGE, "user1", "1", 1, 1);
	for (unsigned i = 0; i < 4; i++)
		for (unsigned j = 0; j < i; j++)
			assert_true(v[i].record.room != v[j].record.room);
	assert_true(v[4].record.room == v[2].record.room);
	assert_true(v[4].record.previous == LOG_NONE);
	assert_int_equal(hub_rooms(w.hub), 4);
	world_close(&w);
}

static void
names_and_rooms_are_never_given_again(void **state)
{
	uint64_t number = 0, room = 0;
	char name[32];
	struct world w;

	(void)state;
	world_create(&w, 1);
	for (unsigned i = 0; i < 50; i++) {
		struct cursor_view v;

		assert_int_equal(ask_join(&w, 0, ++number,
		    connection(1 + i, i % SLOTS), CHAT, "r"), HUB_DONE);
		v = world_last(&w);
		snprintf(name, sizeof(name), "user%u", i);
		assert_record(&v, RECORD_JOIN, name, "r", 0, 1);
		assert_true(v.record.room > room);
		room = v.record.room;
		assert_int_equal(ask_leave(&w, 0, ++number,
		    connection(1 + i, i % SLOTS), CHAT), HUB_DONE);
		assert_int_equal(hub_rooms(w.hub), 0);
		if (i % 10 == 9) {
			world_die(&w);
			world_open(&w);
			world_add(&w, 0, 101);
		}
	}
	world_close(&w);
}

static void
an_echo_connection_is_in_the_table_and_not_in_the_log(void **state)
{
	uint64_t c = connection(1, 2);
	struct world w;

	(void)state;
	world_create(&w, 1);
	assert_int_equal(ask_attach(&w, 0, 1, c, ECHO), HUB_DONE);
	assert_int_equal(hub_connections(w.hub), 1);
	assert_int_equal(ask_say(&w, 0, 2, c, ECHO, "x"), HUB_FORGED);
	world_die(&w);
	world_open(&w);
	world_add(&w, 0, 101);
	assert_int_equal(hub_connections(w.hub), 1);
	assert_int_equal(ask_attach(&w, 0, 1, c, ECHO), HUB_REPEAT);
	assert_int_equal(ask_leave(&w, 0, 2, c, ECHO), HUB_DONE);
	assert_int_equal(ask_leave(&w, 0, 3, c, ECHO), HUB_REPEAT);
	assert_int_equal(hub_connections(w.hub), 0);
	assert_true(hub_position(w.hub) == 0);
	world_close(&w);
}

/* A world with user0 (worker 0, connection 1/0) after its request 5. */
static void
forgery_open(struct world *w)
{
	world_create(w, 2);
	assert_int_equal(ask_join(w, 0, 5, connection(1, 0), CHAT, ""),
	    HUB_DONE);
	world_commit(w);
}

static void
forged_requests_are_refused_and_change_nothing(void **state)
{
	static const struct {
		unsigned index;
		uint64_t number, serial;
		uint32_t slot, route;
		const char *room;
	} cases[] = {
		{ 0, 5, 2, 1, CHAT, "" },		/* the same number */
		{ 0, 4, 2, 1, CHAT, "" },		/* a lower one */
		{ 0, 0, 2, 1, CHAT, "" },
		{ 0, 6, 2, SLOTS, CHAT, "" },		/* no such slot */
		{ 0, 6, 2, 0xffffff, CHAT, "" },
		{ 0, 6, 2, 1, ROUTES, "" },		/* no such route */
		{ 0, 6, 2, 1, UINT32_MAX, "" },
		{ 0, 6, 2, 1, ECHO, "" },		/* no rooms there */
		{ 0, 6, 2, 0, CHAT, "" },		/* another's slot */
		{ 0, 6, 1, 0, CHAT, "" },		/* joined already */
		{ 0, 6, 2, 1, CHAT, "." },
		{ 0, 6, 2, 1, CHAT, ".." },
		{ 0, 6, 2, 1, CHAT, "a/b" },
		{ 0, 6, 2, 1, CHAT, "a b" },
		{ 0, 6, 2, 1, CHAT, "\xc3\xa4" },
		{ 0, 6, 2, 1, CHAT, "\n" },
		{ 0, 6, 2, 1, CHAT,
		    "12345678901234567890123456789012"
		    "123456789012345678901234567890123" },
		{ 2, 6, 2, 1, CHAT, "" },		/* no such worker */
		{ SETTINGS_WORKERS - 1, 6, 2, 1, CHAT, "" },
	};
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t end;

		forgery_open(&w);
		end = hub_position(w.hub);
		assert_int_equal(ask_join(&w, cases[i].index,
		    cases[i].number, connection(cases[i].serial,
		    cases[i].slot), cases[i].route, cases[i].room),
		    HUB_FORGED);
		assert_true(hub_position(w.hub) == end);
		assert_int_equal(hub_connections(w.hub), 1);
		assert_int_equal(hub_rooms(w.hub), 1);
		world_close(&w);
	}
	forgery_open(&w);
	assert_int_equal(ask_attach(&w, 0, 6, connection(1, 0), CHAT),
	    HUB_FORGED);
	assert_int_equal(ask_attach(&w, 0, 7, connection(2, 1), CHAT),
	    HUB_FORGED);
	assert_int_equal(ask_attach(&w, 0, 8, connection(2, SLOTS), ECHO),
	    HUB_FORGED);
	assert_int_equal(ask_attach(&w, 0, 9, connection(2, 1), ROUTES),
	    HUB_FORGED);
	assert_int_equal(ask_say(&w, 0, 5, connection(1, 0), CHAT, "x"),
	    HUB_FORGED);
	assert_int_equal(ask_leave(&w, 0, 5, connection(1, 0), CHAT),
	    HUB_FORGED);
	assert_int_equal(hub_connections(w.hub), 1);
	/* Another worker's connection is none of one's own. */
	assert_int_equal(ask_say(&w, 1, 1, connection(1, 0), CHAT, "x"),
	    HUB_UNKNOWN);
	assert_int_equal(ask_leave(&w, 1, 2, connection(1, 0), CHAT),
	    HUB_REPEAT);
	/* Nor is an earlier connection in the same slot. */
	assert_int_equal(ask_say(&w, 0, 10, connection(9, 0), CHAT, "x"),
	    HUB_UNKNOWN);
	assert_int_equal(ask_leave(&w, 0, 11, connection(9, 0), CHAT),
	    HUB_REPEAT);
	assert_int_equal(hub_connections(w.hub), 1);
	assert_false(hub_register(w.hub, 0, connection(1, SLOTS)));
	world_close(&w);
}

static void
lines_have_bounds(void **state)
{
	struct ipc_request q = {
		.connection = connection(1, 0), .number = 2, .route = SMALL
	};
	size_t most = record_length_max(LOG_SIZE_MIN);
	uint64_t seq;
	uint8_t *text = calloc(1, most);
	struct world w;

	(void)state;
	world_create(&w, 1);
	assert_int_equal(ask_join(&w, 0, 1, q.connection, SMALL, ""),
	    HUB_DONE);
	assert_int_equal(hub_say(w.hub, 0, &q, text, SMALL_LINE, &seq),
	    HUB_DONE);
	/* Its worker may have another limit by now. */
	q.number++;
	assert_int_equal(hub_say(w.hub, 0, &q, text, SMALL_LINE + 1, &seq),
	    HUB_DONE);
	q = (struct ipc_request){
		.connection = connection(2, 1), .number = 10, .route = CHAT
	};
	assert_int_equal(ask_join(&w, 0, 9, q.connection, CHAT, ""),
	    HUB_DONE);
	assert_int_equal(hub_say(w.hub, 0, &q, text, most, &seq), HUB_SIZE);
	q.number++;
	assert_int_equal(hub_say(w.hub, 0, &q, text, LOG_SIZE_MIN / 16, &seq),
	    HUB_DONE);
	world_commit(&w);
	/* The refused one took no number. */
	assert_int_equal(world_last(&w).record.seq, 1);
	world_close(&w);
	free(text);
}

/* A copy of a line is told by its id, for a minute, to its sender alone. */
static void
a_line_is_said_once_under_its_id(void **state)
{
	uint64_t a = connection(1, 0), b = connection(2, 1);
	struct cursor_view v;
	struct world w;

	(void)state;
	world_create(&w, 2);
	assert_int_equal(ask_join(&w, 0, 1, a, CHAT, ""), HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 2, b, CHAT, ""), HUB_DONE);
	assert_int_equal(ask_say_as(&w, 0, 3, a, CHAT, "i", "one"), HUB_DONE);
	/* In the same turn: the answer must not leave before it counts. */
	assert_int_equal(ask_say_as(&w, 0, 4, a, CHAT, "i", "one"), HUB_SAID);
	assert_int_equal(w.said_seq, 1);
	v = world_last(&w);
	assert_record(&v, RECORD_MESSAGE, "user0", "one", 1, 0);
	assert_int_equal(v.id_len, 1);
	assert_int_equal(v.id[0], 'i');
	/* Another id, no id, another sender, another route. */
	assert_int_equal(ask_say_as(&w, 0, 5, a, CHAT, "j", "two"), HUB_DONE);
	assert_int_equal(ask_say(&w, 0, 6, a, CHAT, "three"), HUB_DONE);
	assert_int_equal(ask_say_as(&w, 0, 7, b, CHAT, "i", "four"), HUB_DONE);
	assert_int_equal(ask_join(&w, 1, 1, connection(3, 1), SMALL, ""),
	    HUB_DONE);
	assert_int_equal(ask_say_as(&w, 1, 2, connection(3, 1), SMALL, "i",
	    "five"), HUB_DONE);
	/* It is of the member: a new name or room makes no difference. */
	assert_int_equal(ask_nick(&w, 0, 8, a, CHAT, "Anna"), HUB_DONE);
	assert_int_equal(ask_move(&w, 0, 9, a, CHAT, "lab"), HUB_DONE);
	assert_int_equal(ask_say_as(&w, 0, 10, a, CHAT, "j", "two"),
	    HUB_SAID);
	assert_int_equal(w.said_seq, 2);
	clock_fixture_advance(59000);
	assert_int_equal(ask_say_as(&w, 0, 11, a, CHAT, "j", ""), HUB_SAID);
	clock_fixture_advance(1000);
	assert_int_equal(ask_say_as(&w, 0, 12, a, CHAT, "j", ""), HUB_DONE);
	world_commit(&w);
	v = world_last(&w);
	assert_record(&v, RECORD_MESSAGE, "Anna", "", 1, 0);
	world_close(&w);
}

static void
an_id_has_its_form(void **state)
{
	static const struct {
		const char *tail;
		size_t len;
		enum hub_result result;
	} cases[] = {
		{ "", 0, HUB_FORGED },
		{ "\0", 1, HUB_FORGED },
		{ "\0x", 2, HUB_FORGED },
		{ "\1", 1, HUB_FORGED },
		{ "\2x", 2, HUB_FORGED },
		{ "\x41" "12345678901234567890123456789012345678901234567890"
		    "12345678901234567", 68, HUB_FORGED },
		{ "\xff", 1, HUB_FORGED },
		{ "\1x", 2, HUB_DONE },
		{ "\1yz", 3, HUB_DONE },
		{ "\x40" "12345678901234567890123456789012345678901234567890"
		    "12345678901234567", 68, HUB_DONE },
	};
	struct ipc_request q = {
		.connection = connection(1, 0), .number = 1, .route = CHAT,
		.flags = IPC_ID
	};
	uint64_t seq;
	struct world w;

	(void)state;
	world_create(&w, 1);
	assert_int_equal(ask_join(&w, 0, q.number, q.connection, CHAT, ""),
	    HUB_DONE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		q.number++;
		assert_int_equal(hub_say(w.hub, 0, &q,
		    (const uint8_t *)cases[i].tail, cases[i].len, &seq),
		    cases[i].result);
	}
	world_close(&w);
}

static void
the_bell_rings_where_it_concerns(void **state)
{
	static char text[60000];
	uint64_t number;
	struct world w;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	world_create(&w, 4);
	world_commit(&w);
	assert_true(w.bells == 0);
	assert_int_equal(ask_join(&w, 0, 1, connection(1, 0), CHAT, "a"),
	    HUB_DONE);
	assert_int_equal(ask_join(&w, 1, 1, connection(2, 0), CHAT, "a"),
	    HUB_DONE);
	assert_int_equal(ask_join(&w, 2, 1, connection(3, 0), CHAT, "b"),
	    HUB_DONE);
	world_commit(&w);
	assert_true(w.bells == 7);
	world_commit(&w);
	assert_true(w.bells == 0);
	assert_int_equal(ask_say(&w, 0, 2, connection(1, 0), CHAT, "x"),
	    HUB_DONE);
	world_commit(&w);
	assert_true(w.bells == 3);
	/* Whose last member leaves hears that, and no more. */
	assert_int_equal(ask_leave(&w, 1, 2, connection(2, 0), CHAT),
	    HUB_DONE);
	world_commit(&w);
	assert_true(w.bells == 3);
	assert_int_equal(ask_say(&w, 0, 3, connection(1, 0), CHAT, "x"),
	    HUB_DONE);
	world_commit(&w);
	assert_true(w.bells == 1);
	/* A refusal has a receipt, too. */
	assert_int_equal(ask_say(&w, 3, 1, connection(9, 0), CHAT, "x"),
	    HUB_UNKNOWN);
	world_commit(&w);
	assert_true(w.bells == 8);
	/* The others hear before a quarter of the ring has passed twice. */
	for (number = 4; number < 4 + 5; number++) {
		assert_int_equal(ask_say(&w, 0, number, connection(1, 0),
		    CHAT, text), HUB_DONE);
		world_commit(&w);
		assert_true(w.bells == 1 || w.bells == 15);
		if (w.bells == 15)
			break;
	}
	assert_true(w.bells == 15);
	world_close(&w);
}

/* So many come at once, each to another worker, that bells for them would be
 * most of what there is to do. */
static void
who_came_and_went_is_rung_for_rarely(void **state)
{
	struct world w;

	(void)state;
	world_create(&w, 2);
	assert_int_equal(ask_join(&w, 0, 1, connection(1, 0), CHAT, "a"),
	    HUB_DONE);
	world_commit(&w);
	assert_true(hub_next_bell(w.hub) == UINT64_MAX);
	assert_int_equal(ask_join(&w, 1, 1, connection(2, 0), CHAT, "a"),
	    HUB_DONE);
	world_commit_at_once(&w);
	assert_true(w.bells == 2);
	assert_true(hub_next_bell(w.hub) == w.now_ms + 20);
	assert_int_equal(ask_leave(&w, 1, 2, connection(2, 0), CHAT),
	    HUB_DONE);
	w.now_ms += 19;
	world_commit_at_once(&w);
	assert_true(w.bells == 2);
	w.now_ms++;
	world_commit_at_once(&w);
	assert_true(w.bells == 1);
	assert_true(hub_next_bell(w.hub) == UINT64_MAX);
	/* What is said does not wait, and has both with it. */
	assert_int_equal(ask_join(&w, 1, 3, connection(3, 0), CHAT, "a"),
	    HUB_DONE);
	world_commit_at_once(&w);
	assert_true(w.bells == 2);
	assert_int_equal(ask_say(&w, 1, 4, connection(3, 0), CHAT, "x"),
	    HUB_DONE);
	world_commit_at_once(&w);
	assert_true(w.bells == 3);
	assert_true(hub_next_bell(w.hub) == UINT64_MAX);
	world_close(&w);
}

static void
receipts_say_what_was_asked(void **state)
{
	struct world w;

	(void)state;
	world_create(&w, 2);
	assert_int_equal(log_receipt_load(w.log, 0, 101), 0);
	assert_int_equal(ask_join(&w, 0, 1, connection(1, 0), CHAT, ""),
	    HUB_DONE);
	assert_int_equal(ask_say(&w, 0, 7, connection(2, 0), CHAT, ""),
	    HUB_UNKNOWN);
	world_commit(&w);
	assert_int_equal(log_receipt_load(w.log, 0, 101), 0);
	hub_receipt(w.hub, 0);
	hub_receipt(w.hub, 5);
	assert_int_equal(log_receipt_load(w.log, 0, 101), 7);
	assert_int_equal(log_receipt_load(w.log, 0, 102), 0);
	/* The place's next worker begins anew. */
	hub_remove_worker(w.hub, 0);
	world_add(&w, 0, 200);
	assert_int_equal(log_receipt_load(w.log, 0, 101), 0);
	assert_int_equal(ask_join(&w, 0, 1, connection(3, 0), CHAT, ""),
	    HUB_DONE);
	world_close(&w);
}

static void
the_members_of_a_dead_worker_leave(void **state)
{
	struct cursor_view v[VIEWS];
	struct world w;

	(void)state;
	world_create(&w, 2);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(ask_join(&w, i % 2, 1 + i,
		    connection(1 + i, i), CHAT, i < 4 ? "a" : "b"),
		    HUB_DONE);
	assert_int_equal(ask_attach(&w, 1, 9, connection(9, 9), ECHO),
	    HUB_DONE);
	assert_int_equal(ask_say(&w, 0, 9, connection(1, 0), CHAT, "x"),
	    HUB_DONE);
	hub_remove_worker(w.hub, 1);
	hub_remove_worker(w.hub, 1);
	world_commit(&w);
	assert_true(w.bells == 1);
	assert_int_equal(world_read(&w, v, VIEWS), 10);
	assert_record(&v[7], RECORD_LEAVE, "user1", "", 1, 3);
	assert_origin(&v[7], 0, 102, connection(2, 1));
	assert_record(&v[8], RECORD_LEAVE, "user3", "", 1, 2);
	assert_record(&v[9], RECORD_LEAVE, "user5", "", 0, 1);
	assert_int_equal(hub_connections(w.hub), 3);
	world_add(&w, 1, 300);
	assert_int_equal(ask_join(&w, 1, 1, connection(20, 1), CHAT, "a"),
	    HUB_DONE);
	world_commit(&w);
	v[0] = world_last(&w);
	assert_record(&v[0], RECORD_JOIN, "user6", "a", 1, 3);
	world_close(&w);
}

/* Appends lines of the greatest length until the log has grown so much. */
static void
fill(struct world *w, uint64_t conn, uint64_t *number, uint64_t bytes)
{
	static char text[LOG_SIZE_MIN / 16 + 1];
	uint64_t end = hub_position(w->hub) + bytes;

	memset(text, 'x', sizeof(text) - 1);
	while (hub_position(w->hub) < end) {
		assert_int_equal(ask_say(w, 0, ++*number, conn, CHAT, text),
		    HUB_DONE);
		world_commit(w);
	}
}

static void
assert_history(const struct world *w, const char *room, uint64_t last)
{
	const struct state_room *row = world_room(w, SMALL, room);
	uint64_t positions[SMALL_HISTORY];
	struct cursor_view v;
	char text[32];
	size_t count;

	assert_non_null(row);
	assert_int_equal(row->seq, last);
	count = cursor_history(w->log, row->identity, row->newest, 0,
	    positions, SMALL_HISTORY, 10000);
	assert_int_equal(count, SMALL_HISTORY);
	for (size_t i = 0; i < count; i++) {
		assert_true(cursor_read(w->log, positions[i], &v));
		assert_int_equal(v.record.seq, last - count + 1 + i);
		snprintf(text, sizeof(text), "line %u",
		    (unsigned)v.record.seq);
		assert_int_equal(v.record.text_len, strlen(text));
		assert_memory_equal(v.text, text, strlen(text));
	}
}

static void
a_quiet_room_keeps_its_history_beside_a_busy_one(void **state)
{
	struct verify_report report;
	uint64_t number = 2;
	char text[32];
	struct world w;

	(void)state;
	world_create(&w, 1);
	assert_int_equal(ask_join(&w, 0, 1, connection(1, 0), SMALL, "q"),
	    HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 2, connection(2, 1), CHAT, ""),
	    HUB_DONE);
	for (unsigned i = 1; i <= 8; i++) {
		snprintf(text, sizeof(text), "line %u", i);
		assert_int_equal(ask_say(&w, 0, ++number, connection(1, 0),
		    SMALL, text), HUB_DONE);
	}
	for (unsigned i = 0; i < 12; i++) {
		/* Also without a member, after a death and with new lines. */
		if (i == 6)
			assert_int_equal(ask_leave(&w, 0, ++number,
			    connection(1, 0), SMALL), HUB_DONE);
		fill(&w, connection(2, 1), &number, LOG_SIZE_MIN / 2);
		assert_history(&w, "q", i < 4 ? 8 : 9);
		if (i == 3) {
			assert_int_equal(ask_say(&w, 0, ++number,
			    connection(1, 0), SMALL, "line 9"), HUB_DONE);
			world_commit(&w);
		}
		if (i % 4 == 2) {
			hub_receipt(w.hub, 0);
			world_die(&w);
			world_open(&w);
			world_add(&w, 0, 101);
			assert_false(hub_remove_others(w.hub, UINT32_MAX));
		}
	}
	assert_int_equal(verify_log(w.log, &report), VERIFY_OK);
	assert_true(report.kept >= SMALL_HISTORY);
	world_close(&w);
}

static void
an_empty_room_goes_when_its_lines_have_gone(void **state)
{
	uint64_t number = 3;
	struct settings *settings = world_settings();
	struct world w;

	(void)state;
	(void)settings;
	world_create(&w, 1);
	assert_int_equal(ask_join(&w, 0, 1, connection(2, 1), CHAT, ""),
	    HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 2, connection(1, 0), CHAT, "gone"),
	    HUB_DONE);
	assert_int_equal(ask_leave(&w, 0, 3, connection(1, 0), CHAT),
	    HUB_DONE);
	assert_int_equal(hub_rooms(w.hub), 1);
	assert_null(world_room(&w, CHAT, "gone"));
	/* A history of none: only then its lines go. */
	settings->routes[SMALL].history = 0;
	assert_int_equal(ask_join(&w, 0, ++number, connection(1, 0), SMALL,
	    "said"), HUB_DONE);
	assert_int_equal(ask_say(&w, 0, ++number, connection(1, 0), SMALL,
	    "x"), HUB_DONE);
	assert_int_equal(ask_leave(&w, 0, ++number, connection(1, 0),
	    SMALL), HUB_DONE);
	world_commit(&w);
	assert_int_equal(hub_rooms(w.hub), 2);
	world_tidy(&w);
	assert_int_equal(hub_rooms(w.hub), 2);
	fill(&w, connection(2, 1), &number, 2 * LOG_SIZE_MIN);
	world_tidy(&w);
	assert_int_equal(hub_rooms(w.hub), 1);
	assert_null(world_room(&w, SMALL, "said"));
	world_close(&w);
}

/* Lines that are too old are not kept, and younger ones are. */
static void
old_lines_are_not_kept(void **state)
{
	uint64_t number = 2, positions[SMALL_HISTORY];
	const struct state_room *row;
	struct cursor_view v;
	struct world w;

	(void)state;
	world_create(&w, 1);
	world_settings()->routes[SMALL].history_age_ms = 600000;
	assert_int_equal(ask_join(&w, 0, 1, connection(1, 0), SMALL, "q"),
	    HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 2, connection(2, 1), CHAT, ""),
	    HUB_DONE);
	assert_int_equal(ask_say(&w, 0, ++number, connection(1, 0), SMALL,
	    "old"), HUB_DONE);
	clock_fixture_advance(300000);
	assert_int_equal(ask_say(&w, 0, ++number, connection(1, 0), SMALL,
	    "young"), HUB_DONE);
	fill(&w, connection(2, 1), &number, 2 * LOG_SIZE_MIN);
	row = world_room(&w, SMALL, "q");
	assert_int_equal(cursor_history(w.log, row->identity, row->newest, 0,
	    positions, SMALL_HISTORY, 10000), 2);
	clock_fixture_advance(400000);
	fill(&w, connection(2, 1), &number, 2 * LOG_SIZE_MIN);
	assert_int_equal(cursor_history(w.log, row->identity, row->newest, 0,
	    positions, SMALL_HISTORY, 10000), 1);
	assert_true(cursor_read(w.log, positions[0], &v));
	assert_int_equal(v.text_len, 5);
	clock_fixture_advance(400000);
	fill(&w, connection(2, 1), &number, 2 * LOG_SIZE_MIN);
	assert_int_equal(cursor_history(w.log, row->identity, row->newest, 0,
	    positions, SMALL_HISTORY, 10000), 0);
	/* Somebody is in it. */
	world_tidy(&w);
	assert_int_equal(hub_rooms(w.hub), 2);
	world_close(&w);
}

static void
an_empty_room_goes_when_its_last_line_is_old(void **state)
{
	struct world w;

	(void)state;
	for (unsigned dies = 0; dies < 2; dies++) {
		world_create(&w, 1);
		world_settings()->routes[CHAT].history_age_ms = 600000;
		assert_int_equal(ask_join(&w, 0, 1, connection(1, 0), CHAT,
		    "a"), HUB_DONE);
		assert_int_equal(ask_join(&w, 0, 2, connection(2, 1), CHAT,
		    "b"), HUB_DONE);
		assert_int_equal(ask_join(&w, 0, 3, connection(3, 2), SMALL,
		    "c"), HUB_DONE);
		for (uint32_t i = 0; i < 3; i++)
			assert_int_equal(ask_say(&w, 0, 4 + i, connection(1 +
			    i, i), i < 2 ? CHAT : SMALL, "x"), HUB_DONE);
		clock_fixture_advance(500000);
		assert_int_equal(ask_say(&w, 0, 7, connection(2, 1), CHAT,
		    "x"), HUB_DONE);
		clock_fixture_advance(90000);
		/* The leave is young; what was said in "a" is not. */
		for (uint32_t i = 0; i < 3; i++)
			assert_int_equal(ask_leave(&w, 0, 8 + i, connection(1
			    + i, i), i < 2 ? CHAT : SMALL), HUB_DONE);
		world_commit(&w);
		world_tidy(&w);
		assert_int_equal(hub_rooms(w.hub), 3);
		if (dies == 1) {
			world_die(&w);
			world_open(&w);
			world_settings()->routes[CHAT].history_age_ms =
			    600000;
			world_add(&w, 0, 101);
		}
		clock_fixture_advance(10000);
		world_tidy(&w);
		assert_int_equal(hub_rooms(w.hub), 2);
		assert_null(world_room(&w, CHAT, "a"));
		clock_fixture_advance(500000);
		world_tidy(&w);
		assert_int_equal(hub_rooms(w.hub), 1);
		assert_non_null(world_room(&w, SMALL, "c"));
		world_close(&w);
	}
}

/* However many rooms there are, a step has a bound. */
static void
rooms_are_looked_at_in_steps(void **state)
{
	uint64_t number = 0, serial = 0, due;
	unsigned rooms, before, steps = 0;
	char name[16];
	struct world w;

	(void)state;
	world_create(&w, 1);
	for (rooms = 0; rooms < 5000; rooms++) {
		snprintf(name, sizeof(name), "r%u", rooms);
		assert_int_equal(ask_join(&w, 0, ++number,
		    connection(++serial, 0), CHAT, name), HUB_DONE);
		assert_int_equal(ask_say(&w, 0, ++number,
		    connection(serial, 0), CHAT, ""), HUB_DONE);
		assert_int_equal(ask_leave(&w, 0, ++number,
		    connection(serial, 0), CHAT), HUB_DONE);
		world_commit(&w);
	}
	world_settings()->routes[CHAT].history_age_ms = 1000;
	clock_fixture_advance(1000);
	before = hub_rooms(w.hub);
	assert_true(before > 4096);
	while (hub_rooms(w.hub) > 0) {
		due = hub_next_tidy(w.hub);
		hub_tidy(w.hub, due);
		assert_true(hub_next_tidy(w.hub) > due);
		assert_true(before - hub_rooms(w.hub) <= 4096);
		before = hub_rooms(w.hub);
		assert_true(++steps < 10);
	}
	assert_true(world_tidy(&w) >= 2);
	world_close(&w);
}

static void
an_address_has_so_many_connections(void **state)
{
	struct world w;

	(void)state;
	world_create(&w, 2);
	world_settings()->limits.connections_per_address = 2;
	w.address = 7;
	assert_int_equal(ask_join(&w, 0, 1, connection(1, 0), CHAT, ""),
	    HUB_DONE);
	assert_int_equal(ask_attach(&w, 1, 1, connection(2, 0), ECHO),
	    HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 2, connection(3, 1), CHAT, ""),
	    HUB_ADDRESS);
	assert_int_equal(ask_attach(&w, 1, 2, connection(4, 1), ECHO),
	    HUB_ADDRESS);
	/* Others, and who is not counted, are not concerned. */
	w.address = 8;
	assert_int_equal(ask_join(&w, 0, 3, connection(5, 1), CHAT, ""),
	    HUB_DONE);
	w.address = 0;
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(ask_join(&w, 0, 4 + i, connection(6 + i,
		    2 + i), CHAT, ""), HUB_DONE);

	/* Its row tells the next broker. */
	world_commit(&w);
	world_die(&w);
	world_open(&w);
	world_settings()->limits.connections_per_address = 2;
	world_add(&w, 0, 101);
	world_add(&w, 1, 102);
	w.address = 7;
	assert_int_equal(ask_attach(&w, 1, 3, connection(10, 1), ECHO),
	    HUB_ADDRESS);
	assert_int_equal(ask_leave(&w, 0, 8, connection(1, 0), CHAT),
	    HUB_DONE);
	assert_int_equal(ask_attach(&w, 1, 4, connection(11, 1), ECHO),
	    HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 9, connection(12, 0), CHAT, ""),
	    HUB_ADDRESS);

	/* A dead worker's are gone from the count, too. */
	hub_remove_worker(w.hub, 1);
	assert_int_equal(ask_join(&w, 0, 10, connection(13, 0), CHAT, ""),
	    HUB_DONE);
	world_close(&w);
}

static void
there_are_so_many_rooms(void **state)
{
	struct world w;

	(void)state;
	world_create(&w, 1);
	world_settings()->limits.rooms = 3;
	assert_int_equal(ask_join(&w, 0, 1, connection(1, 0), CHAT, "a"),
	    HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 2, connection(2, 1), CHAT, "b"),
	    HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 3, connection(3, 2), SMALL, "a"),
	    HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 4, connection(4, 3), CHAT, "c"),
	    HUB_ROOMS);
	assert_int_equal(hub_connections(w.hub), 3);
	assert_int_equal(ask_move(&w, 0, 5, connection(1, 0), CHAT, "c"),
	    HUB_ROOMS);
	/* Those that are there, and default rooms, are open. */
	assert_int_equal(ask_join(&w, 0, 6, connection(5, 4), CHAT, "b"),
	    HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 7, connection(6, 5), CHAT, ""),
	    HUB_DONE);
	assert_int_equal(ask_move(&w, 0, 8, connection(2, 1), CHAT, "a"),
	    HUB_DONE);
	/* Where nothing was said, the last one's leave makes room. */
	assert_int_equal(ask_move(&w, 0, 9, connection(5, 4), CHAT, "a"),
	    HUB_DONE);
	assert_int_equal(hub_rooms(w.hub), 3);
	assert_int_equal(ask_leave(&w, 0, 10, connection(6, 5), CHAT),
	    HUB_DONE);
	assert_int_equal(ask_move(&w, 0, 11, connection(2, 1), CHAT, "c"),
	    HUB_DONE);
	world_close(&w);
}

static void
an_address_makes_so_many_rooms(void **state)
{
	struct world w;

	(void)state;
	world_create(&w, 1);
	world_settings()->limits.rooms_per_address = 2;
	w.address = 7;
	assert_int_equal(ask_join(&w, 0, 1, connection(1, 0), CHAT, ""),
	    HUB_DONE);
	assert_int_equal(ask_move(&w, 0, 2, connection(1, 0), CHAT, "a"),
	    HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 3, connection(2, 1), CHAT, "b"),
	    HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 4, connection(3, 2), CHAT, "c"),
	    HUB_ROOMS);
	assert_int_equal(ask_move(&w, 0, 5, connection(1, 0), CHAT, "c"),
	    HUB_ROOMS);
	assert_int_equal(ask_move(&w, 0, 6, connection(1, 0), CHAT, "b"),
	    HUB_DONE);
	assert_int_equal(ask_move(&w, 0, 7, connection(1, 0), CHAT, "a"),
	    HUB_DONE);
	/* Others, and who is not counted, are not concerned. */
	w.address = 8;
	assert_int_equal(ask_join(&w, 0, 8, connection(4, 3), CHAT, "d"),
	    HUB_DONE);
	w.address = 0;
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(ask_join(&w, 0, 9 + i, connection(5 + i,
		    4 + i), SMALL, (const char *[]){ "x", "y", "z" }[i]),
		    HUB_DONE);
	/* A new broker counts the same. */
	world_commit(&w);
	hub_receipt(w.hub, 0);
	world_die(&w);
	world_open(&w);
	world_settings()->limits.rooms_per_address = 2;
	world_add(&w, 0, 101);
	w.address = 7;
	assert_int_equal(ask_join(&w, 0, 20, connection(20, 10), CHAT, "c"),
	    HUB_ROOMS);
	assert_int_equal(ask_move(&w, 0, 21, connection(1, 0), CHAT, "c"),
	    HUB_ROOMS);
	assert_int_equal(ask_move(&w, 0, 22, connection(1, 0), CHAT, "b"),
	    HUB_DONE);
	assert_int_equal(ask_move(&w, 0, 23, connection(1, 0), CHAT, "c"),
	    HUB_DONE);
	world_close(&w);
}

static void
names_are_taken_and_given_back(void **state)
{
	uint64_t a = connection(1, 0), b = connection(2, 0);
	struct cursor_view v;
	struct world w;

	(void)state;
	world_create(&w, 2);
	assert_int_equal(ask_join(&w, 0, 1, a, CHAT, ""), HUB_DONE);
	assert_int_equal(ask_join(&w, 1, 1, b, CHAT, ""), HUB_DONE);
	assert_int_equal(ask_nick(&w, 0, 2, a, CHAT, "Anna"), HUB_DONE);
	world_commit(&w);
	v = world_last(&w);
	assert_record(&v, RECORD_RENAME, "user0", "Anna", 0, 2);
	assert_origin(&v, 101, 2, a);
	assert_int_equal(ask_nick(&w, 1, 2, b, CHAT, "anna"), HUB_TAKEN);
	assert_int_equal(ask_nick(&w, 1, 3, b, CHAT, "user0"), HUB_NAME);
	assert_int_equal(w.verdict, NAME_RESERVED);
	assert_int_equal(ask_nick(&w, 1, 4, b, CHAT, "Server"), HUB_NAME);
	assert_int_equal(ask_nick(&w, 1, 5, b, CHAT, ""), HUB_NAME);
	assert_int_equal(w.verdict, NAME_EMPTY);
	/* In another case it stays his; the old name is free. */
	assert_int_equal(ask_nick(&w, 0, 3, a, CHAT, "ANNA"), HUB_DONE);
	assert_int_equal(ask_nick(&w, 0, 4, a, CHAT, "Berta"), HUB_DONE);
	assert_int_equal(ask_nick(&w, 1, 6, b, CHAT, "anna"), HUB_DONE);
	assert_int_equal(ask_say(&w, 0, 5, a, CHAT, "hello"), HUB_DONE);
	world_commit(&w);
	v = world_last(&w);
	assert_record(&v, RECORD_MESSAGE, "Berta", "hello", 1, 0);
	assert_string_equal(ask_who(&w, 0, 6, a, CHAT), "+anna|+Berta|");
	/* One's own number. */
	assert_int_equal(ask_nick(&w, 0, 7, a, CHAT, "user0"), HUB_DONE);
	assert_int_equal(ask_nick(&w, 1, 7, b, CHAT, "Berta"), HUB_DONE);
	assert_string_equal(ask_who(&w, 0, 8, a, CHAT), "+Berta|+user0|");
	/* Who leaves gives it back. */
	assert_int_equal(ask_leave(&w, 1, 8, b, CHAT), HUB_DONE);
	world_commit(&w);
	v = world_last(&w);
	assert_record(&v, RECORD_LEAVE, "Berta", "", 1, 1);
	assert_int_equal(ask_nick(&w, 0, 9, a, CHAT, "berta"), HUB_DONE);
	/* Nobody without a room has a name. */
	assert_int_equal(ask_attach(&w, 1, 9, connection(3, 1), ECHO),
	    HUB_DONE);
	assert_int_equal(ask_nick(&w, 1, 10, connection(3, 1), ECHO, "x"),
	    HUB_FORGED);
	world_close(&w);
}

static void
moving_is_leaving_and_joining_at_once(void **state)
{
	uint64_t a = connection(1, 0), b = connection(2, 0);
	struct cursor_view v[VIEWS];
	struct world w;

	(void)state;
	world_create(&w, 2);
	assert_int_equal(ask_join(&w, 0, 1, a, CHAT, ""), HUB_DONE);
	assert_int_equal(ask_join(&w, 1, 1, b, CHAT, "lab"), HUB_DONE);
	assert_int_equal(ask_move(&w, 0, 2, a, CHAT, "lab"), HUB_DONE);
	world_commit(&w);
	assert_int_equal(world_read(&w, v, VIEWS), 4);
	assert_record(&v[2], RECORD_LEAVE, "user0", "", 0, 0);
	assert_record(&v[3], RECORD_JOIN, "user0", "lab", 0, 2);
	assert_int_equal(v[2].record.flags, RECORD_MOVED);
	assert_int_equal(v[3].record.flags, RECORD_MOVED);
	assert_origin(&v[2], 101, 2, a);
	assert_origin(&v[3], 101, 2, a);
	/* The room it left was empty and nothing had been said there. */
	assert_int_equal(hub_rooms(w.hub), 1);
	assert_int_equal(ask_move(&w, 0, 3, a, CHAT, "lab"), HUB_THERE);
	assert_int_equal(ask_move(&w, 0, 4, a, CHAT, "a/b"), HUB_FORGED);
	assert_int_equal(ask_say(&w, 0, 5, a, CHAT, "here"), HUB_DONE);
	world_commit(&w);
	assert_int_equal(world_last(&w).record.room, v[3].record.room);
	assert_string_equal(ask_who(&w, 1, 2, b, CHAT), "+user0|+user1|");
	assert_string_equal(ask_rooms(&w, 1, 3, b, CHAT), "lab 2|");
	assert_int_equal(ask_move(&w, 1, 4, b, CHAT, ""), HUB_DONE);
	assert_string_equal(ask_who(&w, 1, 5, b, CHAT), "+user1|");
	assert_string_equal(ask_rooms(&w, 0, 6, a, CHAT), "lab 1| 1|");
	world_close(&w);
}

static void
rooms_are_listed_the_fullest_first(void **state)
{
	static const char *const rooms[] = { "a", "b", "b", "c", "c", "c" };
	struct world w;

	(void)state;
	world_create(&w, 1);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(ask_join(&w, 0, 1 + i, connection(1 + i, i),
		    CHAT, rooms[i]), HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 7, connection(7, 6), SMALL, "d"),
	    HUB_DONE);
	assert_string_equal(ask_rooms(&w, 0, 8, connection(1, 0), CHAT),
	    "c 3|b 2|a 1|");
	assert_string_equal(ask_rooms(&w, 0, 9, connection(7, 6), SMALL),
	    "d 1|");
	world_close(&w);
}

/* Beyond a few hundred rooms: they are not looked through for each who asks. */
static void
many_rooms_are_listed_once_a_second(void **state)
{
	uint64_t number = 0, serial = 10;
	uint64_t a = connection(1, 0);
	char name[16];
	struct world w;

	(void)state;
	world_create(&w, 1);
	assert_int_equal(ask_join(&w, 0, ++number, a, CHAT, "a"), HUB_DONE);
	assert_string_equal(ask_rooms(&w, 0, ++number, a, CHAT), "a 1|");
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		assert_int_equal(ask_join(&w, 0, ++number,
		    connection(++serial, 1), CHAT, name), HUB_DONE);
		assert_int_equal(ask_say(&w, 0, ++number,
		    connection(serial, 1), CHAT, "x"), HUB_DONE);
		assert_int_equal(ask_leave(&w, 0, ++number,
		    connection(serial, 1), CHAT), HUB_DONE);
	}
	clock_fixture_advance(1000);
	assert_string_equal(ask_rooms(&w, 0, ++number, a, CHAT), "a 1|");
	assert_int_equal(ask_join(&w, 0, ++number, connection(2, 1), CHAT,
	    "b"), HUB_DONE);
	assert_string_equal(ask_rooms(&w, 0, ++number, a, CHAT), "a 1|");
	clock_fixture_advance(1000);
	assert_string_equal(ask_rooms(&w, 0, ++number, a, CHAT), "a 1|b 1|");
	/* Each route has its own. */
	assert_int_equal(ask_join(&w, 0, ++number, connection(3, 2), SMALL,
	    "c"), HUB_DONE);
	assert_string_equal(ask_rooms(&w, 0, ++number, connection(3, 2),
	    SMALL), "c 1|");
	world_close(&w);
}

static void
whispers_go_to_whom_they_name(void **state)
{
	char heard[1024];
	struct world w;

	(void)state;
	world_create(&w, 2);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(ask_join(&w, i % 2, 1 + i, connection(1 + i,
		    i / 2), CHAT, i == 3 ? "lab" : ""), HUB_DONE);
	assert_int_equal(ask_nick(&w, 0, 5, connection(3, 1), CHAT, "Carl"),
	    HUB_DONE);
	assert_string_equal(ask_whisper(&w, 0, 6, connection(1, 0), CHAT,
	    "user3,CARL,user2,user3,nobody,user77,user0", "psst", heard),
	    "user3|Carl|user0||user2|nobody|user77|");
	assert_string_equal(heard, "1:1<user0>psst 0:1<user0>psst "
	    "0:0<user0>psst ");
	/* Routes are apart. */
	assert_int_equal(ask_join(&w, 1, 7, connection(9, 5), SMALL, ""),
	    HUB_DONE);
	assert_string_equal(ask_whisper(&w, 1, 8, connection(9, 5), SMALL,
	    "user0,Carl,user1", "x", heard), "user1||user0|Carl|");
	/* The log has nothing of it. */
	world_commit(&w);
	assert_int_equal(world_last(&w).record.kind, RECORD_JOIN);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joining_saying_and_leaving_stand_in_the_log),
		cmocka_unit_test(a_line_counts_after_the_commit),
		cmocka_unit_test(routes_and_rooms_are_apart),
		cmocka_unit_test(names_and_rooms_are_never_given_again),
		cmocka_unit_test(
		    an_echo_connection_is_in_the_table_and_not_in_the_log),
		cmocka_unit_test(
		    forged_requests_are_refused_and_change_nothing),
		cmocka_unit_test(lines_have_bounds),
		cmocka_unit_test(a_line_is_said_once_under_its_id),
		cmocka_unit_test(an_id_has_its_form),
		cmocka_unit_test(an_address_has_so_many_connections),
		cmocka_unit_test(there_are_so_many_rooms),
		cmocka_unit_test(an_address_makes_so_many_rooms),
		cmocka_unit_test(names_are_taken_and_given_back),
		cmocka_unit_test(moving_is_leaving_and_joining_at_once),
		cmocka_unit_test(rooms_are_listed_the_fullest_first),
		cmocka_unit_test(many_rooms_are_listed_once_a_second),
		cmocka_unit_test(whispers_go_to_whom_they_name),
		cmocka_unit_test(the_bell_rings_where_it_concerns),
		cmocka_unit_test(who_came_and_went_is_rung_for_rarely),
		cmocka_unit_test(receipts_say_what_was_asked),
		cmocka_unit_test(the_members_of_a_dead_worker_leave),
		cmocka_unit_test(
		    a_quiet_room_keeps_its_history_beside_a_busy_one),
		cmocka_unit_test(an_empty_room_goes_when_its_lines_have_gone),
		cmocka_unit_test(old_lines_are_not_kept),
		cmocka_unit_test(
		    an_empty_room_goes_when_its_last_line_is_old),
		cmocka_unit_test(rooms_are_looked_at_in_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
