/*
 * test_link - the broker's channels to its workers: how much is heard in a
 * turn, and who waits for whom when a worker takes no answers.
 *
 * The log is the smallest there is.  Workers are written by hand: requests
 * queue at their ends and leave as the sockets take them.
 */
#include "config.h"

#include "broker/link.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/broker.h"
#include "broker/broker_parts.h"
#include "clock_fixture.h"
#include "hub_fixture.h"

#define WORKERS	3
#define GENERATION 101
#define LINE	1000

/* A worker's end. */
struct far {
	struct event_base *base;
	struct peer *peer;
	uint64_t number;	/* of its last request */
	unsigned answers, refusals, holds;
};

struct channels {
	struct world w;
	struct broker b;
	int parent;		/* the parent's end */
	struct far far[WORKERS];
};

static bool
on_answer(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct far *far = owner;

	(void)peer;
	far->answers += m->type == IPC_LISTED;
	far->refusals += m->type == IPC_REFUSED;
	far->holds += m->type == IPC_HOLD;
	return true;
}

static peer_handler *const far_handlers[IPC_TYPES] = {
	[IPC_REFUSED] = on_answer,
	[IPC_LISTED] = on_answer,
	[IPC_HOLD] = on_answer,
	[IPC_APPENDED] = on_answer,
};

static void
on_end(void *owner, struct peer *peer, const char *why)
{
	(void)owner;
	(void)peer;
	fail_msg("a channel ended: %s", why);
}

/* `room`: bytes that the broker's end takes, 0: as many as it may be. */
static void
open_link(struct channels *c, unsigned index, int room)
{
	struct link *link = &c->b.links[index];
	struct far *far = &c->far[index];
	struct peer_config config = {
		.self = IPC_BROKER, .other = IPC_WORKER, .owner = link,
		.handlers = broker_worker_handlers(), .on_end = on_end
	};
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	if (room > 0)
		assert_int_equal(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF,
		    &room, sizeof(room)), 0);
	link->peer = peer_new(c->b.base, fds[0], &config);
	assert_non_null(link->peer);
	link->generation = GENERATION + index;
	link->is_registered = true;
	far->base = event_base_new();
	config = (struct peer_config){
		.self = IPC_WORKER, .other = IPC_BROKER, .owner = far,
		.handlers = far_handlers, .on_end = on_end
	};
	far->peer = peer_new(far->base, fds[1], &config);
	assert_non_null(far->peer);
}

static void
channels_open(struct channels *c, int room)
{
	struct peer_config config = {
		.self = IPC_BROKER, .other = IPC_PARENT, .owner = &c->b,
		.handlers = broker_parent_handlers(), .on_end = on_end
	};
	int fds[2];

	memset(c, 0, sizeof(*c));
	world_create(&c->w, WORKERS);
	c->b.settings = world_settings();
	c->b.hub = c->w.hub;
	c->b.base = event_base_new();
	c->b.is_serving = true;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	c->b.parent = peer_new(c->b.base, fds[0], &config);
	c->parent = fds[1];
	c->b.link_count = SETTINGS_WORKERS;
	for (unsigned i = 0; i < SETTINGS_WORKERS; i++)
		c->b.links[i] = (struct link){ .broker = &c->b, .index = i };
	for (unsigned i = 0; i < WORKERS; i++)
		open_link(c, i, i == 1 ? room : 0);
}

static void
channels_close(struct channels *c)
{
	for (unsigned i = 0; i < WORKERS; i++) {
		peer_free(c->b.links[i].peer);
		buf_clear(&c->b.links[i].held);
		peer_free(c->far[i].peer);
		event_base_free(c->far[i].base);
	}
	peer_free(c->b.parent);
	close(c->parent);
	event_base_free(c->b.base);
	world_close(&c->w);
}

/* Each worker has one connection. */
static void
ask_with(struct channels *c, unsigned index, enum ipc_type type, size_t len,
    uint32_t flags)
{
	static const char text[LINE];
	struct far *far = &c->far[index];
	struct ipc_request q = {
		.connection = connection(1 + index, 0),
		.number = ++far->number, .route = CHAT, .flags = flags
	};

	assert_true(peer_send(far->peer, type, &q, text, len, -1));
}

static void
ask(struct channels *c, unsigned index, enum ipc_type type, size_t len)
{
	ask_with(c, index, type, len, 0);
}

static void
hear(struct channels *c, unsigned index)
{
	event_base_loop(c->far[index].base, EVLOOP_NONBLOCK);
}

/* A turn of the broker; returns by how much the log has grown. */
static uint64_t
turn(struct channels *c)
{
	uint64_t before = hub_position(c->w.hub);

	event_base_loop(c->b.base, EVLOOP_NONBLOCK);
	link_end_turn(&c->b);
	return hub_position(c->w.hub) - before;
}

