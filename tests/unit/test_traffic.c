/*
 * Tests of traffic.c: what is lost, repeated, late or from elsewhere is told
 * apart, for a room of three and another of three.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/traffic.h"

#define CLIENTS	6	/* clients 0, 2, 4 are in room 0 */

struct said {
	char text[TRAFFIC_BYTES_MIN];
	unsigned index;
};

static struct said said[64];
static unsigned count;
static bool is_full;
static struct traffic_times times;
static struct traffic *traffic;

static bool
on_say(void *owner, unsigned index, const char *text, size_t len)
{
	(void)owner;
	if (is_full)
		return false;
	assert_int_equal(len, TRAFFIC_BYTES_MIN);
	memcpy(said[count].text, text, len);
	said[count++].index = index;
	return true;
}

static void
start(double rate, unsigned outstanding)
{
	const struct traffic_plan plan = { .rooms = 2, .clients = 3,
	    .senders = 1, .bytes = TRAFFIC_BYTES_MIN,
	    .outstanding = outstanding, .rate = rate };
	const struct portion portion = { 0, 1, 2, 3 };

	count = 0;
	is_full = false;
	memset(&times, 0, sizeof(times));
	traffic = traffic_new(&plan);
	assert_non_null(traffic);
	traffic_take(traffic, &portion, &times, on_say, NULL);
	traffic_start(traffic, 1000, 1000, UINT64_MAX);
}

static void
hear(unsigned index, unsigned number)
{
	traffic_heard(traffic, index, said[number].text, TRAFFIC_BYTES_MIN,
	    2000);
}

/* All of the room, but `not`, hear message `number`. */
static void
hear_all(unsigned number, unsigned not)
{
	unsigned i;

	for (i = said[number].index % 2; i < CLIENTS; i += 2)
		if (i != not)
			hear(i, number);
}

static struct traffic_counts
finish(void)
{
	struct traffic_counts c;

	traffic_stop(traffic);
	c = traffic_count(traffic);
	traffic_balance(traffic, &c);
	traffic_free(traffic);
	return c;
}

static void
a_closed_loop_answers_its_own(void **state)
{
	struct traffic_counts c;

	(void)state;
	start(0, 2);
	assert_int_equal(count, 4);
	hear_all(0, CLIENTS);
	assert_int_equal(count, 5);
	assert_int_equal(said[4].index, said[0].index);
	c = finish();
	assert_int_equal(c.sent, 5);
	assert_int_equal(c.delivered, 3);
	assert_int_equal(c.lost, 4 * 3);
	assert_int_equal(times.sweep.count, 1);
	assert_int_equal(times.own.count, 1);
	assert_int_equal(times.delivery.count, 3);
}

static void
an_open_loop_keeps_its_times(void **state)
{
	(void)state;
	start(1e6, 0);
	assert_int_equal(traffic_tick(traffic, 999), 1000);
	assert_int_equal(count, 0);
	assert_int_equal(traffic_tick(traffic, 3500), 4000);
	assert_int_equal(count, 3);
	is_full = true;
	assert_true(traffic_tick(traffic, 9000) > 9000);
	is_full = false;
	(void)traffic_tick(traffic, 9000);
	assert_int_equal(count, 9);
	assert_int_equal(finish().sent, 9);
}

static void
what_goes_wrong_is_told_apart(void **state)
{
	struct traffic_counts c;

	(void)state;
	start(1e6, 0);
	(void)traffic_tick(traffic, 1000 + 9000);	/* 5 for each room */
	assert_int_equal(count, 10);
	hear_all(0, CLIENTS);
	hear_all(2, 4);			/* lost for 4 */
	hear_all(4, 4);
	hear(4, 6);			/* in another order for 4 */
	hear(4, 4);
	hear_all(6, 4);
	hear_all(8, CLIENTS);
	hear(0, 8);			/* repeated */
	hear(0, 1);			/* of the other room */
	traffic_heard(traffic, 0, "hello", 5, 2000);
	assert_false(traffic_is_complete(traffic));
	c = finish();
	assert_int_equal(c.delivered, 14);
	assert_int_equal(c.lost, 1 + 5 * 3);
	assert_int_equal(c.duplicate, 1);
	assert_int_equal(c.disordered, 1);
	assert_int_equal(c.strayed, 1);
	assert_int_equal(c.foreign, 1);
	assert_int_equal(c.order_differs, 0);
}

static void
nobody_waits_for_who_is_gone(void **state)
{
	struct traffic_counts c;

	(void)state;
	start(1e6, 0);
	(void)traffic_tick(traffic, 1000);
	assert_int_equal(count, 1);
	assert_false(traffic_is_complete(traffic));
	traffic_leave(traffic, 4);
	hear_all(0, 4);
	assert_true(traffic_is_complete(traffic));
	c = finish();
	assert_int_equal(c.lost, 0);
	assert_int_equal(times.sweep.count, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_closed_loop_answers_its_own),
		cmocka_unit_test(an_open_loop_keeps_its_times),
		cmocka_unit_test(what_goes_wrong_is_told_apart),
		cmocka_unit_test(nobody_waits_for_who_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
