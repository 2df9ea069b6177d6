/*
 * test_network - an address, or all that begin alike.
 */
#include "config.h"

#include "base/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NO_BITS		"has no number of bits behind the slash"
#define LONG_PREFIX	"has a prefix longer than the address"
#define EVERYBODY	"has a prefix of 0 bits: that is everybody"
#define NOBODY		"counts as no address"
#define SHORT_PREFIX	"has a prefix that ends before its IPv4 address"

static struct network
network(const char *text)
{
	struct network n;
	const char *why;

	if (!network_read(text, &n, &why))
		fail_msg("%s %s", text, why == NULL ? "is none" : why);
	return n;
}

static void
what_a_person_writes_is_read(void **state)
{
	static const struct {
		const char *text, *shown;
	} table[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "192.0.2.1/32", "192.0.2.1" },
		{ "192.0.2.0/24", "192.0.2.0/24" },
		{ "192.0.2.77/24", "192.0.2.0/24" },
		{ "192.0.2.77/31", "192.0.2.76/31" },
		{ "255.255.255.255/1", "128.0.0.0/1" },
		{ "127.0.0.1/1", "0.0.0.0/1" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "::ffff:192.0.2.1/128", "192.0.2.1" },
		{ "::ffff:192.0.2.1/120", "192.0.2.0/24" },
		{ "::ffff:c000:201/97", "128.0.0.0/1" },
		{ "2001:db8:0:1::7", "2001:db8:0:1::/64" },
		{ "2001:db8:0:1::/64", "2001:db8:0:1::/64" },
		{ "2001:db8:0:1::7/64", "2001:db8:0:1::/64" },
		{ "2001:db8:0:1::7/65", "2001:db8:0:1::/64" },
		{ "2001:db8:0:1::7/128", "2001:db8:0:1::/64" },
		{ "2001:db8:0:1::7/63", "2001:db8::/63" },
		{ "2001:db8::/32", "2001:db8::/32" },
		{ "2001:db8:ffff::/33", "2001:db8:8000::/33" },
		{ "ffff::/1", "8000::/1" },
		{ "::/16", "::/16" },
	};
	char text[NETADDR_KEY_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct network n = network(table[i].text), again;

		assert_string_equal(network_format(n, text), table[i].shown);
		/* So it comes back from a file, and from a process. */
		again = network(text);
		assert_true(again.key == n.key && again.bits == n.bits);
		assert_true(network_take(n.key, n.bits, &again));
	}
}

static void
what_is_no_network_is_told_why(void **state)
{
	static const struct {
		const char *text, *why;
	} table[] = {
		{ "", NULL }, { "user0", NULL }, { "10.0.0", NULL },
		{ "10.0.0/8", NULL }, { "/8", NULL }, { "x/8", NULL },
		{ "192.0.2.0/33", LONG_PREFIX },
		{ "2001:db8::/129", LONG_PREFIX },
		{ "192.0.2.0/", NO_BITS }, { "192.0.2.0/x", NO_BITS },
		{ "192.0.2.0/-1", NO_BITS }, { "192.0.2.0/024", NO_BITS },
		{ "192.0.2.0/255.255.255.0", NO_BITS },
		{ "192.0.2.0/24/24", NO_BITS },
		{ "0.0.0.0/0", EVERYBODY }, { "192.0.2.1/0", EVERYBODY },
		{ "::/0", EVERYBODY }, { "2001:db8::1/0", EVERYBODY },
		{ "::ffff:0.0.0.0/96", EVERYBODY },
		{ "::1", NOBODY }, { "::/64", NOBODY }, { "::7/80", NOBODY },
		{ "0:ffff:c000:201::", NOBODY }, { "0:ffff::/32", NOBODY },
		{ "0:ffff:c000::/40", NOBODY },
		{ "::ffff:192.0.2.1/95", SHORT_PREFIX },
		{ "::ffff:192.0.2.1/24", SHORT_PREFIX },
		{ "::ffff:192.0.2.1/0", SHORT_PREFIX },
	};
	struct network n;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (network_read(table[i].text, &n, &why))
			fail_msg("%s", table[i].text);
		if (table[i].why == NULL)
			assert_null(why);
		else
			assert_string_equal(why, table[i].why);
	}
}

static void
who_is_in_a_network_is_known(void **state)
{
	static const struct {
		const char *outer, *inner;
		bool holds;
	} table[] = {
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.0/24", "192.0.2.0/24", true },
		{ "192.0.2.0/24", "192.0.2.128/25", true },
		{ "192.0.2.0/25", "192.0.2.0/24", false },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.3", false },
		{ "0.0.0.0/1", "127.255.255.255", true },
		{ "0.0.0.0/1", "128.0.0.0", false },
		{ "2001:db8::/32", "2001:db8:ffff:ffff::1", true },
		{ "2001:db8::/32", "2001:db9::1", false },
		{ "2001:db8::/32", "2001:db8::/33", true },
		{ "8000::/1", "ffff::1", true },
		{ "8000::/1", "7fff::1", false },
		/* Families are apart, though keys of IPv4 begin so, too. */
		{ "::/8", "192.0.2.1", false },
		{ "::/31", "192.0.2.0/24", false },
		{ "0.0.0.0/1", "::/16", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (network_holds(network(table[i].outer),
		    network(table[i].inner)) != table[i].holds)
			fail_msg("%s %s", table[i].outer, table[i].inner);
	/* Nobody's key. */
	assert_false(network_holds(network("::/8"), network_of_key(0)));
	assert_true(network_holds(network("::/8"), network_of_key(1)));
}

static void
numbers_that_are_no_network_are_refused(void **state)
{
	static const uint64_t ipv4 = UINT64_C(0xffffc0000200);
	struct network n;

	(void)state;
	assert_true(network_take(ipv4, 64, &n));
	assert_true(network_take(ipv4, 56, &n));
	assert_int_equal(n.bits, 56);
	assert_false(network_take(ipv4, 54, &n));	/* a bit behind it */
	assert_false(network_take(ipv4, 65, &n));
	assert_false(network_take(ipv4, 0, &n));
	assert_false(network_take(ipv4, UINT64_C(1) << 32 | 56, &n));
	assert_false(network_take(0, 0, &n));
	assert_true(network_take(0, 1, &n));
	assert_false(network_take(UINT64_C(0xffff00000000), 32, &n));
	assert_true(network_take(UINT64_C(0xffff00000000), 33, &n));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_person_writes_is_read),
		cmocka_unit_test(what_is_no_network_is_told_why),
		cmocka_unit_test(who_is_in_a_network_is_known),
		cmocka_unit_test(numbers_that_are_no_network_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