static uint64_t
receipt(const struct channels *c, unsigned index)
{
	return log_receipt_load(c->w.log, index, GENERATION + index);
}

static void
join_all(struct channels *c)
{
	for (unsigned i = 0; i < WORKERS; i++) {
		ask(c, i, IPC_JOIN, 0);
		while (receipt(c, i) == 0) {
			hear(c, i);
			turn(c);
		}
	}
}

static void
a_turn_has_a_bound_and_nobody_starves(void **state)
{
	const uint64_t lines = 3000;
	uint64_t grown, most = 0, least;
	struct channels c;

	(void)state;
	channels_open(&c, 0);
	join_all(&c);
	for (uint64_t i = 0; i < lines; i++)
		for (unsigned k = 0; k < WORKERS; k++)
			ask(&c, k, IPC_SAY, LINE);
	for (unsigned turns = 0; receipt(&c, 0) + receipt(&c, 1) +
	    receipt(&c, 2) < WORKERS * (lines + 1); turns++) {
		for (unsigned i = 0; i < WORKERS; i++)
			peer_flush(c.far[i].peer);
		grown = turn(&c);
		if (grown > most)
			most = grown;
		/* A turn for each of them. */
		least = LOG_NONE;
		for (unsigned i = 0; i < WORKERS; i++)
			if (receipt(&c, i) < least)
				least = receipt(&c, i);
		if (turns == 2 * WORKERS)
			assert_true(least > 1);
		for (unsigned i = 0; i < WORKERS; i++)
			hear(&c, i);
		assert_true(turns < 1000);
	}
	assert_in_range(most, LOG_SIZE_MIN / 8, LOG_SIZE_MIN / 8 + 2000);
	channels_close(&c);
}

/* Both want to say more; one has a worker that takes twice as much. */
static void
who_is_ahead_of_others_is_held(void **state)
{
	struct channels c;

	(void)state;
	channels_open(&c, 0);
	join_all(&c);
	for (unsigned turns = 0; turns < 1000 && c.far[0].holds == 0;
	    turns++) {
		for (unsigned n = 0; n < 6; n++)
			ask_with(&c, n % 3 / 2, IPC_SAY, LINE, IPC_MORE);
		ask(&c, 2, IPC_SAY, 5);
		clock_fixture_advance(5);
		for (unsigned i = 0; i < WORKERS; i++)
			peer_flush(c.far[i].peer);
		turn(&c);
		for (unsigned i = 0; i < WORKERS; i++)
			hear(&c, i);
	}
	assert_int_equal(c.far[0].holds, 1);
	assert_int_equal(c.far[1].holds, 0);
	assert_int_equal(c.far[2].holds, 0);
	channels_close(&c);
}

/* How much is carried out in a turn in which each look at the clock takes a
 * while, until all that the workers have queued is; `most_out`: at once. */
static void
carry_out_slowly(struct channels *c, uint64_t *most_out)
{
	uint64_t done = 0, before, all = 0;
	unsigned turns = 0;

	*most_out = 0;
	for (unsigned i = 0; i < WORKERS; i++) {
		all += c->far[i].number;
		done += receipt(c, i);
	}
	clock_fixture_step(1);
	while (done < all && turns++ < 1000) {
		before = done;
		for (unsigned i = 0; i < WORKERS; i++)
			peer_flush(c->far[i].peer);
		turn(c);
		done = 0;
		for (unsigned i = 0; i < WORKERS; i++)
			done += receipt(c, i);
		if (done - before > *most_out)
			*most_out = done - before;
		for (unsigned i = 0; i < WORKERS; i++)
			hear(c, i);
	}
	clock_fixture_step(0);
	assert_int_equal(done, all);
}

/* Requests that leave no record fill no ring: those of who has gone, and
 * questions. */
static void
a_turn_has_a_bound_in_time(void **state)
{
	static const enum ipc_type types[] = { IPC_WHO, IPC_LEAVE };
	struct channels c;
	uint64_t most;

	(void)state;
	channels_open(&c, 0);
	join_all(&c);
	for (unsigned t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
		for (unsigned n = 0; n < 500; n++)
			for (unsigned i = 0; i < WORKERS; i++)
				ask(&c, i, types[t], 0);
		carry_out_slowly(&c, &most);
		assert_in_range(most, 10, 51);
	}
	channels_close(&c);
}

/* Worker 1 has asked for more than its socket takes, and said something
 * behind it; worker 0 says more than the ring holds.  Goes on until nothing
 * more happens. */
