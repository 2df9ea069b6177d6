/*
 * test_session - members with tokens: how they come, are away, come back, have
 * several connections, and what the log says of it.
 *
 * Tokens are letters; each test reads like the list of what workers ask.  How
 * all this survives deaths: test_deaths.c.
 */
#include "config.h"

#include "broker/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/hub.h"
#include "broker/tabs.h"
#include "base/clock.h"
#include "clock_fixture.h"
#include "hub_fixture.h"

#define GRACE_MS	60000
#define VIEWS		200

static const uint64_t a = 1 << IPC_SLOT_BITS | 0, b = 2 << IPC_SLOT_BITS | 1,
    c = 3 << IPC_SLOT_BITS | 2, d = 4 << IPC_SLOT_BITS | 3;

static struct settings *settings;	/* of the world that is open */

static void
open_world(struct world *w, enum settings_identity identity)
{
	world_create(w, 2);
	settings = world_settings();
	settings->routes[CHAT].identity = identity;
	settings->routes[CHAT].grace_ms = GRACE_MS;
}

/* The log's last record, after a commit. */
static struct cursor_view
last(struct world *w)
{
	world_commit(w);
	return world_last(w);
}

static void
assert_token(const struct cursor_view *v, char letter)
{
	uint8_t hash[STATE_TOKEN];

	token_hash(letter, hash);
	assert_non_null(v->token);
	assert_memory_equal(v->token, hash, STATE_TOKEN);
}

static size_t
count_records(struct world *w)
{
	struct cursor_view v[VIEWS];

	world_commit(w);
	return world_read(w, v, VIEWS);
}

/* How many rows of the state file have a kind. */
static unsigned
count_rows(const struct world *w, enum state_kind kind)
{
	unsigned count = 0;

	for (uint32_t row = 0; row < state_rows(w->state); row++)
		count += state_kind(w->state, row) == kind;
	return count;
}

static void
assert_rows(const struct world *w, unsigned sessions, unsigned members,
    unsigned connections)
{
	assert_int_equal(count_rows(w, STATE_SESSION), sessions);
	assert_int_equal(count_rows(w, STATE_MEMBER), members);
	assert_int_equal(count_rows(w, STATE_CONNECTION), connections);
	assert_int_equal(hub_connections(w->hub), sessions + connections);
}

static void
expire(struct world *w, uint64_t after_ms)
{
	clock_fixture_advance(after_ms);
	hub_expire(w->hub, clock_ms());
}

static void
who_may_return_is_away_and_goes_on_as_the_same(void **state)
{
	struct cursor_view v;
	struct world w;

	(void)state;
	open_world(&w, SETTINGS_CONNECTION);
	assert_int_equal(ask_join(&w, 1, 1, b, CHAT, "x"), HUB_DONE);
	assert_int_equal(ask_enter(&w, 0, 1, a, CHAT, 0, 'A', "x"), HUB_DONE);
	v = last(&w);
	assert_record(&v, RECORD_JOIN, "user1", "x", 0, 2);
	assert_origin(&v, 101, 1, a);
	assert_token(&v, 'A');
	assert_int_equal(ask_nick(&w, 0, 2, a, CHAT, "Anna"), HUB_DONE);
	v = last(&w);
	assert_record(&v, RECORD_RENAME, "user1", "Anna", 0, 2);
	assert_token(&v, 'A');
	assert_int_equal(ask_say(&w, 0, 3, a, CHAT, "one"), HUB_DONE);
	v = last(&w);
	assert_record(&v, RECORD_MESSAGE, "Anna", "one", 1, 1);
	assert_null(v.token);
	assert_true(hub_next_expiry(w.hub) == UINT64_MAX);
	assert_rows(&w, 1, 1, 1);

	/* Away: it counts, its name is kept, and it hears nothing. */
	assert_int_equal(ask_go(&w, 0, 4, a, CHAT), HUB_DONE);
	assert_int_equal(count_records(&w), 4);
	assert_rows(&w, 1, 1, 0);
	assert_string_equal(ask_who(&w, 1, 2, b, CHAT), "-Anna|+user0|");
	assert_string_equal(ask_rooms(&w, 1, 3, b, CHAT), "x 2|");
	assert_int_equal(ask_nick(&w, 1, 4, b, CHAT, "anna"), HUB_TAKEN);
	assert_int_equal(ask_say(&w, 1, 5, b, CHAT, "two"), HUB_DONE);
	world_commit(&w);
	assert_int_equal(w.bells, 2);
	expire(&w, GRACE_MS / 2);

	/* Back, through another worker, wherever its path leads. */
	assert_int_equal(ask_enter(&w, 1, 6, c, CHAT, 'A', 'B', "y"),
	    HUB_DONE);
	v = last(&w);
	assert_record(&v, RECORD_ENTER, "Anna", "x", 2, 2);
	assert_origin(&v, 102, 6, c);
	assert_token(&v, 'A');
	assert_int_equal(v.record.flags, RECORD_TOKEN);
	assert_int_equal(v.enter.proven, 0);
	assert_int_equal(v.enter.replaced, 0);
	assert_true(hub_next_expiry(w.hub) == UINT64_MAX);
	expire(&w, GRACE_MS);
	assert_rows(&w, 1, 1, 1);
	assert_string_equal(ask_who(&w, 1, 7, b, CHAT), "+Anna|+user0|");
	assert_int_equal(ask_say(&w, 1, 8, c, CHAT, "three"), HUB_DONE);
	v = last(&w);
	assert_record(&v, RECORD_MESSAGE, "Anna", "three", 3, 1);
	world_close(&w);
}

