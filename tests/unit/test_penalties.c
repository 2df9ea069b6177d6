/*
 * test_penalties - what an address has done is forgiven once, grows when it
 * goes on, has an end, and is no other address's.
 */
#include "config.h"

#include "parent/penalties.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/meter.h"

#define NOW_MS	1000000
#define SECOND	UINT64_C(1000000)	/* us */

static bool
refuses(struct meter *m, uint64_t address, uint64_t now_ms)
{
	return penalties_refuse(m, address, 600000, now_ms);
}

static void
it_begins_above_what_is_forgiven_and_passes(void **state)
{
	struct meter *m = meter_new();

	(void)state;
	assert_int_equal(penalties_add(m, 1, 20 * SECOND, 600000, NOW_MS), 0);
	assert_false(refuses(m, 1, NOW_MS));
	assert_in_range(penalties_add(m, 1, 5 * SECOND, 600000, NOW_MS),
	    5000, 5001);
	assert_true(refuses(m, 1, NOW_MS));
	assert_false(refuses(m, 2, NOW_MS));
	/* It has begun before; and so it is longer. */
	assert_int_equal(penalties_add(m, 1, 5 * SECOND, 600000, NOW_MS), 0);
	assert_true(refuses(m, 1, NOW_MS + 9999));
	assert_false(refuses(m, 1, NOW_MS + 10000));
	/* Soon after it begins again at once. */
	assert_true(penalties_add(m, 1, SECOND, 600000, NOW_MS + 10000) > 0);
	meter_free(m);
}

static void
it_has_an_end(void **state)
{
	struct meter *m = meter_new();

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		(void)penalties_add(m, 1, 60 * SECOND, 30000, NOW_MS);
	assert_true(refuses(m, 1, NOW_MS + 9999));
	assert_false(refuses(m, 1, NOW_MS + 10000));
	meter_free(m);
}

static void
nobody_and_no_limit_have_none(void **state)
{
	struct meter *m = meter_new();

	(void)state;
	assert_int_equal(penalties_add(m, 0, 90 * SECOND, 600000, NOW_MS), 0);
	assert_false(refuses(m, 0, NOW_MS));
	assert_int_equal(penalties_add(m, 1, 90 * SECOND, 0, NOW_MS), 0);
	assert_false(refuses(m, 1, NOW_MS));
	meter_free(m);
}

/* Who is kept out by mistake is let in by a reload. */
static void
a_lower_limit_counts_at_once(void **state)
{
	struct meter *m = meter_new();

	(void)state;
	(void)penalties_add(m, 1, 600 * SECOND, 600000, NOW_MS);
	assert_true(penalties_refuse(m, 1, 600000, NOW_MS + 1000));
	assert_true(penalties_refuse(m, 1, 30000, NOW_MS + 1000));
	assert_false(penalties_refuse(m, 1, 600000, NOW_MS + 11000));
	(void)penalties_add(m, 1, 600 * SECOND, 600000, NOW_MS + 11000);
	assert_false(penalties_refuse(m, 1, 0, NOW_MS + 11000));
	assert_false(penalties_refuse(m, 1, 600000, NOW_MS + 11000));
	meter_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_begins_above_what_is_forgiven_and_passes),
		cmocka_unit_test(it_has_an_end),
		cmocka_unit_test(nobody_and_no_limit_have_none),
		cmocka_unit_test(a_lower_limit_counts_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
