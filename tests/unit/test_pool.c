/* pool: slots, counts and sockets on their way.  Descriptors are only
 * numbers here. */
#include "config.h"

#include "parent/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static void
count(void *arg, const struct pool_entry *entry)
{
	(void)entry;
	++*(unsigned *)arg;
}

static void
count_lost(void *arg, uint64_t address)
{
	(void)address;
	++*(unsigned *)arg;
}

static uint64_t
add(struct pool *pool, unsigned index, int fd)
{
	struct pool_entry entry = { .fd = fd };
	const struct pool_entry *kept = pool_add(pool, index, &entry);

	assert_non_null(kept);
	assert_int_equal(kept->fd, fd);
	return kept->accepted.connection;
}

static struct pool *
pool_with(unsigned workers, uint32_t slots)
{
	struct pool *pool = pool_new(workers, slots);
	unsigned i;

	assert_non_null(pool);
	for (i = 0; i < workers; i++)
		pool_open_worker(pool, i, true);
	return pool;
}

static void
who_is_short_of_memory_is_chosen_last(void **state)
{
	struct pool *pool = pool_with(3, POOL_IN_FLIGHT + 1);
	unsigned i, at = 9, n = 0;

	(void)state;
	pool_set_short(pool, 0, true);
	for (i = 0; i < 2 * POOL_IN_FLIGHT; i++) {
		assert_int_equal(pool_choose(pool, &at), POOL_CHOSEN);
		assert_int_equal(at, 1 + i % 2);
		add(pool, at, 100);
	}
	/* It will not be long. */
	assert_int_equal(pool_choose(pool, &at), POOL_BUSY);
	pool_set_short(pool, 1, true);
	pool_set_short(pool, 2, true);
	assert_int_equal(pool_choose(pool, &at), POOL_BUSY);
	pool_open_worker(pool, 1, false);
	pool_open_worker(pool, 2, false);
	assert_int_equal(pool_choose(pool, &at), POOL_SHORT);
	assert_int_equal(at, 0);
	add(pool, at, 100);
	/* Who takes its place starts anew. */
	pool_remove_worker(pool, 0, true, count_lost, &n);
	pool_open_worker(pool, 0, true);
	assert_int_equal(pool_choose(pool, &at), POOL_CHOSEN);
	assert_int_equal(at, 0);
	pool_free(pool, count, &n);
}

static void
the_worker_with_the_fewest_is_chosen(void **state)
{
	struct pool *pool = pool_with(3, 100);
	uint64_t address;
	uint64_t first;
	unsigned i, at = 9, n = 0;
	int fd;

	(void)state;
	for (i = 0; i < 9; i++) {
		assert_int_equal(pool_choose(pool, &at), POOL_CHOSEN);
		assert_int_equal(at, i % 3);
		add(pool, at, 100);
	}
	first = add(pool, 1, 7);
	add(pool, 0, 8);
	add(pool, 2, 8);
	assert_int_equal(pool_connections(pool), 12);
	assert_true(pool_remove(pool, 1, first, &address, &fd));
	assert_int_equal(fd, 7);
	assert_int_equal(pool_choose(pool, &at), POOL_CHOSEN);
	assert_int_equal(at, 1);
	pool_open_worker(pool, 1, false);
	assert_int_equal(pool_choose(pool, &at), POOL_CHOSEN);
	assert_int_equal(at, 0);
	/* A new one has none. */
	pool_grow(pool, 5);
	pool_grow(pool, 4);
	pool_open_worker(pool, 4, true);
	assert_int_equal(pool_choose(pool, &at), POOL_CHOSEN);
	assert_int_equal(at, 4);
	add(pool, 4, 9);
	pool_free(pool, count, &n);
	assert_int_equal(n, 12);
}

/* Each add is taken at once. */
static unsigned
add_taken(struct pool *pool)
{
	unsigned at = 9;

	assert_int_equal(pool_choose(pool, &at), POOL_CHOSEN);
	assert_int_equal(pool_take(pool, at, add(pool, at, 5)), 5);
	return at;
}