static void
who_is_away_too_long_leaves(void **state)
{
	struct cursor_view v;
	uint64_t first, second;
	struct world w;

	(void)state;
	open_world(&w, SETTINGS_CONNECTION);
	assert_int_equal(ask_enter(&w, 0, 1, a, CHAT, 0, 'A', ""), HUB_DONE);
	assert_int_equal(ask_enter(&w, 0, 2, b, CHAT, 0, 'B', ""), HUB_DONE);
	assert_int_equal(ask_nick(&w, 0, 3, a, CHAT, "Anna"), HUB_DONE);
	assert_int_equal(ask_go(&w, 0, 4, a, CHAT), HUB_DONE);
	first = hub_next_expiry(w.hub);
	assert_true(first <= clock_ms() + GRACE_MS);
	clock_fixture_advance(1000);
	assert_int_equal(ask_go(&w, 0, 5, b, CHAT), HUB_DONE);
	assert_true(hub_next_expiry(w.hub) == first);
	hub_expire(w.hub, first - 1);
	assert_rows(&w, 0, 2, 0);
	hub_expire(w.hub, first);
	v = last(&w);
	assert_record(&v, RECORD_LEAVE, "Anna", "", 0, 1);
	assert_origin(&v, 0, 0, 0);
	assert_token(&v, 'A');
	assert_rows(&w, 0, 1, 0);
	second = hub_next_expiry(w.hub);
	assert_true(second >= first + 1000);
	/* Who is not known any more is somebody new; the name is free. */
	assert_int_equal(ask_enter(&w, 1, 1, c, CHAT, 'A', 'C', ""),
	    HUB_DONE);
	v = last(&w);
	assert_record(&v, RECORD_JOIN, "user2", "", 0, 2);
	assert_token(&v, 'C');
	assert_int_equal(ask_nick(&w, 1, 2, c, CHAT, "ANNA"), HUB_DONE);
	hub_expire(w.hub, second);
	assert_rows(&w, 0, 1, 1);
	assert_true(hub_next_expiry(w.hub) == UINT64_MAX);
	world_close(&w);
}

static void
who_says_goodbye_leaves_at_once(void **state)
{
	struct cursor_view v;
	struct world w;

	(void)state;
	open_world(&w, SETTINGS_CONNECTION);
	assert_int_equal(ask_enter(&w, 0, 1, a, CHAT, 0, 'A', ""), HUB_DONE);
	assert_int_equal(ask_leave(&w, 0, 2, a, CHAT), HUB_DONE);
	v = last(&w);
	assert_record(&v, RECORD_LEAVE, "user0", "", 0, 0);
	assert_origin(&v, 101, 2, a);
	assert_token(&v, 'A');
	assert_rows(&w, 0, 0, 0);
	assert_int_equal(hub_rooms(w.hub), 0);
	/* So does who may return to a route without grace time, and who has
	 * no token. */
	settings->routes[CHAT].grace_ms = 0;
	assert_int_equal(ask_enter(&w, 0, 3, b, CHAT, 0, 'B', ""), HUB_DONE);
	assert_int_equal(ask_go(&w, 0, 4, b, CHAT), HUB_DONE);
	assert_rows(&w, 0, 0, 0);
	settings->routes[CHAT].grace_ms = GRACE_MS;
	assert_int_equal(ask_join(&w, 0, 5, c, CHAT, ""), HUB_DONE);
	assert_int_equal(ask_go(&w, 0, 6, c, CHAT), HUB_DONE);
	assert_rows(&w, 0, 0, 0);
	assert_int_equal(count_records(&w), 6);
	world_close(&w);
}

