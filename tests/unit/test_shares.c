/*
 * test_shares - those who want to say as much as they can get equal shares,
 * whatever their workers are able to take; nobody else is told to wait, or
 * holds them up.
 */
#include "config.h"

#include "broker/shares.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define TALKERS	(SHARES_MAX + 8)
#define LINE	100		/* bytes */

/* Each connection's number is its place here, and one. */
struct talker {
	unsigned speed;		/* bytes a millisecond, of its worker */
	bool has_more;
	uint64_t said;
	uint64_t until_ms;	/* waits */
	unsigned holds;
};

static struct {
	struct shares *shares;
	uint64_t now_ms;
	struct talker talkers[TALKERS];
} room;

static void
on_hold(void *arg, unsigned worker, uint64_t connection, uint64_t wait_ms)
{
	struct talker *t = &room.talkers[connection - 1];

	(void)arg;
	assert_in_range(connection, 1, TALKERS);
	assert_int_equal(worker, connection % 3);
	assert_in_range(wait_ms, 1, SHARES_WAIT_MS);
	t->until_ms = room.now_ms + wait_ms;
	t->holds++;
}

static void
open_room(void)
{
	memset(&room, 0, sizeof(room));
	room.now_ms = 5000;
	room.shares = shares_new();
	assert_non_null(room.shares);
}

static void
play(uint64_t ms)
{
	for (uint64_t end_ms = room.now_ms + ms; room.now_ms < end_ms;
	    room.now_ms++) {
		for (unsigned i = 0; i < TALKERS; i++) {
			struct talker *t = &room.talkers[i];

			if (room.now_ms < t->until_ms)
				continue;
			for (unsigned n = 0; n < t->speed; n += LINE)
				shares_take(room.shares, (i + 1) % 3, i + 1,
				    LINE, t->has_more, room.now_ms);
			t->said += t->speed;
		}
		shares_tell(room.shares, room.now_ms, on_hold, NULL);
	}
}

static unsigned
holds(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < TALKERS; i++)
		count += room.talkers[i].holds;
	return count;
}

static void
all_who_want_more_have_the_same_share(void **state)
{
	static const unsigned speeds[] = { 20000, 5000, 10000, 40000 };
	uint64_t least;

	(void)state;
	open_room();
	for (unsigned i = 0; i < 4; i++)
		room.talkers[i] = (struct talker){
			.speed = speeds[i], .has_more = true
		};
	/* From their coming on. */
	play(20000);
	least = room.talkers[1].said;
	assert_true(least == 20000 * 5000);
	for (unsigned i = 0; i < 4; i++)
		assert_in_range(room.talkers[i].said, least * 98 / 100,
		    least * 102 / 100);
	shares_free(room.shares);
	shares_free(NULL);
}

/* His worker is fast enough to find his socket empty now and then. */
static void
who_is_read_out_has_no_more_than_they(void **state)
{
	(void)state;
	open_room();
	room.talkers[0] = (struct talker){ .speed = 20000 };
	room.talkers[1] = (struct talker){ .speed = 5000, .has_more = true };
	play(10000);
	assert_in_range(room.talkers[0].said, 45000000, 60000000);
	assert_int_equal(room.talkers[1].holds, 0);
	shares_free(room.shares);
}

static void
who_is_quiet_neither_waits_nor_holds_anybody_up(void **state)
{
	(void)state;
	open_room();
	room.talkers[0] = (struct talker){ .speed = 20000, .has_more = true };
	room.talkers[1] = (struct talker){ .speed = LINE };
	play(10000);
	assert_int_equal(holds(), 0);
	shares_free(room.shares);
}

/* A socket full of what is not said. */
static void
who_wants_more_and_says_little_holds_nobody_up(void **state)
{
	(void)state;
	open_room();
	room.talkers[0] = (struct talker){ .speed = 20000, .has_more = true };
	room.talkers[1] = (struct talker){ .speed = LINE, .has_more = true };
	play(10000);
	assert_int_equal(holds(), 0);
	shares_free(room.shares);
}

static void
who_goes_holds_nobody_up_for_long(void **state)
{
	uint64_t before;

	(void)state;
	open_room();
	room.talkers[0] = (struct talker){ .speed = 20000, .has_more = true };
	room.talkers[1] = (struct talker){ .speed = 5000, .has_more = true };
	play(2000);
	room.talkers[1].speed = 0;
	play(2 * SHARES_PERIOD_MS + SHARES_WAIT_MS);
	before = room.talkers[0].said;
	room.talkers[0].holds = 0;
	play(1000);
	assert_true(room.talkers[0].said == before + 1000 * 20000);
	/* And who comes back has saved nothing up. */
	room.talkers[1].speed = 5000;
	before = room.talkers[0].said;
	play(10000);
	assert_in_range(room.talkers[0].said - before, 48000000, 52000000);
	shares_free(room.shares);
}

/* As many as there are places, and more. */
static void
too_many_are_heard_as_they_come(void **state)
{
	(void)state;
	open_room();
	for (unsigned i = 0; i < TALKERS; i++)
		room.talkers[i] = (struct talker){
			.speed = 1000, .has_more = true
		};
	play(2000);
	assert_int_equal(holds(), 0);
	for (unsigned i = 0; i < TALKERS; i++)
		assert_true(room.talkers[i].said == 2000000);
	shares_free(room.shares);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_who_want_more_have_the_same_share),
		cmocka_unit_test(who_is_read_out_has_no_more_than_they),
		cmocka_unit_test(
		    who_is_quiet_neither_waits_nor_holds_anybody_up),
		cmocka_unit_test(
		    who_wants_more_and_says_little_holds_nobody_up),
		cmocka_unit_test(who_goes_holds_nobody_up_for_long),
		cmocka_unit_test(too_many_are_heard_as_they_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
