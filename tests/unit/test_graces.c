/*
 * test_graces - who is away, in the order in which they leave.
 */
#include "config.h"

#include "broker/graces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static uint32_t
add_member(struct state *state, struct graces *g, uint8_t route,
    uint64_t end_ms)
{
	uint32_t row = state_reserve(state);
	struct state_session *s = state_reserved(state, row);

	assert_non_null(s);
	s->route = route;
	s->grace_end = end_ms;
	s->room = s->name = STATE_NONE;
	state_publish(state, row, STATE_MEMBER);
	assert_true(graces_reserve(g, row));
	graces_add(g, row);
	return row;
}

static void
the_first_to_end_comes_first(void **state)
{
	uint32_t damaged, a, b, c, d;
	int fd = state_create();
	struct state *members = state_open(fd, &damaged);
	struct graces *g = graces_new(members);
	uint64_t end_ms = 0;

	(void)state;
	assert_non_null(g);
	assert_int_equal(graces_first(g, &end_ms), STATE_NONE);
	assert_true(end_ms == UINT64_MAX);
	/* Two routes, each with a grace time of its own. */
	a = add_member(members, g, 0, 500);
	b = add_member(members, g, 1, 100);
	c = add_member(members, g, 0, 600);
	d = add_member(members, g, 1, 550);
	assert_int_equal(graces_first(g, &end_ms), b);
	assert_true(end_ms == 100);
	graces_remove(g, b);
	assert_int_equal(graces_first(g, &end_ms), a);
	/* Who comes back is out of the order. */
	graces_remove(g, d);
	graces_remove(g, a);
	assert_int_equal(graces_first(g, &end_ms), c);
	assert_true(end_ms == 600);
	graces_remove(g, c);
	assert_int_equal(graces_first(g, &end_ms), STATE_NONE);
	graces_free(g);
	graces_free(NULL);
	state_close(members);
	close(fd);
}

/* Who is away counts for who made it, however it comes and goes. */
static void
who_is_away_counts_for_an_address(void **state)
{
	uint32_t damaged, rows[3];
	int fd = state_create();
	struct state *members = state_open(fd, &damaged);
	struct graces *g = graces_new(members);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct state_session *s;

		rows[i] = state_reserve(members);
		s = state_reserved(members, rows[i]);
		s->room = s->name = STATE_NONE;
		/* The third is another's, in the highest bit that counts. */
		state_set_maker(s, i < 2 ? 7 : UINT64_C(1) << 55 | 7);
		state_publish(members, rows[i], STATE_MEMBER);
		assert_true(graces_reserve(g, rows[i]));
	}
	graces_add(g, rows[0]);
	graces_add(g, rows[2]);
	assert_int_equal(graces_of_maker(g, rows[1]), 1);
	assert_int_equal(graces_of_maker(g, rows[2]), 1);
	graces_add(g, rows[1]);
	assert_int_equal(graces_of_maker(g, rows[0]), 2);
	graces_remove(g, rows[0]);
	graces_remove(g, rows[1]);
	assert_int_equal(graces_of_maker(g, rows[0]), 0);
	graces_free(g);
	state_close(members);
	close(fd);
}

static void
a_shorter_time_leaves_the_order(void **state)
{
	uint32_t damaged, rows[4];
	int fd = state_create();
	struct state *members = state_open(fd, &damaged);
	struct graces *g = graces_new(members);
	uint64_t end_ms;

	(void)state;
	rows[0] = add_member(members, g, 0, 500);
	rows[1] = add_member(members, g, 0, 700);
	rows[2] = add_member(members, g, 0, 900);
	rows[3] = add_member(members, g, 1, 950);
	graces_shorten(g, 0, 600);
	graces_shorten(g, 2, 0);
	add_member(members, g, 0, 601);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(graces_first(g, &end_ms), rows[i]);
		assert_true(end_ms == (i == 0 ? 500 : 600));
		graces_remove(g, rows[i]);
	}
	assert_true(state_session(members, rows[3])->grace_end == 950);
	graces_free(g);
	state_close(members);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_to_end_comes_first),
		cmocka_unit_test(who_is_away_counts_for_an_address),
		cmocka_unit_test(a_shorter_time_leaves_the_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