/* A client that lost its connection before we did. */
static void
a_connection_is_replaced_from_another_place(void **state)
{
	struct cursor_view v;
	struct world w;

	(void)state;
	open_world(&w, SETTINGS_CONNECTION);
	w.address = 7;
	settings->limits.connections_per_address = 1;
	assert_int_equal(ask_enter(&w, 0, 1, a, CHAT, 0, 'A', ""), HUB_DONE);
	world_commit(&w);
	/* It is no connection more, and its worker is rung to end the old one:
	 * nobody of the room is left there. */
	assert_int_equal(ask_enter(&w, 1, 1, b, CHAT, 'A', 'B', ""),
	    HUB_DONE);
	v = last(&w);
	assert_record(&v, RECORD_ENTER, "user0", "", 0, 1);
	assert_origin(&v, 102, 1, b);
	assert_int_equal(v.enter.replaced, a);
	assert_rows(&w, 0, 1, 1);
	assert_int_equal(w.bells, 3);
	/* The old one's worker does not know yet. */
	assert_int_equal(ask_say(&w, 0, 2, a, CHAT, "late"), HUB_UNKNOWN);
	assert_int_equal(ask_prove(&w, 0, 3, a, CHAT, v.record.room, 0),
	    HUB_REPEAT);
	assert_int_equal(ask_leave(&w, 0, 4, a, CHAT), HUB_REPEAT);
	assert_int_equal(ask_say(&w, 1, 2, b, CHAT, "here"), HUB_DONE);
	world_commit(&w);
	assert_int_equal(w.bells, 3);	/* worker 0 for its receipt */
	assert_int_equal(ask_say(&w, 1, 3, b, CHAT, "here"), HUB_DONE);
	world_commit(&w);
	assert_int_equal(w.bells, 2);
	/* The address counts one, and from elsewhere it is one more. */
	assert_int_equal(ask_join(&w, 0, 5, c, CHAT, ""), HUB_ADDRESS);
	w.address = 8;
	assert_int_equal(ask_join(&w, 0, 6, c, CHAT, ""), HUB_DONE);
	assert_int_equal(ask_enter(&w, 0, 7, d, CHAT, 'A', 'B', ""),
	    HUB_ADDRESS);
	assert_rows(&w, 1, 1, 1);
	assert_int_equal(ask_go(&w, 1, 4, b, CHAT), HUB_DONE);
	w.address = 7;
	assert_int_equal(ask_enter(&w, 0, 8, d, CHAT, 'A', 'B', ""),
	    HUB_DONE);
	assert_int_equal(ask_leave(&w, 0, 9, d, CHAT), HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 10, d, CHAT, ""), HUB_DONE);
	world_close(&w);
}

/*
 * A browser has its cookie before the worker that gave it has been heard: a tab
 * by another worker came first, and the broker took the first worker's JOIN for
 * a forgery and had the worker ended.
 */
static void
a_tab_may_be_heard_before_the_one_that_got_the_cookie(void **state)
{
	struct cursor_view v;
	struct world w;

	(void)state;
	open_world(&w, SETTINGS_SESSION);
	assert_int_equal(ask_enter(&w, 1, 1, b, CHAT, 'A', 'A', ""),
	    HUB_DONE);
	assert_int_equal(ask_enter(&w, 0, 1, a, CHAT, 0, 'A', ""), HUB_DONE);
	v = last(&w);
	assert_record(&v, RECORD_ENTER, "user0", "", 0, 1);
	assert_origin(&v, 101, 1, a);
	assert_rows(&w, 0, 1, 2);
	world_close(&w);
	/* A token that is no cookie is given after it was heard. */
	open_world(&w, SETTINGS_CONNECTION);
	assert_int_equal(ask_enter(&w, 1, 1, b, CHAT, 0, 'A', ""), HUB_DONE);
	assert_int_equal(ask_enter(&w, 0, 1, a, CHAT, 0, 'A', ""),
	    HUB_FORGED);
	world_close(&w);
}

