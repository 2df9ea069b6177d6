/*
 * test_tally - what is counted is there as often, and then no more.
 */
#include "config.h"

#include "base/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void
each_key_counts_alone(void **state)
{
	struct tally *tally = tally_new();

	(void)state;
	assert_non_null(tally);
	assert_int_equal(tally_add(tally, 1), 1);
	assert_int_equal(tally_add(tally, 2), 1);
	assert_int_equal(tally_add(tally, 1), 2);
	assert_int_equal(tally_count(tally, 1), 2);
	assert_int_equal(tally_count(tally, 2), 1);
	assert_int_equal(tally_count(tally, 3), 0);
	tally_free(tally);
	tally_free(NULL);
}

static void
a_key_without_a_count_takes_no_place(void **state)
{
	struct tally *tally = tally_new();

	(void)state;
	assert_non_null(tally);
	for (uint64_t key = 0; key < 1000; key++)
		for (uint64_t n = 0; n <= key % 3; n++)
			assert_int_equal(tally_add(tally, key << 32), n + 1);
	assert_int_equal(tally_keys(tally), 1000);
	for (uint64_t key = 0; key < 1000; key++)
		for (uint64_t n = 0; n <= key % 3; n++)
			tally_remove(tally, key << 32);
	assert_int_equal(tally_keys(tally), 0);
	tally_remove(tally, 0);
	assert_int_equal(tally_count(tally, 0), 0);
	tally_free(tally);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_key_counts_alone),
		cmocka_unit_test(a_key_without_a_count_takes_no_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
