/*
 * test_nametable - names are held once in a route.
 */
#include "config.h"

#include "broker/nametable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct name_keys
one(uint8_t key)
{
	struct name_keys keys = { .count = 1 };

	memset(keys.key[0], key, NAME_KEY);
	return keys;
}

static struct name_keys
two(uint8_t first, uint8_t second)
{
	struct name_keys keys = one(first);

	keys.count = 2;
	memset(keys.key[1], second, NAME_KEY);
	return keys;
}

static int
setup(void **state)
{
	*state = nametable_new();
	return *state == NULL;
}

static int
teardown(void **state)
{
	nametable_free(*state);
	return 0;
}

static void
a_name_is_held_once_in_a_route(void **state)
{
	struct name_keys bob = one(1), eve = one(2);

	assert_int_equal(nametable_add(*state, 0, &bob, 7), NAMETABLE_ADDED);
	assert_int_equal(nametable_add(*state, 0, &bob, 8), NAMETABLE_TAKEN);
	assert_int_equal(nametable_add(*state, 0, &eve, 8), NAMETABLE_ADDED);
	assert_int_equal(nametable_find(*state, 0, &bob), 7);
	assert_int_equal(nametable_find(*state, 0, &eve), 8);
}

static void
another_route_has_other_names(void **state)
{
	struct name_keys bob = one(1);

	assert_int_equal(nametable_add(*state, 0, &bob, 7), NAMETABLE_ADDED);
	assert_int_equal(nametable_find(*state, 1, &bob), NAMETABLE_NONE);
	assert_int_equal(nametable_add(*state, 1, &bob, 8), NAMETABLE_ADDED);
	nametable_remove(*state, 0, &bob, 7);
	assert_int_equal(nametable_find(*state, 0, &bob), NAMETABLE_NONE);
	assert_int_equal(nametable_find(*state, 1, &bob), 8);
}

static void
a_name_that_is_removed_is_free(void **state)
{
	struct name_keys ian = two(1, 2), first = one(1), second = one(2);

	assert_int_equal(nametable_add(*state, 0, &ian, 7), NAMETABLE_ADDED);
	nametable_remove(*state, 0, &ian, 7);
	assert_int_equal(nametable_find(*state, 0, &first), NAMETABLE_NONE);
	assert_int_equal(nametable_find(*state, 0, &second), NAMETABLE_NONE);
	assert_int_equal(nametable_add(*state, 0, &ian, 8), NAMETABLE_ADDED);
}

static void
one_key_in_common_is_enough(void **state)
{
	struct name_keys ian = two(1, 2), small_i = one(1), small_l = one(2);

	assert_int_equal(nametable_add(*state, 0, &ian, 7), NAMETABLE_ADDED);
	assert_int_equal(nametable_add(*state, 0, &small_i, 8),
	    NAMETABLE_TAKEN);
	assert_int_equal(nametable_add(*state, 0, &small_l, 9),
	    NAMETABLE_TAKEN);
	nametable_remove(*state, 0, &ian, 7);
	assert_int_equal(nametable_add(*state, 0, &small_i, 8),
	    NAMETABLE_ADDED);
	assert_int_equal(nametable_add(*state, 0, &small_l, 9),
	    NAMETABLE_ADDED);
	assert_int_equal(nametable_add(*state, 0, &ian, 7), NAMETABLE_TAKEN);
	/* who is called by it: rather the one in lower case */
	assert_int_equal(nametable_find(*state, 0, &ian), 8);
}

static void
a_refused_name_leaves_nothing(void **state)
{
	struct name_keys held = one(2), wanted = two(1, 2), free_one = one(1);

	assert_int_equal(nametable_add(*state, 0, &held, 7), NAMETABLE_ADDED);
	assert_int_equal(nametable_add(*state, 0, &wanted, 8),
	    NAMETABLE_TAKEN);
	assert_int_equal(nametable_find(*state, 0, &free_one),
	    NAMETABLE_NONE);
	assert_int_equal(nametable_find(*state, 0, &held), 7);
}

static void
a_rename_may_keep_a_key(void **state)
{
	struct name_keys was = two(1, 2), is = two(1, 3);
	struct name_keys common = one(1), old = one(2), new = one(3);

	assert_int_equal(nametable_add(*state, 0, &was, 7), NAMETABLE_ADDED);
	assert_int_equal(nametable_add(*state, 0, &is, 7), NAMETABLE_ADDED);
	nametable_remove(*state, 0, &was, 7);
	assert_int_equal(nametable_find(*state, 0, &common), 7);
	assert_int_equal(nametable_find(*state, 0, &new), 7);
	assert_int_equal(nametable_find(*state, 0, &old), NAMETABLE_NONE);
	nametable_remove(*state, 0, &is, 7);
	assert_int_equal(nametable_find(*state, 0, &common), NAMETABLE_NONE);
	assert_int_equal(nametable_find(*state, 0, &new), NAMETABLE_NONE);
}

static void
a_rename_that_does_not_count_is_undone(void **state)
{
	struct name_keys was = two(1, 2), is = two(1, 3);
	struct name_keys common = one(1), old = one(2), new = one(3);

	assert_int_equal(nametable_add(*state, 0, &was, 7), NAMETABLE_ADDED);
	assert_int_equal(nametable_add(*state, 0, &is, 7), NAMETABLE_ADDED);
	nametable_remove(*state, 0, &is, 7);
	assert_int_equal(nametable_find(*state, 0, &common), 7);
	assert_int_equal(nametable_find(*state, 0, &old), 7);
	assert_int_equal(nametable_find(*state, 0, &new), NAMETABLE_NONE);
}

static void
many_names_are_found(void **state)
{
	struct name_keys keys = { .count = 1 };
	uint32_t i;

	for (i = 0; i < 5000; i++) {
		memcpy(keys.key[0], &i, sizeof(i));
		assert_int_equal(nametable_add(*state, (uint8_t)i, &keys, i),
		    NAMETABLE_ADDED);
	}
	for (i = 0; i < 5000; i += 2) {
		memcpy(keys.key[0], &i, sizeof(i));
		nametable_remove(*state, (uint8_t)i, &keys, i);
	}
	for (i = 0; i < 5000; i++) {
		memcpy(keys.key[0], &i, sizeof(i));
		assert_int_equal(nametable_find(*state, (uint8_t)i, &keys),
		    i % 2 == 0 ? NAMETABLE_NONE : i);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_name_is_held_once_in_a_route),
		TEST(another_route_has_other_names),
		TEST(a_name_that_is_removed_is_free),
		TEST(one_key_in_common_is_enough),
		TEST(a_refused_name_leaves_nothing),
		TEST(a_rename_may_keep_a_key),
		TEST(a_rename_that_does_not_count_is_undone),
		TEST(many_names_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
