/*
 * test_naming - numbers that are given once.
 */
#include "config.h"

#include "broker/naming.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void
numbers_count_from_the_first(void **state)
{
	_Atomic uint64_t counter = 0;

	(void)state;
	assert_int_equal(naming_take(&counter, 0), 0);
	assert_int_equal(naming_take(&counter, 0), 1);
	assert_int_equal(naming_take(&counter, 0), 2);
}

static void
another_first_number_moves_all(void **state)
{
	_Atomic uint64_t counter = 0;

	(void)state;
	assert_int_equal(naming_take(&counter, 1), 1);
	assert_int_equal(naming_take(&counter, 1), 2);
}

static void
the_counter_is_what_outlives_the_broker(void **state)
{
	_Atomic uint64_t counter = UINT64_C(1) << 40;

	(void)state;
	assert_int_equal(naming_take(&counter, 0), UINT64_C(1) << 40);
	assert_int_equal(counter, (UINT64_C(1) << 40) + 1);
}

static void
names_are_written_whole(void **state)
{
	char name[NAMING_MAX];

	(void)state;
	assert_int_equal(naming_format(0, name), 5);
	assert_string_equal(name, "user0");
	assert_int_equal(naming_format(UINT64_MAX, name), 24);
	assert_string_equal(name, "user18446744073709551615");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_count_from_the_first),
		cmocka_unit_test(another_first_number_moves_all),
		cmocka_unit_test(the_counter_is_what_outlives_the_broker),
		cmocka_unit_test(names_are_written_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
