/*
 * test_allowance - an address has a burst and a rate, is told to wait for as
 * long as it is over them, and no other one is.
 */
#include "config.h"

#include "broker/allowance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmocka.h>

#define NOW_MS	100000

static const struct settings_limits limits = {
	.message_rate_per_address = 100, .message_burst_per_address = 50
};

/* What was told last, and how often. */
static struct {
	unsigned count;
	uint64_t address, wait_ms;
} told;

static void
on_over(void *arg, uint64_t address, uint64_t wait_ms)
{
	(void)arg;
	told.count++;
	told.address = address;
	told.wait_ms = wait_ms;
}

static unsigned
tell(struct allowance *a)
{
	told.count = 0;
	allowance_tell(a, on_over, NULL);
	return told.count;
}

static void
take(struct allowance *a, uint64_t address, unsigned count, uint64_t now_ms)
{
	while (count-- > 0)
		allowance_take(a, &limits, address, now_ms);
}

static void
over_the_burst_an_address_waits(void **state)
{
	struct allowance *a = allowance_new();

	(void)state;
	assert_non_null(a);
	take(a, 1, 49, NOW_MS);
	take(a, 2, 49, NOW_MS);
	assert_int_equal(tell(a), 0);
	take(a, 1, 8, NOW_MS);
	assert_int_equal(tell(a), 1);
	assert_int_equal(told.address, 1);
	assert_int_equal(told.wait_ms, 80);
	assert_int_equal(tell(a), 0);
	/* When the time is over one more is free. */
	take(a, 1, 1, NOW_MS + 80);
	assert_int_equal(tell(a), 1);
	assert_int_equal(told.wait_ms, ALLOWANCE_LEAST_MS);
	/* And the burst when it has said nothing for its time. */
	take(a, 1, 49, NOW_MS + 1000);
	assert_int_equal(tell(a), 0);
	allowance_free(a);
	allowance_free(NULL);
}

static void
nobody_waits_without_end(void **state)
{
	struct allowance *a = allowance_new();

	(void)state;
	take(a, 1, 100000, NOW_MS);
	assert_int_equal(tell(a), 1);
	assert_int_equal(told.wait_ms, ALLOWANCE_WAIT_MS);
	allowance_free(a);
}

static void
who_has_no_address_or_no_limit_never_waits(void **state)
{
	static const struct settings_limits none;
	struct allowance *a = allowance_new();

	(void)state;
	take(a, 0, 10000, NOW_MS);
	for (unsigned i = 0; i < 10000; i++)
		allowance_take(a, &none, 1, NOW_MS);
	assert_int_equal(tell(a), 0);
	allowance_free(a);
}

static void
a_turn_tells_of_so_many_and_the_next_one_of_others(void **state)
{
	struct allowance *a = allowance_new();

	(void)state;
	for (uint64_t address = 1; address <= 100; address++)
		take(a, address, 60, NOW_MS);
	assert_int_equal(tell(a), 64);
	take(a, 100, 1, NOW_MS);
	assert_int_equal(tell(a), 1);
	assert_int_equal(told.address, 100);
	allowance_free(a);
}

/* Talks as fast as it may for a second; returns how much it has said. */
static unsigned
talk(const struct settings_limits *l, unsigned *tells_out)
{
	struct allowance *a = allowance_new();
	uint64_t until_ms = NOW_MS;
	unsigned said = 0;

	*tells_out = 0;
	for (uint64_t ms = NOW_MS; ms < NOW_MS + 1000; ms++) {
		while (ms >= until_ms) {
			allowance_take(a, l, 1, ms);
			said++;
			if (tell(a) == 0)
				continue;
			++*tells_out;
			until_ms = ms + told.wait_ms;
		}
	}
	allowance_free(a);
	return said;
}

/* Else each of its messages is one to each worker. */
static void
the_rate_is_had_with_few_tellings(void **state)
{
	static const struct settings_limits narrow = {
		.message_rate_per_address = 100,
		.message_burst_per_address = 2
	};
	unsigned tells;

	(void)state;
	assert_in_range(talk(&limits, &tells), 145, 151);
	assert_in_range(tells, 15, 21);
	assert_in_range(talk(&narrow, &tells), 98, 103);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(over_the_burst_an_address_waits),
		cmocka_unit_test(nobody_waits_without_end),
		cmocka_unit_test(who_has_no_address_or_no_limit_never_waits),
		cmocka_unit_test(
		    a_turn_tells_of_so_many_and_the_next_one_of_others),
		cmocka_unit_test(the_rate_is_had_with_few_tellings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
