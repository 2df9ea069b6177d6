/*
 * test_roster - the connection table, in memory, and rebuilt from its rows.
 */
#include "config.h"

#include "broker/roster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipc/messages.h"

#define GENERATION	UINT64_C(101)

struct table {
	int fd;
	struct state *state;
	struct roster *roster;
};

static void
table_open(struct table *t)
{
	uint32_t damaged;

	t->state = state_open(t->fd, &damaged);
	assert_non_null(t->state);
	assert_int_equal(damaged, 0);
	t->roster = roster_new(t->state);
	assert_non_null(t->roster);
}

static void
table_shut(struct table *t)
{
	roster_free(t->roster);
	state_close(t->state);
}

static int
setup(void **state)
{
	static struct table table;

	table.fd = state_create();
	assert_true(table.fd >= 0);
	table_open(&table);
	*state = &table;
	return 0;
}

static int
teardown(void **state)
{
	struct table *t = *state;

	table_shut(t);
	close(t->fd);
	return 0;
}

/* Adds a session as the hub does: a published row, then the table. */
static uint32_t
add(struct table *t, uint64_t generation, uint64_t connection)
{
	struct roster_worker *w = roster_worker_add(t->roster, generation);
	uint32_t row = state_reserve(t->state);
	struct state_session *s;

	assert_non_null(w);
	assert_int_not_equal(row, STATE_NONE);
	assert_true(roster_reserve(w, connection));
	s = state_reserved(t->state, row);
	s->generation = generation;
	s->connection = connection;
	s->room = s->name = STATE_NONE;
	state_publish(t->state, row, STATE_SESSION);
	roster_add(t->roster, w, row);
	return row;
}

static void
a_connection_is_found_by_its_number(void **state)
{
	struct table *t = *state;
	uint64_t a = ipc_connection_make(7, 3), b = ipc_connection_make(8, 3);
	uint32_t row = add(t, GENERATION, a);
	struct roster_worker *w = roster_worker_find(t->roster, GENERATION);

	assert_int_equal(roster_find(t->roster, w, a), row);
	/* the same slot, another connection */
	assert_int_equal(roster_find(t->roster, w, b), STATE_NONE);
	assert_false(roster_slot_is_free(w, b));
	assert_true(roster_slot_is_free(w, ipc_connection_make(9, 4)));
	/* beyond the table */
	assert_int_equal(roster_find(t->roster, w,
	    ipc_connection_make(1, 1000000)), STATE_NONE);
	assert_int_equal(roster_count(t->roster), 1);
}

static void
who_is_removed_is_gone_and_the_slot_free(void **state)
{
	struct table *t = *state;
	uint64_t a = ipc_connection_make(7, 3);
	uint32_t row = add(t, GENERATION, a);
	struct roster_worker *w = roster_worker_find(t->roster, GENERATION);

	roster_remove(t->roster, row);
	assert_int_equal(roster_find(t->roster, w, a), STATE_NONE);
	assert_true(roster_slot_is_free(w, a));
	assert_int_equal(state_kind(t->state, row), STATE_FREE);
	assert_int_equal(roster_count(t->roster), 0);
}

static void
workers_have_tables_of_their_own(void **state)
{
	struct table *t = *state;
	uint64_t a = ipc_connection_make(7, 3);
	struct roster_worker *w;

	add(t, GENERATION, a);
	assert_null(roster_worker_find(t->roster, GENERATION + 1));
	w = roster_worker_add(t->roster, GENERATION + 1);
	assert_int_equal(roster_find(t->roster, w, a), STATE_NONE);
	assert_ptr_equal(roster_worker_find(t->roster, GENERATION + 1), w);
	assert_int_equal(roster_worker_count(w), 0);
	roster_worker_remove(t->roster, w);
	assert_null(roster_worker_find(t->roster, GENERATION + 1));
	assert_non_null(roster_worker_find(t->roster, GENERATION));
}

static void
the_table_is_rebuilt_from_its_rows(void **state)
{
	struct table *t = *state;
	struct roster_worker *w;
	uint64_t a;

	for (uint32_t i = 0; i < 1000; i++)
		add(t, GENERATION + i % 3, ipc_connection_make(i + 1, i / 3));
	w = roster_worker_find(t->roster, GENERATION + 1);
	a = ipc_connection_make(5, 1);
	roster_remove(t->roster, roster_find(t->roster, w, a));

	table_shut(t);
	table_open(t);
	assert_int_equal(roster_count(t->roster), 999);
	for (uint32_t i = 0; i < 1000; i++) {
		uint64_t c = ipc_connection_make(i + 1, i / 3);

		w = roster_worker_find(t->roster, GENERATION + i % 3);
		assert_int_equal(roster_find(t->roster, w, c) == STATE_NONE,
		    c == a);
	}
}

static void
all_of_a_worker_are_walked_and_may_go_on_the_way(void **state)
{
	struct table *t = *state;
	struct roster_worker *w;
	uint32_t seen = 0, row;

	for (uint32_t i = 0; i < 200; i += 2)
		add(t, GENERATION, ipc_connection_make(i + 1, i));
	w = roster_worker_find(t->roster, GENERATION);
	for (uint32_t slot = 0; slot < roster_slots(w); slot++)
		if ((row = roster_slot(w, slot)) != STATE_NONE) {
			roster_remove(t->roster, row);
			seen++;
		}
	assert_int_equal(seen, 100);
	assert_int_equal(roster_worker_count(w), 0);
	assert_int_equal(roster_slot(w, UINT32_MAX), STATE_NONE);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_connection_is_found_by_its_number),
		TEST(who_is_removed_is_gone_and_the_slot_free),
		TEST(workers_have_tables_of_their_own),
		TEST(the_table_is_rebuilt_from_its_rows),
		TEST(all_of_a_worker_are_walked_and_may_go_on_the_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
