/*
 * test_wheel - nothing comes up before its time, all of it soon after.
 */
#include "config.h"

#include "worker/wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TURN_MS	((uint64_t)WHEEL_TICK_MS * WHEEL_BUCKETS)

static void
an_empty_wheel_waits_for_nothing(void **state)
{
	static struct wheel w;
	uint64_t wait;

	(void)state;
	wheel_init(&w, 12345678);
	assert_false(wheel_wait(&w, 12345678, &wait));
	assert_null(wheel_next_due(&w, 12345678));
	assert_null(wheel_next_due(&w, 12345678 + 10 * TURN_MS));
	assert_false(wheel_wait(&w, 12345678 + 10 * TURN_MS, &wait));
}

/* One deadline at every distance: waiting as told finds it. */
static void
a_deadline_comes_up_after_its_time_and_within_two_ticks(void **state)
{
	static const uint64_t starts[] = {
		0, 1, 31, 32, 33, 32767, 32768, 1000000007,
		UINT64_C(1) << 40
	};
	static struct wheel w;
	uint64_t start, due, now, wait;

	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		for (due = 0; due < TURN_MS - 2 * WHEEL_TICK_MS;
		    due += due < 200 ? 1 : 97) {
			struct wheel_item item = { .at = NULL };

			start = starts[i];
			wheel_init(&w, start);
			wheel_set(&w, &item, start + due);
			assert_true(wheel_wait(&w, start, &wait));
			assert_true(wait > 0);
			now = start + wait;
			assert_null(wheel_next_due(&w, now - 1));
			assert_true(wheel_wait(&w, now - 1, &wait));
			assert_int_equal(wait, 1);
			assert_ptr_equal(wheel_next_due(&w, now), &item);
			assert_true(now >= start + due);
			assert_true(now <= start + due + 2 * WHEEL_TICK_MS);
			assert_null(item.at);
			assert_null(wheel_next_due(&w, now));
		}
}

static void
a_deadline_in_the_past_comes_up_at_the_next_tick(void **state)
{
	struct wheel_item item = { .at = NULL };
	static struct wheel w;
	uint64_t wait;

	(void)state;
	wheel_init(&w, 100000);
	wheel_set(&w, &item, 5);
	assert_true(wheel_wait(&w, 100000, &wait));
	assert_true(wait <= WHEEL_TICK_MS);
	assert_ptr_equal(wheel_next_due(&w, 100000 + WHEEL_TICK_MS), &item);
}

static void
a_far_deadline_comes_up_early_and_is_put_back(void **state)
{
	struct wheel_item item = { .at = NULL };
	static struct wheel w;
	uint64_t now = 77, due = now + 10 * TURN_MS + 5, wait;
	unsigned times = 0;

	(void)state;
	wheel_init(&w, now);
	wheel_set(&w, &item, due);
	while (wheel_wait(&w, now, &wait)) {
		now += wait;
		if (wheel_next_due(&w, now) == NULL)
			continue;
		times++;
		assert_int_equal(item.due_ms, due);
		if (now >= due)
			break;
		wheel_set(&w, &item, due);
	}
	assert_in_range(now, due, due + 2 * WHEEL_TICK_MS);
	assert_in_range(times, 10, 12);
}

static void
setting_again_and_unsetting(void **state)
{
	struct wheel_item a = { .at = NULL }, b = { .at = NULL },
	    c = { .at = NULL };
	static struct wheel w;

	(void)state;
	wheel_init(&w, 0);
	wheel_unset(&w, &a);
	wheel_set(&w, &a, 100);
	wheel_set(&w, &b, 100);
	wheel_set(&w, &c, 100);
	wheel_unset(&w, &b);
	wheel_unset(&w, &b);
	wheel_set(&w, &a, 1000);
	assert_ptr_equal(wheel_next_due(&w, 200), &c);
	assert_null(wheel_next_due(&w, 900));
	assert_ptr_equal(wheel_next_due(&w, 1100), &a);
	assert_null(wheel_next_due(&w, 20 * TURN_MS));
}

/* Takes off what is due; what came up early is put back. */
static unsigned
take_due(struct wheel *w, uint64_t now, uint64_t again_ms)
{
	struct wheel_item *item;
	unsigned found = 0;

	while ((item = wheel_next_due(w, now)) != NULL) {
		if (item->due_ms > now)
			wheel_set(w, item, item->due_ms);
		else if (++found % 2 == 0 && again_ms > 0)
			wheel_set(w, item, now + again_ms);
	}
	return found;
}

/* After a long pause of the process everything is there at once, also while
 * its owner sets deadlines anew. */
static void
a_long_pause_loses_nothing(void **state)
{
	static struct wheel_item items[500];
	static struct wheel w;
	uint64_t now = 5 * TURN_MS;

	(void)state;
	memset(items, 0, sizeof(items));
	wheel_init(&w, 0);
	for (unsigned i = 0; i < 500; i++)
		wheel_set(&w, &items[i], i * 50);
	assert_int_equal(take_due(&w, now, 1000), 500);
	assert_int_equal(take_due(&w, now + 999, 0), 0);
	assert_int_equal(take_due(&w, now + 1000 + 2 * WHEEL_TICK_MS, 0),
	    250);
}

/* Many deadlines against a plain search. */
static void
it_agrees_with_a_list(void **state)
{
	static struct wheel_item items[64];
	uint64_t due[64] = { 0 }, now = 1000, seed = 1, wait;
	static struct wheel w;
	struct wheel_item *item;
	unsigned fired = 0;

	(void)state;
	memset(items, 0, sizeof(items));
	wheel_init(&w, now);
	for (unsigned turn = 0; turn < 20000; turn++) {
		unsigned i;
		bool any = false;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		i = seed >> 58;
		if (seed >> 30 & 3) {
			due[i] = now + (seed >> 32) % (TURN_MS * 2);
			wheel_set(&w, &items[i], due[i]);
		} else {
			due[i] = 0;
			wheel_unset(&w, &items[i]);
		}
		now += (seed >> 20) % 700;
		while ((item = wheel_next_due(&w, now)) != NULL) {
			i = (unsigned)(item - items);
			assert_true(item->due_ms == due[i]);
			if (due[i] > now) {
				wheel_set(&w, item, due[i]);
				continue;
			}
			due[i] = 0;
			fired++;
		}
		for (i = 0; i < 64; i++) {
			any = any || due[i] != 0;
			assert_true(due[i] == 0 ||
			    due[i] + 2 * WHEEL_TICK_MS > now);
			assert_true((due[i] == 0) == (items[i].at == NULL));
		}
		assert_true(!any || wheel_wait(&w, now, &wait));
	}
	assert_true(fired > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_wheel_waits_for_nothing),
		cmocka_unit_test(
		    a_deadline_comes_up_after_its_time_and_within_two_ticks),
		cmocka_unit_test(
		    a_deadline_in_the_past_comes_up_at_the_next_tick),
		cmocka_unit_test(
		    a_far_deadline_comes_up_early_and_is_put_back),
		cmocka_unit_test(setting_again_and_unsetting),
		cmocka_unit_test(a_long_pause_loses_nothing),
		cmocka_unit_test(it_agrees_with_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