static void
tabs_are_one_member(void **state)
{
	char heard[1024];
	struct cursor_view v;
	struct world w;

	(void)state;
	open_world(&w, SETTINGS_SESSION);
	assert_int_equal(ask_enter(&w, 0, 1, a, CHAT, 'A', 'A', ""),
	    HUB_DONE);
	v = last(&w);
	assert_record(&v, RECORD_JOIN, "user0", "", 0, 1);
	assert_int_equal(ask_enter(&w, 1, 1, b, CHAT, 'A', 'A', ""),
	    HUB_DONE);
	v = last(&w);
	assert_record(&v, RECORD_ENTER, "user0", "", 0, 1);
	assert_int_equal(v.enter.replaced, 0);
	assert_int_equal(w.bells, 3);
	assert_int_equal(ask_enter(&w, 0, 2, c, CHAT, 'A', 'A', ""),
	    HUB_DONE);
	assert_rows(&w, 0, 1, 3);
	assert_int_equal(ask_nick(&w, 1, 2, b, CHAT, "Anna"), HUB_DONE);
	assert_int_equal(ask_say(&w, 0, 3, c, CHAT, "x"), HUB_DONE);
	v = last(&w);
	assert_record(&v, RECORD_MESSAGE, "Anna", "x", 1, 0);
	assert_string_equal(ask_who(&w, 0, 4, a, CHAT), "+Anna|");
	/* A whisper is heard by each, and told to be heard once. */
	assert_int_equal(ask_join(&w, 1, 3, d, CHAT, ""), HUB_DONE);
	assert_string_equal(ask_whisper(&w, 1, 4, d, CHAT, "anna,Anna,nobody",
	    "psst", heard), "Anna||nobody|");
	assert_string_equal(heard, "0:2<user1>psst 1:1<user1>psst "
	    "0:0<user1>psst ");
	/* It leaves with the last one. */
	assert_int_equal(ask_leave(&w, 1, 5, b, CHAT), HUB_DONE);
	assert_int_equal(ask_go(&w, 0, 5, a, CHAT), HUB_DONE);
	assert_rows(&w, 1, 1, 1);
	assert_int_equal(count_records(&w), 6);
	assert_int_equal(ask_leave(&w, 0, 6, c, CHAT), HUB_DONE);
	v = last(&w);
	assert_record(&v, RECORD_LEAVE, "Anna", "", 1, 1);
	assert_rows(&w, 1, 0, 0);
	world_close(&w);
}

static void
a_member_has_so_many_tabs(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, SETTINGS_SESSION);
	for (uint32_t i = 0; i < TABS_MAX; i++)
		assert_int_equal(ask_enter(&w, i % 2, 1 + i, connection(1 + i,
		    i / 2), CHAT, 'A', 'A', ""), HUB_DONE);
	assert_int_equal(TABS_MAX / 2, SLOTS);
	hub_remove_worker(w.hub, 1);
	assert_rows(&w, 0, 1, TABS_MAX / 2);
	world_add(&w, 1, 200);
	for (uint32_t i = 0; i < TABS_MAX / 2; i++)
		assert_int_equal(ask_enter(&w, 1, 1 + i, connection(100 + i,
		    i), CHAT, 'A', 'A', ""), HUB_DONE);
	assert_int_equal(ask_leave(&w, 0, 50, connection(1, 0), CHAT),
	    HUB_DONE);
	assert_int_equal(ask_enter(&w, 0, 51, connection(200, 0), CHAT, 'A',
	    'A', ""), HUB_DONE);
	world_add(&w, 2, 300);
	assert_int_equal(ask_enter(&w, 2, 1, connection(201, 0), CHAT, 'A',
	    'A', ""), HUB_TABS);
	assert_rows(&w, 0, 1, TABS_MAX);
	assert_int_equal(ask_enter(&w, 2, 2, connection(202, 0), CHAT, 'B',
	    'B', ""), HUB_DONE);
	world_close(&w);
}

static void
all_tabs_move_together(void **state)
{
	struct cursor_view v[VIEWS];
	struct world w;

	(void)state;
	open_world(&w, SETTINGS_SESSION);
	assert_int_equal(ask_enter(&w, 0, 1, a, CHAT, 0, 'A', ""), HUB_DONE);
	assert_int_equal(ask_enter(&w, 1, 1, b, CHAT, 'A', 'A', ""),
	    HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 2, c, CHAT, ""), HUB_DONE);
	assert_int_equal(ask_say(&w, 0, 3, c, CHAT, "x"), HUB_DONE);
	assert_int_equal(ask_move(&w, 1, 2, b, CHAT, "lab"), HUB_DONE);
	world_commit(&w);
	assert_int_equal(w.bells, 3);
	assert_int_equal(world_read(&w, v, VIEWS), 7);
	assert_record(&v[4], RECORD_LEAVE, "user0", "", 1, 1);
	assert_origin(&v[4], 102, 2, b);
	assert_token(&v[4], 'A');
	assert_record(&v[5], RECORD_JOIN, "user0", "lab", 0, 1);
	assert_origin(&v[5], 102, 2, b);
	assert_record(&v[6], RECORD_ENTER, "user0", "lab", 0, 1);
	assert_origin(&v[6], 0, 101, a);
	assert_token(&v[6], 'A');
	for (unsigned i = 4; i < 7; i++)
		assert_int_equal(v[i].record.flags,
		    RECORD_MOVED | RECORD_TOKEN);
	assert_int_equal(v[6].enter.proven, 0);
	assert_int_equal(v[6].enter.replaced, 0);
	/* Either says it in the new room, and both hear it. */
	assert_int_equal(ask_say(&w, 0, 4, a, CHAT, "y"), HUB_DONE);
	world_commit(&w);
	assert_int_equal(w.bells, 3);
	assert_int_equal(world_last(&w).record.room, v[6].record.room);
	assert_string_equal(ask_who(&w, 0, 5, c, CHAT), "+user1|");
	assert_string_equal(ask_who(&w, 0, 6, a, CHAT), "+user0|");
	assert_int_equal(ask_move(&w, 0, 7, a, CHAT, "lab"), HUB_THERE);
	world_close(&w);
}

