/*
 * test_gather - how often a worker looks and waits for more before it tells
 * its clients something: everything around it is played.
 */
#include "config.h"

#include "worker/gather.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ipc/peer.h"
#include "log/log.h"
#include "worker/broker_link.h"
#include "worker/delivery.h"
#include "worker/look.h"
#include "worker/worker.h"

static struct {
	uint32_t audience;		/* told in the last turn */
	unsigned says;			/* looks that will bring something */
	bool answers;			/* the broker does */
	uint64_t yield_us;		/* what one takes */
	uint64_t now_us, committed;
	unsigned looks, yields, sends;
	int pipe[2];
} stage;

static struct worker worker;

/* -- what is played -------------------------------------------------------- */

uint64_t
clock_us(void)
{
	return stage.now_us;
}

int
sched_yield(void)
{
	stage.yields++;
	stage.now_us += stage.yield_us;
	return 0;
}

uint32_t
delivery_audience(const struct delivery *d)
{
	(void)d;
	return stage.audience;
}

bool
delivery_is_due(const struct worker *w)
{
	(void)w;
	return true;
}

uint64_t
log_committed(const struct log *log)
{
	(void)log;
	return stage.committed;
}

int
look(struct worker *w)
{
	stage.looks++;
	if (stage.says == 0)
		return 0;
	stage.says--;
	w->outbox.count++;
	return 1;
}

void
broker_link_send_requests(struct worker *w)
{
	stage.sends++;
	if (stage.answers && w->outbox.count > 0)
		assert_int_equal(write(stage.pipe[1], "", 1), 1);
}

void
broker_link_release(struct worker *w)
{
	(void)w;
}

bool
peer_is_open(const struct peer *p)
{
	(void)p;
	return true;
}

int
peer_fd(const struct peer *p)
{
	(void)p;
	return stage.pipe[0];
}

/* A bell: what was asked is in the log. */
void
peer_poll(struct peer *p)
{
	char byte;

	(void)p;
	assert_int_equal(read(stage.pipe[0], &byte, 1), 1);
	stage.committed += worker.outbox.count;
	worker.outbox.count = 0;
}

/* -- the tests ------------------------------------------------------------- */

static int
setup(void **state)
{
	static char some_peer;

	(void)state;
	stage.audience = 1000;
	stage.says = 0;
	stage.answers = true;
	stage.yield_us = 1;
	stage.now_us = stage.committed = 0;
	worker = (struct worker){
		.is_welcome = true, .broker = (struct peer *)&some_peer
	};
	return pipe(stage.pipe);
}

static int
teardown(void **state)
{
	(void)state;
	close(stage.pipe[0]);
	close(stage.pipe[1]);
	return 0;
}

/* One turn: what telling took last was told before. */
static void
turn(void)
{
	stage.looks = stage.yields = stage.sends = 0;
	gather_more(&worker);
}

static void
what_is_said_meanwhile_is_answered_before(void **state)
{
	(void)state;
	stage.says = 1;
	turn();
	assert_int_equal(stage.sends, 1);
	assert_int_equal(worker.outbox.count, 0);
	assert_int_equal(stage.committed, 1);
	assert_int_equal(stage.looks, 2);
}

static void
when_nobody_speaks_one_look_is_all(void **state)
{
	(void)state;
	turn();
	assert_int_equal(stage.looks, 1);
	assert_int_equal(stage.sends, 0);
	assert_true(stage.yields > 0);
	turn();
	assert_int_equal(stage.looks, 1);
}

static void
there_is_an_end_to_it(void **state)
{
	(void)state;
	stage.says = 1000;
	turn();
	assert_int_equal(stage.looks, 2);
	stage.answers = false;
	turn();
	assert_int_equal(stage.looks, 2);
	assert_true(worker.outbox.count > 0);
}

static void
a_broker_that_is_gone_is_not_waited_for(void **state)
{
	(void)state;
	stage.says = 1;
	stage.answers = false;
	worker.is_welcome = false;
	turn();
	worker.is_welcome = true;
	worker.broker = NULL;
	turn();
	assert_int_equal(worker.outbox.count, 1);
}

static void
before_few_are_told_nobody_waits(void **state)
{
	(void)state;
	stage.audience = 15;
	stage.says = 1;
	turn();
	assert_int_equal(stage.yields, 0);
	assert_int_equal(stage.looks, 2);
	/* In vain: not in the next turn, then not in three. */
	turn();
	assert_int_equal(stage.looks, 1);
	turn();
	assert_int_equal(stage.looks, 0);
	turn();
	assert_int_equal(stage.looks, 1);
	for (int i = 0; i < 3; i++) {
		turn();
		assert_int_equal(stage.looks, 0);
	}
	turn();
	assert_int_equal(stage.looks, 1);
}

/* How many of so many turns waited. */
static unsigned
turns_that_wait(unsigned turns)
{
	unsigned waited = 0;

	for (unsigned i = 0; i < turns; i++) {
		turn();
		waited += stage.yields > 0;
	}
	return waited;
}

static void
where_others_work_waiting_stops(void **state)
{
	(void)state;
	gather_told(&worker.gather, 500);
	stage.yield_us = 3000;
	turn();
	assert_int_equal(stage.yields, 1);
	assert_true(turns_that_wait(640) < 20);
	/* They have finished. */
	stage.yield_us = 1;
	assert_true(turns_that_wait(640) > 500);
}

static void
a_long_wait_pays_when_it_brings_something(void **state)
{
	(void)state;
	gather_told(&worker.gather, 4000);
	stage.yield_us = 1500;
	for (int i = 0; i < 100; i++) {
		stage.says = 1;
		assert_int_equal(turns_that_wait(1), 1);
	}
	stage.says = 0;
	assert_true(turns_that_wait(640) < 20);
}

static void
what_is_choked_does_not_look(void **state)
{
	(void)state;
	worker.is_choked = true;
	turn();
	stage.audience = 1;
	turn();
	assert_int_equal(stage.looks, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_is_said_meanwhile_is_answered_before),
		TEST(when_nobody_speaks_one_look_is_all),
		TEST(there_is_an_end_to_it),
		TEST(a_broker_that_is_gone_is_not_waited_for),
		TEST(before_few_are_told_nobody_waits),
		TEST(where_others_work_waiting_stops),
		TEST(a_long_wait_pays_when_it_brings_something),
		TEST(what_is_choked_does_not_look),
	};

	return cmocka_run_group_tests_name("gather", tests, NULL, NULL);
}