static void
get_stuck(struct channels *c)
{
	unsigned still = 0;

	channels_open(c, 4096);
	join_all(c);
	for (unsigned i = 0; i < 2000; i++)
		ask(c, 1, IPC_WHO, 0);
	ask(c, 1, IPC_SAY, 5);
	while (peer_queued(c->far[1].peer) > 0 || still++ < 5) {
		peer_flush(c->far[1].peer);
		turn(c);
	}
	assert_true(receipt(c, 1) < c->far[1].number);
	for (unsigned i = 0; i < 3 * LOG_SIZE_MIN / LINE; i++)
		ask(c, 0, IPC_SAY, LINE);
	for (still = 0; still < 20; still++) {
		hear(c, 0);
		if (turn(c) > 0)
			still = 0;
	}
	assert_true(hub_position(c->w.hub) > LOG_SIZE_MIN / 4);
	assert_true(hub_position(c->w.hub) < LOG_SIZE_MIN / 2);
	assert_true(receipt(c, 0) < c->far[0].number);
}

static void
nobody_is_heard_while_a_worker_takes_no_answers(void **state)
{
	struct channels c;

	(void)state;
	get_stuck(&c);
	assert_false(c.b.links[1].is_mute);
	while (receipt(&c, 0) < c.far[0].number ||
	    receipt(&c, 1) < c.far[1].number) {
		hear(&c, 0);
		hear(&c, 1);
		turn(&c);
	}
	hear(&c, 1);
	assert_int_equal(c.far[1].answers, 2000);
	assert_true(hub_position(c.w.hub) > 3 * LOG_SIZE_MIN);
	channels_close(&c);
}

static void
what_has_no_receipt_is_known_to_the_next_broker(void **state)
{
	struct channels c;
	uint64_t said;

	(void)state;
	get_stuck(&c);
	world_die(&c.w);
	world_open(&c.w);
	for (unsigned i = 0; i < WORKERS; i++)
		world_add(&c.w, i, GENERATION + i);
	said = world_room(&c.w, CHAT, "")->seq;
	assert_int_equal(ask_say(&c.w, 1, c.far[1].number, connection(2, 0),
	    CHAT, "again"), HUB_REPEAT);
	world_commit(&c.w);
	assert_true(world_room(&c.w, CHAT, "")->seq == said);
	channels_close(&c);
}

/* What grows the log beside requests, such as leaves, does not wait: then
 * the slow one is ended, and the others go on. */
static void
who_is_too_far_behind_is_ended(void **state)
{
	struct {
		struct ipc_header header;
		struct ipc_worker worker;
	} report;
	struct channels c;

	(void)state;
	get_stuck(&c);
	for (uint64_t n = 2; hub_position(c.w.hub) < LOG_SIZE_MIN * 7 / 8; n++)
		assert_int_equal(ask_say(&c.w, 2, n, connection(3, 0), CHAT,
		    "leaves"), HUB_DONE);
	turn(&c);
	assert_true(c.b.links[1].is_mute);
	turn(&c);
	peer_flush(c.b.parent);
	assert_int_equal(recv(c.parent, &report, sizeof(report),
	    MSG_DONTWAIT), sizeof(report));
	assert_int_equal(report.header.type, IPC_WORKER_MUTE);
	assert_int_equal(report.worker.index, 1);
	while (receipt(&c, 0) < c.far[0].number) {
		hear(&c, 0);
		turn(&c);
	}
	channels_close(&c);
}

/* It lives and asks nothing more, but reads nothing either: all the others
 * wait for it.  One long step of the clock is no time that it had. */
static void
who_takes_nothing_is_ended(void **state)
{
	struct channels c;
	unsigned looks = 0;

	(void)state;
	get_stuck(&c);
	clock_fixture_advance(60000);
	turn(&c);
	assert_false(c.b.links[1].is_mute);
	for (; looks < 10 && !c.b.links[1].is_mute; looks++) {
		clock_fixture_advance(1000);
		turn(&c);
	}
	assert_in_range(looks, 3, 5);
	assert_false(c.b.links[0].is_mute);
	while (receipt(&c, 0) < c.far[0].number) {
		hear(&c, 0);
		turn(&c);
	}
	channels_close(&c);
}

static void
who_takes_little_is_not(void **state)
{
	struct channels c;

	(void)state;
	get_stuck(&c);
	for (unsigned i = 0; i < 20; i++) {
		clock_fixture_advance(3000);
		turn(&c);
		hear(&c, 1);
		turn(&c);
	}
	assert_false(c.b.links[1].is_mute);
	channels_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_turn_has_a_bound_and_nobody_starves),
		cmocka_unit_test(who_is_ahead_of_others_is_held),
		cmocka_unit_test(a_turn_has_a_bound_in_time),
		cmocka_unit_test(
		    nobody_is_heard_while_a_worker_takes_no_answers),
		cmocka_unit_test(
		    what_has_no_receipt_is_known_to_the_next_broker),
		cmocka_unit_test(who_is_too_far_behind_is_ended),
		cmocka_unit_test(who_takes_nothing_is_ended),
		cmocka_unit_test(who_takes_little_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
