/*
 * test_bans - who is kept out, and until when.
 */
#include "config.h"

#include "base/bans.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct network
network(const char *text)
{
	struct network n;
	const char *why;

	if (!network_read(text, &n, &why))
		fail_msg("%s", text);
	return n;
}

static struct bans *
empty(void)
{
	struct bans *bans = bans_new();

	assert_non_null(bans);
	return bans;
}

static void
a_ban_has_an_end(void **state)
{
	const struct network seven = network_of_key(7);
	struct bans *bans = empty();

	(void)state;
	assert_false(bans_has(bans, seven, 0));
	assert_false(bans_holds(bans, 7, 0));
	assert_true(bans_set(bans, seven, 100));
	assert_true(bans_set(bans, network_of_key(8), BANS_FOREVER));
	assert_true(bans_has(bans, seven, 99));
	assert_true(bans_holds(bans, 7, 99));
	assert_false(bans_has(bans, seven, 100));
	assert_false(bans_holds(bans, 7, 100));
	assert_true(bans_set(bans, seven, 50));
	assert_false(bans_has(bans, seven, 60));
	bans_expire(bans, 60);
	assert_int_equal(bans_count(bans), 1);
	assert_true(bans_holds(bans, 8, UINT64_MAX - 1));
	assert_true(bans_set(bans, network_of_key(8), 0));
	assert_true(bans_set(bans, network_of_key(9), 0));
	assert_int_equal(bans_count(bans), 0);
	bans_free(bans);
}

/* Of all lengths together. */
static void
there_are_so_many_at_most(void **state)
{
	struct bans *bans = empty();
	uint64_t key;

	(void)state;
	for (key = 1; key <= BANS_MAX; key++)
		assert_true(bans_set(bans, key % 2 == 0 ? network_of_key(key) :
		    (struct network){ key << 32, 32 }, 10));
	assert_int_equal(bans_count(bans), BANS_MAX);
	assert_false(bans_set(bans, network_of_key(1), 10));
	assert_false(bans_set(bans, network("2001:db8::/48"), 10));
	assert_true(bans_set(bans, network_of_key(BANS_MAX), 20));
	bans_expire(bans, 10);
	assert_true(bans_set(bans, network("2001:db8::/48"), 20));
	assert_int_equal(bans_count(bans), 2);
	bans_free(bans);
}

static bool
holds(const struct bans *bans, const char *address, uint64_t now_s)
{
	return bans_holds(bans, network(address).key, now_s);
}

static void
who_is_in_any_network_is_kept_out(void **state)
{
	struct bans *bans = empty();

	(void)state;
	assert_true(bans_set(bans, network("10.0.0.0/8"), 100));
	assert_true(bans_set(bans, network("10.1.0.0/16"), 200));
	assert_true(bans_set(bans, network("10.1.2.3"), 50));
	assert_true(bans_set(bans, network("2001:db8::/32"), 100));
	assert_true(bans_set(bans, network("::/8"), 100));
	assert_true(holds(bans, "10.255.0.1", 99));
	assert_false(holds(bans, "10.255.0.1", 100));
	assert_true(holds(bans, "10.1.2.3", 199));
	assert_false(holds(bans, "10.1.2.3", 200));
	assert_false(holds(bans, "11.0.0.0", 0));
	assert_true(holds(bans, "2001:db8:ffff::1", 0));
	assert_false(holds(bans, "2001:db9::1", 0));
	assert_false(bans_holds(bans, 0, 0));
	/* One goes, the others stay. */
	assert_true(bans_set(bans, network("10.0.0.0/8"), 0));
	assert_false(holds(bans, "10.255.0.1", 0));
	assert_true(holds(bans, "10.1.2.4", 0));
	assert_true(bans_has(bans, network("10.1.2.3"), 0));
	assert_false(bans_has(bans, network("10.1.2.4"), 0));
	bans_free(bans);
}

static void
note(void *arg, struct network n, uint64_t until_s)
{
	char text[NETADDR_KEY_TEXT], *all = arg;
	size_t len = strlen(all);

	snprintf(all + len, 256 - len, "%s=%u ", network_format(n, text),
	    (unsigned)until_s);
}

static void
what_holds_an_address_is_named(void **state)
{
	static const char *const texts[] = {
		"10.1.2.3", "10.1.0.0/16", "10.0.0.0/8", "0.0.0.0/1",
		"::/8", "11.0.0.0/8", "8000::/1"
	};
	struct bans *bans = empty();
	char all[256] = "";

	(void)state;
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_true(bans_set(bans, network(texts[i]), i + 1));
	bans_each_holding(bans, network("10.1.2.3"), 0, note, all);
	assert_string_equal(all, "0.0.0.0/1=4 10.0.0.0/8=3 10.1.0.0/16=2 "
	    "10.1.2.3=1 ");
	all[0] = '\0';
	bans_each_holding(bans, network("10.1.0.0/16"), 3, note, all);
	assert_string_equal(all, "0.0.0.0/1=4 ");
	all[0] = '\0';
	bans_each(bans, note, all);
	assert_string_equal(all, "8000::/1=7 ::/8=5 0.0.0.0/1=4 "
	    "10.0.0.0/8=3 11.0.0.0/8=6 10.1.0.0/16=2 10.1.2.3=1 ");
	bans_free(bans);
}

/* Every second one of IPv4. */
static struct network
any_network(unsigned n)
{
	uint64_t low = (uint64_t)random() & UINT32_MAX;
	struct network any;

	any.bits = n % 2 == 0 ? 4 + (unsigned)random() % 61 :
	    36 + (unsigned)random() % 29;
	any.key = network_cut(n % 2 == 0 ? (uint64_t)random() << 33 ^ low :
	    UINT64_C(0xffff) << 32 | low << 1, any.bits);
	return any;
}

#define NETWORKS	300

static void
the_table_agrees_with_a_look_at_each(void **state)
{
	struct bans *bans = empty();
	struct network all[NETWORKS];
	unsigned n, i, held = 0;

	(void)state;
	srandom(7);
	for (n = 0; n < NETWORKS; n++) {
		all[n] = any_network(n);
		assert_true(bans_set(bans, all[n], BANS_FOREVER));
	}
	/* Near to what is in there. */
	for (n = 0; n < 20000; n++) {
		uint64_t key = all[n % NETWORKS].key ^
		    (uint64_t)random() >> random() % 31;
		bool is_in = false;

		for (i = 0; i < NETWORKS && !is_in; i++)
			is_in = network_holds(all[i], network_of_key(key));
		if (bans_holds(bans, key, 0) != is_in)
			fail_msg("%llx", (unsigned long long)key);
		held += is_in;
	}
	assert_in_range(held, 2000, 18000);
	bans_free(bans);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ban_has_an_end),
		cmocka_unit_test(there_are_so_many_at_most),
		cmocka_unit_test(who_is_in_any_network_is_kept_out),
		cmocka_unit_test(what_holds_an_address_is_named),
		cmocka_unit_test(the_table_agrees_with_a_look_at_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
