/*
 * test_numbers - rows are found by route and number, whatever comes and goes.
 */
#include "config.h"

#include "broker/numbers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define ROWS	3000

static uint32_t
add_session(struct state *state, uint8_t route, uint64_t number)
{
	uint32_t row = state_reserve(state);
	struct state_session *s;

	assert_true(row != STATE_NONE);
	s = state_reserved(state, row);
	s->route = route;
	s->number = number;
	s->room = s->name = STATE_NONE;
	state_publish(state, row, STATE_SESSION);
	return row;
}

static void
rows_are_found_until_they_go(void **arg)
{
	static uint32_t rows[ROWS];
	uint32_t damaged, left = ROWS, seed = 1;
	int fd = state_create();
	struct state *state = state_open(fd, &damaged);
	struct numbers *n = numbers_new(state);

	(void)arg;
	assert_non_null(n);
	assert_int_equal(numbers_find(n, 0, 0), STATE_NONE);
	for (uint32_t i = 0; i < ROWS; i++) {
		rows[i] = add_session(state, (uint8_t)(i % 3), i / 3);
		assert_true(numbers_reserve(n));
		numbers_add(n, rows[i]);
	}
	/* They go in any order, and those that stay are found. */
	while (left > 0) {
		uint32_t i;

		seed = seed * 1103515245 + 12345;
		i = seed / 65536 % ROWS;
		while (rows[i] == STATE_NONE)
			i = (i + 1) % ROWS;
		numbers_remove(n, rows[i]);
		state_release(state, rows[i]);
		rows[i] = STATE_NONE;
		if (left-- % 100 != 0)
			continue;
		for (i = 0; i < ROWS; i++)
			assert_int_equal(numbers_find(n, (uint8_t)(i % 3),
			    i / 3), rows[i]);
	}
	numbers_free(n);
	numbers_free(NULL);
	state_close(state);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_found_until_they_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
