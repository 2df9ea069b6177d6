/*
 * test_meter - each key has its clock while that is ahead, and no crowd of
 * other keys takes more than the one place that is least ahead.
 */
#include "config.h"

#include "base/meter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmocka.h>

static void
each_key_has_a_clock(void **state)
{
	struct meter *m = meter_new();

	(void)state;
	assert_non_null(m);
	for (uint64_t key = 1; key <= 500; key++) {
		assert_int_equal(meter_read(m, key << 32), 0);
		assert_int_equal(*meter_clock(m, key << 32, 10), 0);
		*meter_clock(m, key << 32, 10) = 1000 + key;
	}
	for (uint64_t key = 1; key <= 500; key++)
		assert_int_equal(meter_read(m, key << 32), 1000 + key);
	meter_free(m);
	meter_free(NULL);
}

static void
a_crowd_displaces_whoever_is_least_ahead(void **state)
{
	struct meter *m = meter_new();

	(void)state;
	*meter_clock(m, 7, 10) = 1000000;
	for (uint64_t key = 100; key < 200000; key++)
		*meter_clock(m, key, 10) = 20;
	assert_int_equal(meter_read(m, 7), 1000000);
	meter_free(m);
}

static void
the_time_gives_places_back(void **state)
{
	struct meter *m = meter_new();

	(void)state;
	for (uint64_t key = 1; key < 200000; key++)
		*meter_clock(m, key, 10) = 1000;
	*meter_clock(m, 300000, 2000) = 2001;
	for (uint64_t key = 400000; key < 400005; key++)
		*meter_clock(m, key, 2000) = 3000;
	assert_int_equal(meter_read(m, 300000), 2001);
	meter_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_key_has_a_clock),
		cmocka_unit_test(a_crowd_displaces_whoever_is_least_ahead),
		cmocka_unit_test(the_time_gives_places_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