static void
where_many_are_they_come_in_runs(void **state)
{
	struct pool *pool = pool_with(2, 5000);
	unsigned i, at, before = 9, turns = 0, n = 0;
	uint32_t a, b;

	(void)state;
	for (i = 0; i < 2 * 1024; i++) {
		at = add_taken(pool);
		turns += at != before;
		before = at;
		a = pool_worker_connections(pool, 0);
		b = pool_worker_connections(pool, 1);
		assert_in_range((a > b ? a - b : b - a) * 64, 0,
		    64 + (a < b ? a : b));
	}
	assert_in_range(turns, 2 * 64, 2 * 64 + 500);
	/* A run goes on with whoever may have it. */
	pool_open_worker(pool, at, false);
	assert_int_equal(add_taken(pool), 1 - at);
	pool_free(pool, count, &n);
}

static void
nobody_busy_and_full_are_told_apart(void **state)
{
	struct pool *pool = pool_new(2, POOL_IN_FLIGHT + 1);
	uint64_t ids[POOL_IN_FLIGHT + 1];
	uint64_t address;
	unsigned i, at, n = 0;
	int fd;

	(void)state;
	assert_int_equal(pool_choose(pool, &at), POOL_NOBODY);
	pool_open_worker(pool, 1, true);
	for (i = 0; i < POOL_IN_FLIGHT; i++) {
		assert_int_equal(pool_choose(pool, &at), POOL_CHOSEN);
		assert_int_equal(at, 1);
		ids[i] = add(pool, 1, (int)i);
	}
	assert_int_equal(pool_choose(pool, &at), POOL_BUSY);
	assert_int_equal(pool_take(pool, 1, ids[3]), 3);
	assert_int_equal(pool_take(pool, 1, ids[3]), -1);
	assert_int_equal(pool_choose(pool, &at), POOL_CHOSEN);
	ids[i] = add(pool, 1, 99);
	assert_int_equal(pool_choose(pool, &at), POOL_FULL);
	assert_true(pool_remove(pool, 1, ids[3], &address, &fd));
	assert_int_equal(fd, -1);
	assert_false(pool_remove(pool, 1, ids[3], &address, &fd));
	assert_false(pool_remove(pool, 0, ids[4], &address, &fd));
	assert_false(pool_remove(pool, 1, 0, &address, &fd));
	assert_false(pool_remove(pool, 1, UINT64_MAX, &address, &fd));
	pool_free(pool, count, &n);
	assert_int_equal(n, POOL_IN_FLIGHT);
}

static void
a_slot_is_used_again_and_a_number_never(void **state)
{
	struct pool *pool = pool_with(1, 1);
	uint64_t address;
	uint64_t id, last = 0;
	unsigned i, at, n = 0;
	int fd;

	(void)state;
	for (i = 0; i < 1000; i++) {
		assert_int_equal(pool_choose(pool, &at), POOL_CHOSEN);
		id = add(pool, 0, 5);
		assert_int_equal(ipc_connection_slot(id), 0);
		assert_int_equal(ipc_connection_serial(id), i + 1);
		assert_false(last != 0 &&
		    pool_remove(pool, 0, last, &address, &fd));
		assert_true(pool_remove(pool, 0, id, &address, &fd));
		last = id;
	}
	pool_free(pool, count, &n);
	assert_int_equal(n, 0);
}