static void
a_tab_takes_its_member_along(void **state)
{
	struct cursor_view v[VIEWS];
	struct world w;

	(void)state;
	open_world(&w, SETTINGS_SESSION);
	assert_int_equal(ask_enter(&w, 0, 1, a, CHAT, 0, 'A', ""), HUB_DONE);
	assert_int_equal(ask_enter(&w, 1, 1, b, CHAT, 'A', 'A', ""),
	    HUB_DONE);
	assert_int_equal(ask_enter(&w, 1, 2, c, CHAT, 'A', 'A', "lab"),
	    HUB_DONE);
	world_commit(&w);
	assert_int_equal(world_read(&w, v, VIEWS), 6);
	/* As if the oldest tab had asked, whose worker takes it for that. */
	assert_record(&v[2], RECORD_LEAVE, "user0", "", 0, 0);
	assert_origin(&v[2], 101, 0, a);
	assert_record(&v[3], RECORD_JOIN, "user0", "lab", 0, 1);
	assert_origin(&v[3], 101, 0, a);
	assert_record(&v[4], RECORD_ENTER, "user0", "lab", 0, 1);
	assert_origin(&v[4], 0, 102, b);
	assert_int_equal(v[4].record.flags, RECORD_MOVED | RECORD_TOKEN);
	assert_record(&v[5], RECORD_ENTER, "user0", "lab", 0, 1);
	assert_origin(&v[5], 102, 2, c);
	assert_int_equal(v[5].record.flags, RECORD_TOKEN);
	assert_int_equal(hub_rooms(w.hub), 1);
	assert_rows(&w, 0, 1, 3);

	/* Likewise of one that is away. */
	assert_int_equal(ask_go(&w, 0, 2, a, CHAT), HUB_DONE);
	assert_int_equal(ask_go(&w, 1, 3, b, CHAT), HUB_DONE);
	assert_int_equal(ask_go(&w, 1, 4, c, CHAT), HUB_DONE);
	assert_int_equal(ask_enter(&w, 0, 3, d, CHAT, 'A', 'A', "den"),
	    HUB_DONE);
	world_commit(&w);
	assert_int_equal(world_read(&w, v, VIEWS), 9);
	assert_record(&v[6], RECORD_LEAVE, "user0", "", 0, 0);
	assert_origin(&v[6], 0, 0, 0);
	assert_record(&v[7], RECORD_JOIN, "user0", "den", 0, 1);
	assert_origin(&v[7], 0, 0, 0);
	assert_record(&v[8], RECORD_ENTER, "user0", "den", 0, 1);
	assert_origin(&v[8], 101, 3, d);
	assert_true(hub_next_expiry(w.hub) == UINT64_MAX);
	assert_rows(&w, 0, 1, 1);
	world_close(&w);
}

static void
a_tab_that_would_make_a_room_too_many_is_refused(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, SETTINGS_SESSION);
	settings->limits.rooms = 1;
	assert_int_equal(ask_enter(&w, 0, 1, a, CHAT, 0, 'A', "x"), HUB_DONE);
	assert_int_equal(ask_enter(&w, 0, 2, b, CHAT, 'A', 'A', "y"),
	    HUB_ROOMS);
	assert_rows(&w, 0, 1, 1);
	assert_int_equal(count_records(&w), 1);
	assert_int_equal(ask_enter(&w, 0, 3, b, CHAT, 'A', 'A', "x"),
	    HUB_DONE);
	world_close(&w);
}

