/*
 * test_ids - what is known to have been said: found by all of its key, for
 * its time, as long as it is in the ring, and in bounded memory.
 */
#include "config.h"

#include "broker/ids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "log/log.h"

#define NOW	UINT64_C(1700000000000000)

static struct ids_key
key(uint8_t route, uint64_t number, const char *id)
{
	return (struct ids_key){
		.id = id, .id_len = (uint8_t)strlen(id), .route = route,
		.number = number
	};
}

static void
add(struct ids *ids, const char *id, uint64_t position, uint64_t time_us)
{
	struct ids_key k = key(1, 2, id);

	assert_true(ids_reserve(ids));
	ids_add(ids, &k, position, time_us);
}

static uint64_t
find(struct ids *ids, const char *id, uint64_t first, uint64_t now_us)
{
	struct ids_key k = key(1, 2, id);

	return ids_find(ids, &k, first, now_us);
}

static void
it_is_found_by_all_of_its_key(void **state)
{
	static const char *const texts[] = {
		"a", "b", "aa", "12345678", "123456789", "12345678\x01",
		"1234567", "1234567812345678",
	};
	const size_t count = sizeof(texts) / sizeof(texts[0]);
	struct ids *ids = ids_new(LOG_SIZE_MIN);
	struct ids_key k;

	(void)state;
	assert_non_null(ids);
	for (size_t i = 0; i < count; i++)
		add(ids, texts[i], 8 * i, NOW);
	assert_int_equal(ids_count(ids), count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(find(ids, texts[i], 0, NOW), 8 * i);
	assert_true(find(ids, "c", 0, NOW) == LOG_NONE);
	k = key(0, 2, "a");
	assert_true(ids_find(ids, &k, 0, NOW) == LOG_NONE);
	k = key(1, 3, "a");
	assert_true(ids_find(ids, &k, 0, NOW) == LOG_NONE);
	/* The newest of several. */
	add(ids, "a", 800, NOW);
	assert_int_equal(find(ids, "a", 0, NOW), 800);
	ids_free(ids);
	ids_free(NULL);
}

static void
it_is_forgotten_after_its_time(void **state)
{
	struct ids *ids = ids_new(LOG_SIZE_MIN);

	(void)state;
	add(ids, "a", 0, NOW);
	add(ids, "b", 88, NOW + 5);
	assert_int_equal(find(ids, "a", 0, NOW + IDS_TIME_US - 1), 0);
	/* A clock that goes back forgets nothing. */
	assert_int_equal(find(ids, "a", 0, NOW - IDS_TIME_US), 0);
	assert_true(find(ids, "a", 0, NOW + IDS_TIME_US) == LOG_NONE);
	assert_int_equal(ids_count(ids), 1);
	assert_int_equal(find(ids, "b", 0, NOW + IDS_TIME_US), 88);
	assert_true(find(ids, "b", 0, NOW + IDS_TIME_US + 5) == LOG_NONE);
	assert_int_equal(ids_count(ids), 0);
	ids_free(ids);
}

static void
it_is_forgotten_when_it_leaves_the_ring(void **state)
{
	struct ids *ids = ids_new(LOG_SIZE_MIN);

	(void)state;
	add(ids, "a", 0, NOW);
	add(ids, "b", 88, NOW);
	assert_true(find(ids, "a", 88, NOW) == LOG_NONE);
	assert_int_equal(find(ids, "b", 88, NOW), 88);
	assert_true(find(ids, "b", 89, NOW) == LOG_NONE);
	assert_int_equal(ids_count(ids), 0);
	ids_free(ids);
}

/* Many come and go; those that live are found and no others. */
static void
many_are_found(void **state)
{
	struct ids *ids = ids_new(64 * LOG_SIZE_MIN);
	char id[16];

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(id, sizeof(id), "%u", i);
		add(ids, id, 88 * i, NOW + i);
		if (i % 7 != 0)
			continue;
		snprintf(id, sizeof(id), "%u", i / 2);
		assert_int_equal(find(ids, id, 88 * (i / 2), NOW + i),
		    88 * (i / 2));
		assert_int_equal(ids_count(ids), i - i / 2 + 1);
		if (i < 2)
			continue;
		snprintf(id, sizeof(id), "%u", i / 2 - 1);
		assert_true(find(ids, id, 0, NOW + i) == LOG_NONE);
	}
	ids_free(ids);
}

static void
memory_is_bounded(void **state)
{
	struct ids *ids = ids_new(LOG_SIZE_MIN);
	unsigned most = LOG_SIZE_MIN / 88;
	char id[16];

	(void)state;
	for (unsigned i = 0; i < 4 * most; i++) {
		snprintf(id, sizeof(id), "%u", i);
		add(ids, id, 88 * i, NOW);
		assert_int_equal(find(ids, id, 0, NOW), 88 * i);
	}
	assert_in_range(ids_count(ids), most, 2 * most);
	assert_true(find(ids, "0", 0, NOW) == LOG_NONE);
	ids_free(ids);
	ids = ids_new(UINT64_C(1) << 32);
	for (unsigned i = 0; i < IDS_MAX + 1000; i++) {
		snprintf(id, sizeof(id), "%u", i);
		add(ids, id, 88 * (uint64_t)i, NOW);
	}
	assert_int_equal(ids_count(ids), IDS_MAX);
	assert_int_equal(find(ids, "1000", 0, NOW), 88000);
	assert_true(find(ids, "999", 0, NOW) == LOG_NONE);
	ids_free(ids);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_found_by_all_of_its_key),
		cmocka_unit_test(it_is_forgotten_after_its_time),
		cmocka_unit_test(it_is_forgotten_when_it_leaves_the_ring),
		cmocka_unit_test(many_are_found),
		cmocka_unit_test(memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
