/*
 * test_room - the rooms' index, its counts, and its rows.
 */
#include "config.h"

#include "broker/room.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define WORKERS	2

struct rooms {
	int fd;
	struct state *state;
	struct room_table *table;
};

static void
rooms_open(struct rooms *r)
{
	uint32_t damaged;

	r->state = state_open(r->fd, &damaged);
	assert_non_null(r->state);
	r->table = room_table_new(r->state, WORKERS);
	assert_non_null(r->table);
}

static void
rooms_shut(struct rooms *r)
{
	room_table_free(r->table);
	state_close(r->state);
}

static int
setup(void **state)
{
	static struct rooms rooms;

	rooms.fd = state_create();
	assert_true(rooms.fd >= 0);
	rooms_open(&rooms);
	*state = &rooms;
	return 0;
}

static int
teardown(void **state)
{
	struct rooms *r = *state;

	rooms_shut(r);
	close(r->fd);
	return 0;
}

static void
a_room_is_found_by_name_within_its_route(void **state)
{
	struct rooms *r = *state;
	struct room *plain = room_add(r->table, 1, 0, "", 0, 0);
	struct room *lab = room_add(r->table, 2, 0, "lab", 3, 0);
	struct room *other = room_add(r->table, 3, 1, "lab", 3, 0);
	size_t len;

	assert_ptr_equal(room_find(r->table, 0, "", 0), plain);
	assert_ptr_equal(room_find(r->table, 0, "lab", 3), lab);
	assert_ptr_equal(room_find(r->table, 1, "lab", 3), other);
	assert_ptr_equal(room_find_by_identity(r->table, 3), other);
	assert_null(room_find(r->table, 0, "la", 2));
	assert_null(room_find(r->table, 1, "", 0));
	assert_null(room_find_by_identity(r->table, 4));
	assert_int_equal(room_route(other), 1);
	assert_memory_equal(room_name(lab, &len), "lab", 3);
	assert_int_equal(len, 3);
	assert_int_equal(room_table_count(r->table), 3);
}

static void
readers_are_counted_by_worker(void **state)
{
	struct rooms *r = *state;
	struct room *room = room_add(r->table, 1, 0, "", 0, 0);

	room_count_reader(r->table, room, 0, 1);
	room_count_reader(r->table, room, 1, 1);
	room_count_reader(r->table, room, 1, 1);
	room_count_reader(r->table, room, UINT32_MAX, 1);
	assert_int_equal(room->readers[1], 2);
	room_count_reader(r->table, room, 1, -1);
	assert_int_equal(room->readers[0], 1);
	assert_int_equal(room->readers[1], 1);
}

static void
note_grown(void *arg, const struct room *room)
{
	uint64_t *sum = arg;

	*sum += room->identity;
}

static void
rows_follow_when_they_are_stored(void **state)
{
	struct rooms *r = *state;
	struct room *a = room_add(r->table, 1, 0, "a", 1, 0);
	struct room *b = room_add(r->table, 2, 0, "b", 1, 0);
	uint64_t grown = 0;

	a->seq = 7;
	a->newest = 4096;
	room_touch(r->table, a, true);
	b->newest = 8192;
	room_touch(r->table, b, false);	/* a KEPT copy rings nobody */
	assert_int_equal(state_room(r->state, a->row)->seq, 0);
	room_store_dirty(r->table, note_grown, &grown);
	assert_int_equal(grown, 1);
	assert_int_equal(state_room(r->state, a->row)->seq, 7);
	assert_int_equal(state_room(r->state, a->row)->newest, 4096);
	assert_int_equal(state_room(r->state, b->row)->newest, 8192);
	/* once is enough */
	grown = 0;
	room_store_dirty(r->table, note_grown, &grown);
	assert_int_equal(grown, 0);
}

static void
a_removed_room_leaves_no_row_and_no_debt(void **state)
{
	struct rooms *r = *state;
	struct room *room = room_add(r->table, 1, 0, "gone", 4, 0);
	uint32_t row = room->row;
	uint64_t grown = 0;

	room_touch(r->table, room, true);
	room_remove(r->table, room);
	assert_null(room_find(r->table, 0, "gone", 4));
	assert_null(room_find_by_identity(r->table, 1));
	assert_int_equal(state_kind(r->state, row), STATE_FREE);
	room_store_dirty(r->table, note_grown, &grown);
	assert_int_equal(grown, 0);
}

/* Whichever of those that are to be stored goes. */
static void
others_are_stored_when_one_is_removed(void **state)
{
	struct rooms *r = *state;
	uint64_t grown, identity = 1;
	struct room *room[3];

	for (unsigned gone = 0; gone < 3; gone++) {
		for (unsigned i = 0; i < 3; i++) {
			room[i] = room_add(r->table, identity++, 0,
			    (char[]){ (char)('a' + gone), (char)('a' + i) }, 2,
			    0);
			assert_non_null(room[i]);
			room_touch(r->table, room[i], true);
		}
		room_remove(r->table, room[gone]);
		grown = 0;
		room_store_dirty(r->table, note_grown, &grown);
		assert_int_equal(grown, room[(gone + 1) % 3]->identity +
		    room[(gone + 2) % 3]->identity);
	}
}

static void
rooms_are_counted_for_who_made_them(void **state)
{
	struct rooms *r = *state;
	struct room *a = room_add(r->table, 1, 0, "a", 1, 7);

	assert_non_null(a);
	assert_non_null(room_add(r->table, 2, 0, "b", 1, 7));
	assert_non_null(room_add(r->table, 3, 0, "c", 1, 8));
	assert_non_null(room_add(r->table, 4, 0, "d", 1, 0));
	assert_int_equal(room_table_made_by(r->table, 7), 2);
	room_remove(r->table, a);
	assert_int_equal(room_table_made_by(r->table, 7), 1);
	assert_int_equal(room_table_made_by(r->table, 0), 0);
	/* Its row tells the next broker. */
	rooms_shut(r);
	rooms_open(r);
	for (uint32_t row = 0; row < state_rows(r->state); row++)
		if (state_room(r->state, row) != NULL)
			assert_non_null(room_restore(r->table, row));
	assert_int_equal(room_table_made_by(r->table, 7), 1);
	assert_int_equal(room_table_made_by(r->table, 8), 1);
	assert_int_equal(room_table_made_by(r->table, 0), 0);
}

static void
rooms_are_restored_from_their_rows(void **state)
{
	struct rooms *r = *state;
	char name[ROOM_NAME_MAX];
	struct room *room;
	uint64_t grown = 0;

	memset(name, 'n', sizeof(name));
	room = room_add(r->table, 9, 3, name, sizeof(name), 0);
	room->seq = 5;
	room->newest = 640;
	room_touch(r->table, room, true);
	room_store_dirty(r->table, note_grown, &grown);

	rooms_shut(r);
	rooms_open(r);
	for (uint32_t row = 0; row < state_rows(r->state); row++)
		if (state_room(r->state, row) != NULL)
			assert_non_null(room_restore(r->table, row));
	room = room_find(r->table, 3, name, sizeof(name));
	assert_non_null(room);
	assert_int_equal(room->identity, 9);
	assert_int_equal(room->seq, 5);
	assert_int_equal(room->newest, 640);
	assert_int_equal(room->count, 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_room_is_found_by_name_within_its_route),
		TEST(readers_are_counted_by_worker),
		TEST(rows_follow_when_they_are_stored),
		TEST(a_removed_room_leaves_no_row_and_no_debt),
		TEST(others_are_stored_when_one_is_removed),
		TEST(rooms_are_counted_for_who_made_them),
		TEST(rooms_are_restored_from_their_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
