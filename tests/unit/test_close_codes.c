/*
 * test_close_codes: the table of close reasons, as wire, log and peer see it.
 */
#include "config.h"

#include "ws/close_codes.h"
#include "ws/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
codes_are_those_of_the_wire(void **state)
{
	static const struct {
		enum close_reason reason;
		uint16_t code;
		bool is_error;
		const char *name;
	} rows[] = {
		{ CLOSE_NORMAL, 1000, false, "normal" },
		{ CLOSE_GOING_AWAY, 1001, false, "going-away" },
		{ CLOSE_PROTOCOL, 1002, true, "protocol" },
		{ CLOSE_UNACCEPTED, 1003, true, "unaccepted" },
		{ CLOSE_BAD_UTF8, 1007, true, "bad-utf8" },
		{ CLOSE_BAD_DEFLATE, 1007, true, "bad-deflate" },
		{ CLOSE_POLICY, 1008, true, "policy" },
		{ CLOSE_TOO_MANY_FRAGMENTS, 1008, true, "too-many-fragments" },
		{ CLOSE_MESSAGE_TIMEOUT, 1008, true, "message-timeout" },
		{ CLOSE_TOO_MANY_CONTROLS, 1008, true, "too-many-controls" },
		{ CLOSE_TOO_BIG, 1009, true, "too-big" },
		{ CLOSE_PING_TIMEOUT, 1011, true, "ping-timeout" },
		{ CLOSE_SERVER_FAULT, 1011, true, "server-fault" },
		{ CLOSE_RESTART, 1012, false, "restart" },
		{ CLOSE_BACKLOG, 1013, true, "backlog" },
		{ CLOSE_MEMORY, 1013, true, "memory" },
		{ CLOSE_TRY_LATER, 1013, true, "try-later" },
		{ CLOSE_TOO_MANY_CONNECTIONS, 1013, true,
		    "too-many-of-address" },
		{ CLOSE_TOO_MANY_ROOMS, 1013, true, "too-many-rooms" },
		{ CLOSE_TOO_MANY_TABS, 1013, true, "too-many-tabs" },
		{ CLOSE_KICKED, 4500, false, "kicked" },
		{ CLOSE_BANNED, 4503, false, "banned" },
		{ CLOSE_REPLACED, 4509, false, "replaced" },
		{ CLOSE_BY_PEER, 0, false, "by-peer" },
		{ CLOSE_RESET, 0, true, "reset" },
		{ CLOSE_TIMEOUT, 0, true, "timeout" },
	};
	size_t i;

	(void)state;
	assert_int_equal(sizeof(rows) / sizeof(rows[0]), CLOSE_REASONS_COUNT);
	for (i = 0; i < CLOSE_REASONS_COUNT; i++) {
		assert_int_equal(rows[i].reason, i);
		assert_int_equal(close_code(rows[i].reason), rows[i].code);
		assert_int_equal(close_is_error(rows[i].reason),
		    rows[i].is_error);
		assert_string_equal(close_name(rows[i].reason), rows[i].name);
	}
}

static void
names_are_single_words_and_unique(void **state)
{
	int i, j;

	(void)state;
	for (i = 0; i < CLOSE_REASONS_COUNT; i++) {
		const char *name = close_name((enum close_reason)i);

		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-8"),
		    strlen(name));
		for (j = 0; j < i; j++)
			assert_string_not_equal(name,
			    close_name((enum close_reason)j));
	}
}

static void
what_is_sent_has_a_code_that_a_peer_accepts_and_a_text(void **state)
{
	struct utf8 utf8;
	int i;

	(void)state;
	for (i = 0; i < CLOSE_REASONS_COUNT; i++) {
		const char *text = close_text((enum close_reason)i);
		uint16_t code = close_code((enum close_reason)i);

		utf8_init(&utf8);
		assert_true(utf8_feed(&utf8, (const uint8_t *)text,
		    strlen(text)));
		assert_true(utf8_is_complete(&utf8));
		assert_true(strlen(text) <= 123);
		assert_int_equal(code != 0, strlen(text) > 0);
		if (code != 0)
			assert_true(close_code_is_valid_from_peer(code));
	}
}

static void
a_peer_may_send_the_registered_codes_only(void **state)
{
	unsigned code;

	(void)state;
	for (code = 0; code <= UINT16_MAX; code++) {
		bool is_good = code >= 1000 && code <= 4999 &&
		    !(code >= 1004 && code <= 1006) &&
		    !(code >= 1015 && code <= 2999);

		assert_int_equal(close_code_is_valid_from_peer((uint16_t)code),
		    is_good);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_those_of_the_wire),
		cmocka_unit_test(names_are_single_words_and_unique),
		cmocka_unit_test(
		    what_is_sent_has_a_code_that_a_peer_accepts_and_a_text),
		cmocka_unit_test(a_peer_may_send_the_registered_codes_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
