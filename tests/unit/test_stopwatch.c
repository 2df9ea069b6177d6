/*
 * test_stopwatch - each message is timed once, in order, and too many are
 * not.
 */
#include "config.h"

#include "worker/stopwatch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint64_t told, count;

static void
tell(uint64_t us)
{
	told += us;
	count++;
}

static int
setup(void **state)
{
	(void)state;
	told = count = 0;
	return 0;
}

static void
each_is_told_once(void **state)
{
	static struct stopwatch s;

	(void)state;
	stopwatch_stop(&s, 9, 100, tell);
	assert_int_equal(count, 0);
	stopwatch_start(&s, 10, 100);
	stopwatch_start(&s, 12, 150);
	stopwatch_start(&s, 13, 160);
	stopwatch_stop(&s, 9, 200, tell);
	assert_int_equal(count, 0);
	stopwatch_stop(&s, 12, 200, tell);
	assert_int_equal(count, 2);
	assert_int_equal(told, 100 + 50);
	stopwatch_stop(&s, 13, 200, tell);
	stopwatch_stop(&s, 13, 200, tell);
	assert_int_equal(count, 3);
}

static void
so_many_run_at_once(void **state)
{
	static struct stopwatch s;

	(void)state;
	for (uint64_t n = 1; n <= STOPWATCH_MAX + 5; n++)
		stopwatch_start(&s, n, 0);
	stopwatch_stop(&s, STOPWATCH_MAX + 5, 1, tell);
	assert_int_equal(count, STOPWATCH_MAX);
	stopwatch_start(&s, STOPWATCH_MAX + 6, 0);
	stopwatch_stop(&s, STOPWATCH_MAX + 6, 1, tell);
	assert_int_equal(count, STOPWATCH_MAX + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_is_told_once, setup),
		cmocka_unit_test_setup(so_many_run_at_once, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
