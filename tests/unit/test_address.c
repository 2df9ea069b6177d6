/* address: connections counted by where they come from. */
#include "config.h"

#include "parent/address.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const uint8_t *
bytes_of(const char *text)
{
	static uint8_t bytes[16];

	assert_int_equal(inet_pton(AF_INET6, text, bytes), 1);
	return bytes;
}

static void
an_ipv4_address_counts_alone(void **state)
{
	struct address_table *table = address_table_new();
	struct address *a, *b;

	(void)state;
	assert_non_null(table);
	a = address_add(table, bytes_of("::ffff:192.0.2.1"));
	b = address_add(table, bytes_of("::ffff:192.0.2.2"));
	assert_ptr_not_equal(a, b);
	assert_ptr_equal(address_add(table, bytes_of("::ffff:192.0.2.1")), a);
	assert_int_equal(address_count(a), 2);
	assert_int_equal(address_count(b), 1);
	address_remove(table, b);
	assert_int_equal(address_table_rows(table), 1);
	address_remove(table, a);
	assert_int_equal(address_count(a), 1);
	address_remove(table, a);
	assert_int_equal(address_table_rows(table), 0);
	address_remove(table, NULL);
	address_table_free(table);
}

static void
an_ipv6_network_counts_as_one(void **state)
{
	struct address_table *table = address_table_new();
	struct address *a, *b;

	(void)state;
	assert_non_null(table);
	a = address_add(table, bytes_of("2001:db8:1:2::1"));
	b = address_add(table, bytes_of("2001:db8:1:3::1"));
	assert_ptr_equal(address_add(table,
	    bytes_of("2001:db8:1:2:ffff::")), a);
	assert_ptr_not_equal(a, b);
	assert_int_equal(address_count(a), 2);
	address_table_free(table);
}

static void
many_addresses_come_and_go(void **state)
{
	enum { N = 5000 };
	static struct address *rows[N];
	struct address_table *table = address_table_new();
	uint8_t bytes[16];
	uint32_t i;

	(void)state;
	assert_non_null(table);
	memcpy(bytes, bytes_of("::ffff:0.0.0.0"), sizeof(bytes));
	for (i = 0; i < N; i++) {
		memcpy(bytes + 12, &i, sizeof(i));
		rows[i] = address_add(table, bytes);
		assert_int_equal(address_count(rows[i]), 1);
	}
	assert_int_equal(address_table_rows(table), N);
	for (i = 0; i < N; i++)
		address_remove(table, rows[i]);
	assert_int_equal(address_table_rows(table), 0);
	address_table_free(table);
	address_table_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ipv4_address_counts_alone),
		cmocka_unit_test(an_ipv6_network_counts_as_one),
		cmocka_unit_test(many_addresses_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
