/*
 * test_backoff - full jitter, and what a server asks for.
 */
#include "config.h"

#include "client/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
the_ceiling_doubles_up_to_the_cap(void **state)
{
	static const uint64_t ceilings[] = {
		1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000
	};
	unsigned n;

	(void)state;
	for (n = 0; n < sizeof(ceilings) / sizeof(ceilings[0]); n++) {
		assert_int_equal(backoff_ms(n, 0, 0), 0);
		assert_int_equal(backoff_ms(n, 0, UINT32_MAX / 2 + 1),
		    ceilings[n] / 2);
		assert_int_equal(backoff_ms(n, 0, UINT32_MAX),
		    ceilings[n] - 1);
	}
	assert_int_equal(backoff_ms(4000000000u, 0, UINT32_MAX), 59999);
}

static void
the_server_may_ask_for_more(void **state)
{
	(void)state;
	assert_int_equal(backoff_ms(0, 7000, UINT32_MAX), 7000);
	assert_int_equal(backoff_ms(9, 7000, UINT32_MAX), 59999);
}

static void
a_reason_may_name_seconds(void **state)
{
	static const struct {
		const char *reason;
		uint64_t ms;
	} cases[] = {
		{ "", 0 }, { "bye", 0 }, { "7", 0 }, { "s", 0 },
		{ "try again in 7 s", 7000 }, { "7s", 7000 },
		{ "in 12 seconds, please", 12000 }, { "0 s", 0 },
		{ "error 1011: wait 3 s", 3000 }, { "7  s", 0 },
		{ "1 2 s", 2000 }, { "7 ", 0 },
		{ "3600 s", 3600000 }, { "99999999999999999999999 s",
		    3600000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(backoff_asked_ms(cases[i].reason,
		    strlen(cases[i].reason)), cases[i].ms);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ceiling_doubles_up_to_the_cap),
		cmocka_unit_test(the_server_may_ask_for_more),
		cmocka_unit_test(a_reason_may_name_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