static void
what_is_proven_is_not_repeated(void **state)
{
	struct cursor_view v;
	uint64_t room;
	struct world w;

	(void)state;
	open_world(&w, SETTINGS_CONNECTION);
	assert_int_equal(ask_join(&w, 1, 1, b, CHAT, ""), HUB_DONE);
	for (uint64_t n = 2; n < 5; n++)
		assert_int_equal(ask_say(&w, 1, n, b, CHAT, "x"), HUB_DONE);
	assert_int_equal(ask_enter(&w, 0, 1, a, CHAT, 0, 'A', ""), HUB_DONE);
	room = last(&w).record.room;
	/* What was there before it came is not owed. */
	assert_int_equal(ask_enter(&w, 0, 2, c, CHAT, 'A', 'B', ""),
	    HUB_DONE);
	v = last(&w);
	assert_int_equal(v.enter.proven, 3);
	for (uint64_t n = 5; n < 8; n++)
		assert_int_equal(ask_say(&w, 1, n, b, CHAT, "x"), HUB_DONE);
	world_commit(&w);
	assert_int_equal(ask_prove(&w, 0, 3, c, CHAT, room, 5), HUB_DONE);
	/* Neither less, nor more than there is, nor of elsewhere. */
	assert_int_equal(ask_prove(&w, 0, 4, c, CHAT, room, 4), HUB_DONE);
	assert_int_equal(ask_prove(&w, 0, 5, c, CHAT, room, 7), HUB_DONE);
	assert_int_equal(ask_prove(&w, 0, 6, c, CHAT, room + 1, 6), HUB_DONE);
	assert_int_equal(ask_enter(&w, 0, 8, d, CHAT, 'A', 'B', ""),
	    HUB_DONE);
	v = last(&w);
	assert_int_equal(v.enter.proven, 5);
	/* Another room has other numbers. */
	assert_int_equal(ask_move(&w, 0, 9, d, CHAT, "lab"), HUB_DONE);
	assert_int_equal(ask_prove(&w, 0, 10, d, CHAT, room, 6), HUB_DONE);
	assert_int_equal(ask_move(&w, 0, 11, d, CHAT, ""), HUB_DONE);
	assert_int_equal(ask_enter(&w, 0, 12, connection(9, 9), CHAT, 'A',
	    'B', ""), HUB_DONE);
	v = last(&w);
	assert_int_equal(v.enter.proven, 6);
	/* Who has no token proves nothing. */
	assert_int_equal(ask_prove(&w, 1, 8, b, CHAT, room, 1), HUB_FORGED);
	world_close(&w);
}

static void
tokens_are_of_their_route(void **state)
{
	struct cursor_view v;
	struct world w;

	(void)state;
	open_world(&w, SETTINGS_SESSION);
	assert_int_equal(ask_enter(&w, 0, 1, a, CHAT, 0, 'A', ""), HUB_DONE);
	assert_int_equal(ask_enter(&w, 0, 2, b, SMALL, 'A', 'A', ""),
	    HUB_DONE);
	v = last(&w);
	assert_record(&v, RECORD_JOIN, "user1", "", 0, 1);
	assert_rows(&w, 0, 2, 2);
	/* The files have no token, only what cannot be sent. */
	assert_int_equal(ask_enter(&w, 0, 3, c, SMALL, 'A', 'A', ""),
	    HUB_DONE);
	v = last(&w);
	assert_int_equal(v.record.kind, RECORD_ENTER);
	for (size_t i = 0; i + IPC_TOKEN < log_committed(w.log); i++) {
		static const uint8_t token[IPC_TOKEN] = {
			[IPC_TOKEN - 1] = 'A'
		};

		assert_true(memcmp(log_at(w.log, i), token, IPC_TOKEN) != 0);
	}
	world_close(&w);
}

static void
forged_joins_are_refused(void **state)
{
	uint8_t tail[2 * IPC_TOKEN + 4] = { 1 };
	struct ipc_request q = { .connection = a, .route = CHAT };
	static const struct {
		uint32_t flags;
		size_t len;
	} forged[] = {
		{ IPC_RESUME, 0 }, { IPC_RESUME, IPC_TOKEN },
		{ IPC_FRESH, 0 }, { IPC_FRESH, IPC_TOKEN - 1 },
		{ IPC_FRESH | IPC_RESUME, IPC_TOKEN },
		{ IPC_FRESH | IPC_RESUME, 2 * IPC_TOKEN - 1 },
		/* a room of zero bytes */
		{ IPC_FRESH, IPC_TOKEN + 1 },
		{ IPC_FRESH | IPC_RESUME, 2 * IPC_TOKEN + 4 },
	};
	struct world w;

	(void)state;
	open_world(&w, SETTINGS_CONNECTION);
	for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		q.number++;
		q.flags = forged[i].flags;
		assert_int_equal(hub_join(w.hub, 0, &q, tail, forged[i].len),
		    HUB_FORGED);
	}
	/* Somebody has it: it is not fresh. */
	assert_int_equal(ask_enter(&w, 1, 1, b, CHAT, 0, 'A', ""), HUB_DONE);
	assert_int_equal(ask_enter(&w, 1, 2, c, CHAT, 0, 'A', ""),
	    HUB_FORGED);
	assert_int_equal(ask_enter(&w, 1, 3, c, CHAT, 'B', 'A', ""),
	    HUB_FORGED);
	assert_int_equal(count_records(&w), 1);
	assert_rows(&w, 0, 1, 1);
	world_close(&w);
}

