/*
 * test_goal - when wschat has seen what it was to wait for.
 */
#include "config.h"

#include "client/goal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
without_one_nothing_is_reached(void **state)
{
	struct goal goal;

	(void)state;
	goal_init(&goal);
	assert_false(goal_is_set(&goal));
	assert_false(goal_take(&goal, "[a]: b", true));
	goal_clear(&goal);
}

static void
a_count_counts_messages(void **state)
{
	struct goal goal;

	(void)state;
	goal_init(&goal);
	goal_set_count(&goal, 2);
	assert_true(goal_is_set(&goal));
	assert_false(goal_take(&goal, "a", true));
	assert_false(goal_take(&goal, "b", false));
	assert_true(goal_take(&goal, "c", true));
	assert_false(goal_take(&goal, "d", true));
	goal_set_count(&goal, 0);
	assert_true(goal_is_set(&goal));
	assert_false(goal_take(&goal, "e", true));
	goal_clear(&goal);
}

static void
a_pattern_matches_any_line(void **state)
{
	struct goal goal;
	char why[64] = "";

	(void)state;
	goal_init(&goal);
	assert_true(goal_set_pattern(&goal, "^\\[bot\\]: (ok|done)$", why,
	    sizeof(why)));
	assert_false(goal_take(&goal, "[a]: ok", true));
	assert_true(goal_take(&goal, "[bot]: done", false));
	assert_true(goal_set_pattern(&goal, "x", why, sizeof(why)));
	goal_set_count(&goal, 2);
	assert_false(goal_take(&goal, "x", true));
	assert_false(goal_take(&goal, "y", true));
	assert_true(goal_take(&goal, "axb", false));
	assert_false(goal_set_pattern(&goal, "(", why, sizeof(why)));
	assert_true(why[0] != '\0');
	goal_clear(&goal);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_one_nothing_is_reached),
		cmocka_unit_test(a_count_counts_messages),
		cmocka_unit_test(a_pattern_matches_any_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
