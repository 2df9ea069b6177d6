/*
 * test_lists - rows in lists, taken out in any order.
 */
#include "config.h"

#include "broker/lists.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "log/state.h"

/* The list's rows as a number, a digit each. */
static unsigned
digits(const struct lists *l, const struct list *list)
{
	uint32_t last = STATE_NONE, row;
	unsigned all = 0;

	for (row = list->first; row != STATE_NONE; row = lists_next(l, row)) {
		all = all * 10 + row;
		last = row;
	}
	assert_int_equal(list->last, last);
	return all;
}

static void
rows_come_first_and_go_from_anywhere(void **state)
{
	struct lists *l = lists_new();
	struct list a, b;

	(void)state;
	assert_non_null(l);
	list_init(&a);
	list_init(&b);
	assert_int_equal(digits(l, &a), 0);
	for (uint32_t row = 1; row <= 6; row++) {
		assert_true(lists_reserve(l, row));
		lists_add(l, row == 4 ? &b : &a, row);
	}
	assert_int_equal(digits(l, &a), 65321);
	assert_int_equal(digits(l, &b), 4);
	lists_remove(l, &a, 3);
	assert_int_equal(digits(l, &a), 6521);
	lists_remove(l, &a, 6);
	lists_remove(l, &a, 1);
	assert_int_equal(digits(l, &a), 52);
	lists_add(l, &b, 1);
	assert_int_equal(digits(l, &b), 14);
	lists_remove(l, &a, 5);
	lists_remove(l, &a, 2);
	assert_int_equal(digits(l, &a), 0);
	lists_free(l);
	lists_free(NULL);
}

static void
a_row_can_have_a_list(void **state)
{
	struct lists *l = lists_new();

	(void)state;
	assert_true(lists_reserve(l, 9));
	assert_int_equal(lists_of(l, 9)->first, STATE_NONE);
	lists_add(l, lists_of(l, 9), 1);
	lists_add(l, lists_of(l, 9), 2);
	/* It moves, and is the same. */
	assert_true(lists_reserve(l, 100000));
	assert_int_equal(lists_of(l, 100000)->first, STATE_NONE);
	lists_add(l, lists_of(l, 9), 3);
	assert_int_equal(digits(l, lists_of(l, 9)), 321);
	for (uint32_t row = 1; row <= 3; row++)
		lists_remove(l, lists_of(l, 9), row);
	/* A row that was in a list may have one. */
	lists_add(l, lists_of(l, 2), 9);
	assert_int_equal(digits(l, lists_of(l, 2)), 9);
	lists_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_come_first_and_go_from_anywhere),
		cmocka_unit_test(a_row_can_have_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
