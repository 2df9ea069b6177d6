/*
 * Tests of portion.c: every client is in one portion, and the numbers in it
 * lead there and back.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/portion.h"

#define CLIENTS	64

static void
check(unsigned rooms, unsigned clients, unsigned processes)
{
	unsigned seen[CLIENTS] = { 0 }, p, own, i;

	assert_true(rooms * clients <= CLIENTS);
	for (p = 0; p < processes; p++) {
		struct portion portion = { p, processes, rooms, clients };

		for (own = 0; own < portion_count(&portion); own++) {
			i = portion_index(&portion, own);
			assert_true(i < rooms * clients);
			assert_true(portion_has(&portion, i));
			assert_int_equal(portion_own(&portion, i), own);
			seen[i]++;
		}
		for (i = own = 0; i < rooms * clients; i++)
			own += portion_has(&portion, i);
		assert_int_equal(own, portion_count(&portion));
	}
	for (i = 0; i < rooms * clients; i++)
		assert_int_equal(seen[i], 1);
}

static void
every_client_is_in_one_portion(void **state)
{
	unsigned rooms, clients, processes;

	(void)state;
	for (rooms = 1; rooms <= 8; rooms++)
		for (clients = 1; clients <= 8; clients++)
			for (processes = 1; processes <= rooms * clients;
			    processes++)
				check(rooms, clients, processes);
}

static void
rooms_stay_whole_where_there_are_enough(void **state)
{
	struct portion p = { 1, 3, 5, 4 };
	unsigned own;

	(void)state;
	assert_true(portion_has_whole_rooms(&p));
	assert_int_equal(portion_count(&p), 8);
	for (own = 0; own < 8; own++)
		assert_int_equal(portion_index(&p, own) % 5 % 3, 1);
	p.rooms = 2;
	assert_false(portion_has_whole_rooms(&p));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_client_is_in_one_portion),
		cmocka_unit_test(rooms_stay_whole_where_there_are_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
