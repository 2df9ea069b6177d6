/*
 * test_bans - who is kept out, and until when.
 */
#include "config.h"

#include "base/bans.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/netaddr.h"

static void
a_ban_has_an_end(void **state)
{
	struct bans *bans = bans_new();

	(void)state;
	assert_non_null(bans);
	assert_false(bans_has(bans, 7, 0));
	assert_true(bans_set(bans, 7, 100));
	assert_true(bans_set(bans, 8, BANS_FOREVER));
	assert_true(bans_has(bans, 7, 99));
	assert_false(bans_has(bans, 7, 100));
	assert_true(bans_set(bans, 7, 50));
	assert_false(bans_has(bans, 7, 60));
	bans_expire(bans, 60);
	assert_int_equal(bans_count(bans), 1);
	assert_true(bans_has(bans, 8, UINT64_MAX - 1));
	assert_true(bans_set(bans, 8, 0));
	assert_true(bans_set(bans, 9, 0));
	assert_int_equal(bans_count(bans), 0);
	bans_free(bans);
}

static void
there_are_so_many_at_most(void **state)
{
	struct bans *bans = bans_new();

	(void)state;
	assert_non_null(bans);
	for (uint64_t key = 1; key <= BANS_MAX; key++)
		assert_true(bans_set(bans, key, 10));
	assert_false(bans_set(bans, BANS_MAX + 1, 10));
	assert_true(bans_set(bans, BANS_MAX, 20));
	bans_expire(bans, 10);
	assert_true(bans_set(bans, BANS_MAX + 1, 20));
	assert_int_equal(bans_count(bans), 2);
	bans_free(bans);
}

static void
what_a_person_writes_is_read(void **state)
{
	static const struct {
		const char *text, *key;	/* NULL: none */
	} table[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "192.0.2.1/32", "192.0.2.1" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "2001:db8:0:1::7", "2001:db8:0:1::/64" },
		{ "2001:db8:0:1::/64", "2001:db8:0:1::/64" },
		{ "192.0.2.0/24", NULL }, { "2001:db8::/32", NULL },
		{ "2001:db8::1/64", NULL }, { "::1", NULL }, { "", NULL },
		{ "user0", NULL }, { "10.0.0", NULL },
	};
	char text[NETADDR_KEY_TEXT];
	uint64_t key;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (bans_read_key(table[i].text, &key) !=
		    (table[i].key != NULL))
			fail_msg("%s", table[i].text);
		if (table[i].key != NULL)
			assert_string_equal(netaddr_format_key(key, text),
			    table[i].key);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ban_has_an_end),
		cmocka_unit_test(there_are_so_many_at_most),
		cmocka_unit_test(what_a_person_writes_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
