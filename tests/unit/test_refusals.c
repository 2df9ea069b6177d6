/*
 * test_refusals: the table of refusals, as wire, log and peer see it.
 */
#include "config.h"

#include "ws/close_codes.h"
#include "ws/refusals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#define FIRST (REFUSAL_NONE + 1)

static void
words_are_unique_also_among_those_of_closes(void **state)
{
	int i, j;

	(void)state;
	for (i = FIRST; i < REFUSALS_COUNT; i++) {
		const char *word = refusal_word((enum refusal)i);

		assert_true(strlen(word) > 0);
		assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz-"),
		    strlen(word));
		for (j = FIRST; j < i; j++)
			assert_string_not_equal(word,
			    refusal_word((enum refusal)j));
		for (j = 0; j < CLOSE_REASONS_COUNT; j++)
			assert_string_not_equal(word,
			    close_name((enum close_reason)j));
	}
}

static void
what_is_answered_has_a_text_and_an_error_as_status(void **state)
{
	int i;

	(void)state;
	for (i = FIRST; i < REFUSALS_COUNT; i++) {
		uint16_t status = refusal_status((enum refusal)i);
		const char *text = refusal_text((enum refusal)i);

		assert_true(status == 0 || (status >= 400 && status <= 599));
		assert_int_equal(status != 0, strlen(text) > 0);
		assert_true(strlen(text) <= 123);
	}
}

/* 4000 to 4499: coming back may help; 4500 to 4999: stay away. */
static void
a_close_code_says_what_the_status_says(void **state)
{
	int i, found = 0;

	(void)state;
	for (i = FIRST; i < REFUSALS_COUNT; i++) {
		uint16_t status = refusal_status((enum refusal)i);
		uint16_t code = refusal_close_code((enum refusal)i);
		bool may_help = status >= 500 || status == 429;

		if (code == 0)
			continue;
		found++;
		assert_true(close_code_is_valid_from_peer(code));
		assert_int_equal(code, (may_help ? 4000 : 4500) +
		    status % 100);
	}
	assert_true(found > 0);
}

static void
words_that_people_rely_on(void **state)
{
	static const struct {
		enum refusal refusal;
		uint16_t status, code;
		const char *word;
	} rows[] = {
		{ REFUSAL_BAD_KEY, 400, 0, "bad-key" },
		{ REFUSAL_TWO_HOSTS, 400, 0, "two-hosts" },
		{ REFUSAL_FOLDED_FIELD, 400, 0, "folded-field" },
		{ REFUSAL_HEAD_TOO_LARGE, 431, 0, "head-too-large" },
		{ REFUSAL_ORIGIN, 403, 4503, "origin" },
		{ REFUSAL_UNKNOWN_ROUTE, 404, 4504, "unknown-route" },
		{ REFUSAL_TOO_MANY_CONNECTIONS, 503, 4003,
		    "too-many-connections" },
		{ REFUSAL_HANDSHAKE_TIMEOUT, 408, 0, "handshake-timeout" },
		{ REFUSAL_TOO_MANY_HANDSHAKES, 0, 0, "too-many-handshakes" },
		{ REFUSAL_TLS_ON_PLAIN_PORT, 0, 0, "tls-on-plain-port" },
		{ REFUSAL_PROXY_HEADER, 0, 0, "proxy-header" },
		{ REFUSAL_NOT_READY, 503, 0, "not-ready" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(refusal_status(rows[i].refusal),
		    rows[i].status);
		assert_int_equal(refusal_close_code(rows[i].refusal),
		    rows[i].code);
		assert_string_equal(refusal_word(rows[i].refusal),
		    rows[i].word);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_unique_also_among_those_of_closes),
		cmocka_unit_test(
		    what_is_answered_has_a_text_and_an_error_as_status),
		cmocka_unit_test(a_close_code_says_what_the_status_says),
		cmocka_unit_test(words_that_people_rely_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