static void
what_a_dead_worker_had_not_taken_waits_in_order(void **state)
{
	struct pool *pool = pool_with(2, 1000);
	unsigned i, lost = 0, n = 0;
	uint64_t taken, other;

	(void)state;
	taken = add(pool, 0, 1);
	assert_int_equal(pool_take(pool, 0, taken), 1);
	add(pool, 0, 2);
	other = add(pool, 0, 3);
	add(pool, 0, 4);
	assert_int_equal(pool_take(pool, 0, other), 3);
	pool_remove_worker(pool, 0, true, count_lost, &lost);
	assert_int_equal(lost, 2);
	assert_int_equal(pool_connections(pool), 2);
	assert_int_equal(pool_worker_connections(pool, 0), 0);
	assert_int_equal(pool_waiting(pool)->fd, 2);
	assert_int_equal(pool_waiting(pool)->deaths, 1);
	pool_pop_waiting(pool);
	assert_int_equal(pool_waiting(pool)->fd, 4);
	pool_pop_waiting(pool);
	assert_null(pool_waiting(pool));
	assert_int_equal(pool_connections(pool), 0);

	/* The place is as new. */
	pool_open_worker(pool, 0, true);
	for (i = 0; i < POOL_IN_FLIGHT; i++) {
		add(pool, 0, 10);
		add(pool, 1, 10);
	}
	pool_remove_worker(pool, 0, true, count_lost, &lost);
	pool_remove_worker(pool, 1, true, count_lost, &lost);
	assert_int_equal(lost, 2);
	pool_free(pool, count, &n);
	assert_int_equal(n, 2 * POOL_IN_FLIGHT);
	pool_free(NULL, count, &n);
}

static void
a_death_for_which_it_cannot_be_why_is_not_counted(void **state)
{
	struct pool *pool = pool_with(2, 1000);
	unsigned lost = 0, n = 0;

	(void)state;
	add(pool, 0, 2);
	pool_remove_worker(pool, 0, false, count_lost, &lost);
	assert_int_equal(pool_waiting(pool)->fd, 2);
	assert_int_equal(pool_waiting(pool)->deaths, 0);
	pool_free(pool, count, &n);
	assert_int_equal(n, 1);
}

/* Against a plain list. */
static void
random_comings_and_goings_add_up(void **state)
{
	enum { WORKERS = 4, SLOTS = 300, STEPS = 100000 };
	struct { uint64_t id; unsigned worker; } has[WORKERS * SLOTS];
	struct pool *pool = pool_with(WORKERS, SLOTS);
	uint64_t address;
	unsigned i, at, used = 0, n = 0, lost;
	int fd;

	(void)state;
	srand(1);
	for (i = 0; i < STEPS; i++) {
		if (rand() % 1000 == 0) {
			unsigned dead = (unsigned)rand() % WORKERS, left = 0;

			lost = 0;
			pool_remove_worker(pool, dead, true, count_lost, &lost);
			for (at = 0; at < used; at++)
				if (has[at].worker != dead)
					has[left++] = has[at];
			assert_int_equal(used - left, lost);
			used = left;
			assert_null(pool_waiting(pool));
			pool_open_worker(pool, dead, true);
		} else if (rand() % 5 < 3 &&
		    pool_choose(pool, &at) == POOL_CHOSEN) {
			has[used].worker = at;
			has[used].id = add(pool, at, 3);
			assert_int_equal(pool_take(pool, at,
			    has[used++].id), 3);
		} else if (used > 0) {
			at = (unsigned)rand() % used;
			assert_true(pool_remove(pool, has[at].worker,
			    has[at].id, &address, &fd));
			has[at] = has[--used];
		}
		assert_int_equal(pool_connections(pool), used);
	}
	pool_free(pool, count, &n);
	assert_int_equal(n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worker_with_the_fewest_is_chosen),
		cmocka_unit_test(where_many_are_they_come_in_runs),
		cmocka_unit_test(nobody_busy_and_full_are_told_apart),
		cmocka_unit_test(who_is_short_of_memory_is_chosen_last),
		cmocka_unit_test(a_slot_is_used_again_and_a_number_never),
		cmocka_unit_test(
		    what_a_dead_worker_had_not_taken_waits_in_order),
		cmocka_unit_test(
		    a_death_for_which_it_cannot_be_why_is_not_counted),
		cmocka_unit_test(random_comings_and_goings_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
