/*
 * test_origins - a whisper that a dead broker has sent is known again, however
 * many came with it, and what has a receipt is not remembered.
 */
#include "config.h"

#include "worker/origins.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define REQUESTS	100
#define TABS		512	/* of those to whom each of them whispers */

/* Every request above this is open. */
static bool
is_open(const void *receipt, uint64_t generation, uint64_t request)
{
	(void)generation;
	return request > *(const uint64_t *)receipt;
}

/* How many of the whispers have not been here. */
static unsigned
hear(struct origins *o, uint64_t from, uint64_t generation,
    const uint64_t *receipt)
{
	struct origin origin = { .generation = generation };
	unsigned count = 0;

	for (origin.request = from; origin.request <= REQUESTS;
	    origin.request++)
		for (origin.connection = 1; origin.connection <= TABS;
		    origin.connection++)
			count += !origins_is_repeat(o, &origin, is_open,
			    receipt);
	return count;
}

/*
 * The origins were once in a table of 8192 places, where one drove another
 * out: with a few whispers to people with many tabs a broker's death had
 * thousands heard twice.
 */
static void
each_is_known_again_after_a_death(void **state)
{
	const uint64_t receipt = 40;
	struct origins o;

	(void)state;
	origins_init(&o);
	assert_int_equal(hear(&o, 1, 7, &receipt), REQUESTS * TABS);
	origins_broker_died(&o, is_open, &receipt);
	assert_int_equal(hear(&o, receipt + 1, 7, &receipt), 0);
	/* Another worker's with the same numbers. */
	assert_int_equal(hear(&o, REQUESTS, 8, &receipt), TABS);
	/* The second death comes before the first one's are done with. */
	origins_broker_died(&o, is_open, &receipt);
	assert_int_equal(hear(&o, receipt + 1, 7, &receipt), 0);
	assert_int_equal(hear(&o, REQUESTS, 8, &receipt), 0);
	origins_clear(&o);
}

static void
what_has_a_receipt_is_forgotten(void **state)
{
	struct origin origin = { .generation = 7, .connection = 1 };
	uint64_t receipt = 0;
	struct origins o;

	(void)state;
	origins_init(&o);
	for (origin.request = 1; origin.request < 100000; origin.request++) {
		receipt = origin.request / 10 * 10;
		assert_false(origins_is_repeat(&o, &origin, is_open,
		    &receipt));
		assert_in_range(o.fresh_room, 1, 64);
	}
	origins_broker_died(&o, is_open, &receipt);
	assert_int_equal(o.dead_count, 9);
	receipt = origin.request;
	origins_broker_died(&o, is_open, &receipt);
	assert_int_equal(o.dead_count, 0);
	assert_null(o.dead);
	origins_clear(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_known_again_after_a_death),
		cmocka_unit_test(what_has_a_receipt_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
