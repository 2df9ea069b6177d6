/*
 * test_second - what a server did between two answers to status, and amounts
 * as people read them.
 */
#include "config.h"

#include "ctl/second.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/amount.h"

static json_t *
answer(json_int_t us, json_int_t messages, json_int_t fast, json_int_t slow,
    json_int_t delivery_us, json_int_t cpu_us)
{
	json_t *a = json_pack("{s:I, s:{s:I, s:I}, s:[{s:I, s:I}, {s:I}], "
	    "s:[{s:s, s:I, s:I}]}", "clock_us", us, "counts", "messages",
	    messages, "delivery_us", delivery_us, "delivery", "count", fast,
	    "us", (json_int_t)1000, "count", slow, "processes", "process",
	    "broker", "cpu_us", cpu_us, "memory", (json_int_t)7);

	assert_non_null(a);
	return a;
}

static json_t *
between(json_t *before, json_t *after)
{
	json_t *second = second_new(before, after);

	assert_non_null(second);
	json_decref(before);
	json_decref(after);
	return second;
}

static double
real_of(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

static void
rates_are_per_second(void **state)
{
	json_t *second = between(answer(5000000, 100, 10, 0, 0, 200000),
	    answer(7000000, 150, 210, 1, 201000, 700000));
	const json_t *one = json_array_get(json_object_get(second,
	    "processes"), 0);

	(void)state;
	assert_true(real_of(second, "messages_s") == 25);
	assert_true(real_of(second, "lag_ms") == 1);
	assert_true(real_of(second, "lag_99_ms") == 1);
	assert_true(real_of(one, "cpu") == 25);
	assert_null(json_object_get(one, "cpu_us"));
	json_decref(second);
}

static void
nothing_delivered_has_no_lag(void **state)
{
	json_t *second = between(answer(1, 1, 3, 0, 9, 0),
	    answer(1000001, 1, 3, 0, 9, 0));

	(void)state;
	assert_true(json_is_null(json_object_get(second, "lag_ms")));
	assert_true(json_is_null(json_object_get(second, "lag_99_ms")));
	json_decref(second);
}

static void
what_is_slower_than_all_bounds_has_none(void **state)
{
	json_t *second = between(answer(0, 0, 0, 0, 0, 0),
	    answer(1000000, 2, 1, 1, 50000000, 0));

	(void)state;
	assert_true(real_of(second, "lag_ms") == 25000);
	assert_true(json_is_null(json_object_get(second, "lag_99_ms")));
	json_decref(second);
}

static void
another_server_counts_from_0(void **state)
{
	json_t *second = between(answer(0, 5000, 90, 0, 90000, 9000000),
	    answer(1000000, 20, 4, 0, 4000, 100000));

	(void)state;
	assert_true(real_of(second, "messages_s") == 20);
	assert_true(real_of(second, "lag_ms") == 1);
	json_decref(second);
}

static void
amounts_are_short(void **state)
{
	char text[AMOUNT_TEXT];

	(void)state;
	assert_string_equal(amount_bytes(0, text), "0 B");
	assert_string_equal(amount_bytes(999, text), "999 B");
	assert_string_equal(amount_bytes(1500, text), "1.5 KB");
	assert_string_equal(amount_bytes(123456789, text), "123 MB");
	assert_string_equal(amount_time(59, text), "59s");
	assert_string_equal(amount_time(61, text), "1m 1s");
	assert_string_equal(amount_time(7260, text), "2h 1m");
	assert_string_equal(amount_time(86400 * 3 + 3600, text), "3d 1h");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_per_second),
		cmocka_unit_test(nothing_delivered_has_no_lag),
		cmocka_unit_test(what_is_slower_than_all_bounds_has_none),
		cmocka_unit_test(another_server_counts_from_0),
		cmocka_unit_test(amounts_are_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
