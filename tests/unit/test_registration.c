/*
 * test_registration - how a new broker lets those go whom nobody knows.
 *
 * There are more of them than one step takes, and each look at the clock
 * takes longer than a turn may.  The workers are ends of sockets.
 */
#include "config.h"

#include "broker/registration.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/broker.h"
#include "broker/broker_parts.h"
#include "clock_fixture.h"
#include "hub_fixture.h"

#define WORKERS	2
#define GENERATION 101
#define MEMBERS	5000	/* of each worker */

struct start {
	struct world w;
	struct broker b;
	int parent, worker[WORKERS];	/* the far ends */
};

static void
on_end(void *owner, struct peer *peer, const char *why)
{
	(void)owner;
	(void)peer;
	fail_msg("a channel ended: %s", why);
}

static void
add_worker(struct world *w, unsigned index, uint64_t generation)
{
	assert_true(hub_add_worker(w->hub, index, generation, MEMBERS));
}

/* Two workers have members; then the broker dies. */
static void
fill_and_die(struct world *w)
{
	for (unsigned index = 0; index < WORKERS; index++)
		add_worker(w, index, GENERATION + index);
	for (uint64_t n = 1; n <= MEMBERS; n++) {
		for (unsigned index = 0; index < WORKERS; index++)
			assert_int_equal(ask_join(w, index, n, connection(
			    WORKERS * n + index, (uint32_t)(n - 1)), CHAT,
			    ""), HUB_DONE);
		world_commit(w);
		for (unsigned index = 0; index < WORKERS; index++)
			hub_receipt(w->hub, index);
	}
	world_die(w);
	world_open(w);
}

static struct peer *
open_peer(struct start *s, const struct peer_config *config, int *far_out)
{
	struct peer *peer;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	peer = peer_new(s->b.base, fds[0], config);
	assert_non_null(peer);
	*far_out = fds[1];
	return peer;
}

static void
start_open(struct start *s)
{
	struct peer_config config = {
		.self = IPC_BROKER, .other = IPC_PARENT, .owner = &s->b,
		.handlers = broker_parent_handlers(), .on_end = on_end
	};

	memset(s, 0, sizeof(*s));
	world_create(&s->w, 0);
	fill_and_die(&s->w);
	s->b.settings = world_settings();
	s->b.hub = s->w.hub;
	s->b.base = event_base_new();
	s->b.link_count = WORKERS;
	assert_true(registration_open(&s->b));
	s->b.parent = open_peer(s, &config, &s->parent);
	config.other = IPC_WORKER;
	config.handlers = broker_worker_handlers();
	for (unsigned i = 0; i < WORKERS; i++) {
		config.owner = &s->b.links[i];
		s->b.links[i] = (struct link){ .broker = &s->b, .index = i };
		s->b.links[i].peer = open_peer(s, &config, &s->worker[i]);
	}
}

static void
start_close(struct start *s)
{
	for (unsigned i = 0; i < WORKERS; i++) {
		peer_free(s->b.links[i].peer);
		close(s->worker[i]);
	}
	peer_free(s->b.parent);
	close(s->parent);
	event_free(s->b.deadline);
	event_base_free(s->b.base);
	world_close(&s->w);
}

/* The worker at the index has this generation now, and names one connection:
 * its own, if it lived when the broker died. */
static void
worker_registers(struct start *s, unsigned index, uint64_t generation)
{
	struct link *link = &s->b.links[index];
	uint64_t own = connection(WORKERS + index, 0);
	const struct ipc_message named = {
		.tail = (const uint8_t *)&own, .tail_len = sizeof(own)
	}, end = { .type = IPC_REGISTERED };

	add_worker(&s->w, index, generation);
	link->generation = generation;
	assert_true(registration_on_register(link, link->peer, &named));
	assert_true(registration_on_registered(link, link->peer, &end));
}

/* Turns until the broker serves; a moment of the clock is a turn's time. */
static unsigned
count_turns(struct start *s)
{
	uint32_t before, left = hub_connections(s->w.hub);
	unsigned turns = 0;

	clock_fixture_step(LINK_TURN_MS);
	while (!s->b.is_serving && turns++ < 100) {
		before = left;
		registration_go_on(&s->b);
		link_end_turn(&s->b);
		left = hub_connections(s->w.hub);
		assert_in_range(before - left, 0, 1000);
		/* Nobody is heard, and the parent not told, too early. */
		assert_int_equal(s->b.is_serving,
		    peer_queued(s->b.parent) > 0);
	}
	clock_fixture_step(0);
	assert_true(s->b.is_serving);
	return turns;
}

/* Worker 0 knows one of its members; worker 1 is another one by now. */
static void
members_go_in_turns_that_have_a_bound(void **state)
{
	struct start s;

	(void)state;
	start_open(&s);
	assert_int_equal(hub_connections(s.w.hub), WORKERS * MEMBERS);
	worker_registers(&s, 0, GENERATION);
	worker_registers(&s, 1, 200);
	registration_go_on(&s.b);
	assert_false(s.b.is_clearing);	/* not all are attached */
	registration_begin(&s.b);
	assert_true(count_turns(&s) >= WORKERS * MEMBERS / 1000);
	assert_int_equal(hub_connections(s.w.hub), 1);
	start_close(&s);
}

/* It dies before its turn comes, and the next one registers when the broker
 * serves. */
static void
a_worker_that_dies_meanwhile_is_not_waited_for(void **state)
{
	struct start s;

	(void)state;
	start_open(&s);
	worker_registers(&s, 0, GENERATION);
	worker_registers(&s, 1, GENERATION + 1);
	registration_begin(&s.b);
	clock_fixture_step(LINK_TURN_MS);
	registration_go_on(&s.b);
	clock_fixture_step(0);
	assert_true(s.b.is_clearing);
	hub_remove_worker(s.w.hub, 1);
	s.b.links[1].generation = 0;
	registration_look(&s.b);
	(void)count_turns(&s);
	assert_int_equal(hub_connections(s.w.hub), 1);
	peer_free(s.b.links[1].peer);
	close(s.worker[1]);
	s.b.links[1] = (struct link){ .broker = &s.b, .index = 1 };
	s.b.links[1].peer = open_peer(&s, &(struct peer_config){
		.self = IPC_BROKER, .other = IPC_WORKER,
		.owner = &s.b.links[1], .on_end = on_end,
		.handlers = broker_worker_handlers()
	}, &s.worker[1]);
	worker_registers(&s, 1, 300);
	assert_true(s.b.links[1].is_cleared);
	start_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_go_in_turns_that_have_a_bound),
		cmocka_unit_test(
		    a_worker_that_dies_meanwhile_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