static void
the_members_of_a_dead_worker_may_return(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, SETTINGS_SESSION);
	assert_int_equal(ask_enter(&w, 0, 1, a, CHAT, 0, 'A', ""), HUB_DONE);
	assert_int_equal(ask_enter(&w, 1, 1, b, CHAT, 0, 'B', ""), HUB_DONE);
	assert_int_equal(ask_enter(&w, 1, 2, c, CHAT, 'A', 'A', ""),
	    HUB_DONE);
	assert_int_equal(ask_join(&w, 1, 3, d, CHAT, ""), HUB_DONE);
	hub_remove_worker(w.hub, 1);
	assert_rows(&w, 0, 2, 1);
	assert_string_equal(ask_who(&w, 0, 2, a, CHAT), "-user1|+user0|");
	world_add(&w, 1, 200);
	assert_int_equal(ask_enter(&w, 1, 1, b, CHAT, 'B', 'B', ""),
	    HUB_DONE);
	assert_int_equal(last(&w).record.kind, RECORD_ENTER);
	expire(&w, GRACE_MS);
	assert_rows(&w, 0, 2, 2);
	world_close(&w);
}

static void
configure_limits(struct settings *s)
{
	s->routes[CHAT].identity = SETTINGS_SESSION;
	s->routes[CHAT].grace_ms = GRACE_MS;
	s->limits.connections_per_address = 2;
}

static void
the_next_broker_knows_who_is_away_and_who_counts(void **state)
{
	uint64_t end;
	struct world w;

	(void)state;
	open_world(&w, SETTINGS_SESSION);
	w.configure = configure_limits;
	w.address = 7;
	assert_int_equal(ask_enter(&w, 0, 1, a, CHAT, 0, 'A', ""), HUB_DONE);
	assert_int_equal(ask_enter(&w, 1, 1, b, CHAT, 'A', 'A', ""),
	    HUB_DONE);
	w.address = 8;
	assert_int_equal(ask_enter(&w, 0, 2, c, CHAT, 0, 'C', ""), HUB_DONE);
	assert_int_equal(ask_enter(&w, 0, 3, d, CHAT, 0, 'D', ""), HUB_DONE);
	assert_int_equal(ask_go(&w, 0, 4, c, CHAT), HUB_DONE);
	end = hub_next_expiry(w.hub);
	world_commit(&w);
	hub_receipt(w.hub, 0);
	world_die(&w);
	clock_fixture_advance(1000);
	/* Worker 1 died meanwhile, worker 0 does not know one of its own. */
	world_open(&w);
	assert_true(hub_next_expiry(w.hub) == end);
	world_add(&w, 0, 101);
	world_add(&w, 1, 200);
	assert_true(hub_register(w.hub, 0, a));
	assert_false(hub_remove_others(w.hub, UINT32_MAX));
	assert_int_equal(hub_registered(w.hub, 0, UINT32_MAX), 1);
	assert_int_equal(hub_registered(w.hub, 1, UINT32_MAX), 0);
	assert_rows(&w, 0, 3, 1);
	assert_string_equal(ask_who(&w, 0, 5, a, CHAT),
	    "-user2|-user1|+user0|");
	/* One of the address is left. */
	w.address = 7;
	assert_int_equal(ask_enter(&w, 1, 1, b, CHAT, 'A', 'A', ""),
	    HUB_DONE);
	assert_int_equal(ask_enter(&w, 1, 2, c, CHAT, 'A', 'A', ""),
	    HUB_ADDRESS);
	hub_expire(w.hub, end);
	assert_rows(&w, 0, 2, 2);
	expire(&w, GRACE_MS);
	assert_rows(&w, 0, 1, 2);
	world_close(&w);
}

static void
a_whisper_does_not_find_who_is_away(void **state)
{
	char heard[1024];
	struct world w;

	(void)state;
	open_world(&w, SETTINGS_CONNECTION);
	assert_int_equal(ask_enter(&w, 0, 1, a, CHAT, 0, 'A', ""), HUB_DONE);
	assert_int_equal(ask_join(&w, 0, 2, b, CHAT, ""), HUB_DONE);
	assert_string_equal(ask_whisper(&w, 0, 3, b, CHAT, "user0", "x",
	    heard), "user0||");
	assert_int_equal(ask_go(&w, 0, 4, a, CHAT), HUB_DONE);
	assert_string_equal(ask_whisper(&w, 0, 5, b, CHAT, "user0,user1", "x",
	    heard), "user1||user0|");
	assert_string_equal(heard, "0:1<user1>x ");
	world_close(&w);
}

