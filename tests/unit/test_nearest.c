/*
 * test_nearest - distances between words, and which word is taken.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "parent/nearest.h"

static unsigned
distance(const char *word, const char *name)
{
	struct nearest nearest = { .word = word };

	nearest_offer(&nearest, name);
	assert_ptr_equal(nearest.name, name);
	return nearest.distance;
}

static void
distances_are_counted(void **state)
{
	(void)state;
	assert_int_equal(distance("", ""), 0);
	assert_int_equal(distance("abc", "abc"), 0);
	assert_int_equal(distance("abc", ""), 3);
	assert_int_equal(distance("rouet", "route"), 1);
	assert_int_equal(distance("kitten", "sitting"), 3);
}

static void
the_first_of_the_nearest_is_taken(void **state)
{
	struct nearest nearest = { .word = "hisotry" };

	(void)state;
	nearest_offer(&nearest, "greeting");
	nearest_offer(&nearest, "history");
	nearest_offer(&nearest, "histoyr");
	nearest_offer(&nearest, "grace");
	assert_string_equal(nearest.name, "history");
}

static void
a_beginning_is_near(void **state)
{
	struct nearest nearest = { .word = "tls-cert" };

	(void)state;
	nearest_offer(&nearest, "tls-key");
	nearest_offer(&nearest, "tls-certificate");
	nearest_offer(&nearest, "tls-client-ca");
	assert_string_equal(nearest.name, "tls-certificate");
	assert_int_equal(nearest.distance, 1);
	assert_int_equal(distance("no", "no-name"), 5);
	assert_int_equal(distance("name", "name"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distances_are_counted),
		cmocka_unit_test(the_first_of_the_nearest_is_taken),
		cmocka_unit_test(a_beginning_is_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