static void
who_is_read_in_pages(void **state)
{
	uint64_t number = 0, told = 0;
	char after[64] = "", *bar;
	const char *at;
	uint32_t more;
	struct world w;
	struct ipc_request q = { .connection = connection(1, 0) };
	struct buf out;

	(void)state;
	open_world(&w, SETTINGS_CONNECTION);
	assert_true(hub_add_worker(w.hub, 2, 300, 4000));
	for (uint32_t i = 0; i < 4000; i++)
		assert_int_equal(ask_join(&w, 2, ++number, connection(1 + i,
		    i), CHAT, ""), HUB_DONE);
	do {
		static char names[65536];
		uint64_t before = told;

		strcpy(names, ask_who_after(&w, 2, ++number, q.connection,
		    CHAT, after, &more));
		for (at = names; (bar = strchr(at, '|')) != NULL;
		    at = bar + 1) {
			*bar = '\0';
			snprintf(after, sizeof(after), "%s", at + 1);
			assert_int_equal(strtoull(at + 5, NULL, 10),
			    3999 - told);
			told++;
		}
		assert_true(told > before);
		assert_int_equal(more, 4000 - told);
	} while (more > 0);
	assert_int_equal(told, 4000);
	/* Behind the last there is nobody, behind a stranger nothing. */
	assert_string_equal(ask_who_after(&w, 2, ++number, q.connection, CHAT,
	    after, &more), "");
	buf_init(&out);
	q.number = ++number;
	assert_int_equal(hub_who(w.hub, 2, &q, "nobody", 6, &out, &more),
	    HUB_AFTER);
	assert_int_equal(ask_join(&w, 0, 1, a, CHAT, "lab"), HUB_DONE);
	q.number = ++number;
	assert_int_equal(hub_who(w.hub, 2, &q, "user4000", 8, &out, &more),
	    HUB_AFTER);
	buf_clear(&out);
	world_close(&w);
}

static void
many_are_let_go_in_parts(void **state)
{
	struct world w;
	unsigned many = 2500, before;
	uint64_t number = 0;

	(void)state;
	open_world(&w, SETTINGS_CONNECTION);
	for (unsigned i = 0; i < many; i++) {
		struct ipc_request q = {
			.connection = connection(1 + i, i % SLOTS),
			.number = ++number, .flags = IPC_FRESH
		};
		uint8_t tail[IPC_TOKEN] = { 1, (uint8_t)i, (uint8_t)(i >> 8) };

		assert_int_equal(hub_join(w.hub, 0, &q, tail, IPC_TOKEN),
		    HUB_DONE);
		assert_int_equal(ask_go(&w, 0, ++number, q.connection, CHAT),
		    HUB_DONE);
	}
	clock_fixture_advance(GRACE_MS);
	while (many > 0) {
		before = many;
		/* A turn that is full lets nobody go. */
		world_commit(&w);
		assert_true(hub_next_expiry(w.hub) <= clock_ms());
		hub_expire(w.hub, clock_ms());
		many = count_rows(&w, STATE_MEMBER);
		assert_true(many < before && before - many <= 1000);
	}
	assert_true(hub_next_expiry(w.hub) == UINT64_MAX);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    who_may_return_is_away_and_goes_on_as_the_same),
		cmocka_unit_test(who_is_away_too_long_leaves),
		cmocka_unit_test(who_says_goodbye_leaves_at_once),
		cmocka_unit_test(a_connection_is_replaced_from_another_place),
		cmocka_unit_test(
		    a_tab_may_be_heard_before_the_one_that_got_the_cookie),
		cmocka_unit_test(tabs_are_one_member),
		cmocka_unit_test(a_member_has_so_many_tabs),
		cmocka_unit_test(all_tabs_move_together),
		cmocka_unit_test(a_tab_takes_its_member_along),
		cmocka_unit_test(
		    a_tab_that_would_make_a_room_too_many_is_refused),
		cmocka_unit_test(what_is_proven_is_not_repeated),
		cmocka_unit_test(tokens_are_of_their_route),
		cmocka_unit_test(forged_joins_are_refused),
		cmocka_unit_test(the_members_of_a_dead_worker_may_return),
		cmocka_unit_test(
		    the_next_broker_knows_who_is_away_and_who_counts),
		cmocka_unit_test(a_whisper_does_not_find_who_is_away),
		cmocka_unit_test(who_is_read_in_pages),
		cmocka_unit_test(many_are_let_go_in_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
