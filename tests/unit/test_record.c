/*
 * test_record - which fixed parts can be the head of a record.
 */
#include "config.h"

#include "log/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "log_fixture.h"

static const struct {
	uint64_t available;
	uint32_t length, text_len;
	uint8_t name_len, kind, route, flags;
	bool is_sane;
} heads[] = {
	{ 80, 80, 0, 0, RECORD_MESSAGE, 0, 0, true },
	{ 80, 80, 0, 0, RECORD_KEPT, LOG_ROUTES - 1, 0, true },
	{ 88, 88, 5, 3, RECORD_JOIN, 0, 0, true },
	{ 96, 96, 5, 4, RECORD_LEAVE, 0, 0, true },
	{ UINT64_MAX, 80, 0, 0, RECORD_RENAME, 0, 0, true },
	{ 96, 96, 16, 0, RECORD_ENTER, 0, 0, true },
	{ 96, 96, 16, 0, RECORD_LEAVE, 0, RECORD_TOKEN, true },
	{ 96, 96, 16, 0, RECORD_JOIN, 0, RECORD_MOVED | RECORD_TOKEN, true },
	{ 88, 88, 8, 0, RECORD_MESSAGE, 0, RECORD_ID, true },
	{ 79, 80, 0, 0, RECORD_MESSAGE, 0, 0, false },
	{ 0, 80, 0, 0, RECORD_MESSAGE, 0, 0, false },
	{ 0, 0, 0, 0, RECORD_MESSAGE, 0, 0, false },
	{ 1000, 0, 0, 0, RECORD_MESSAGE, 0, 0, false },
	{ 1000, 81, 0, 0, RECORD_MESSAGE, 0, 0, false },
	{ 1000, 88, 0, 0, RECORD_MESSAGE, 0, 0, false },
	{ 1000, 80, 1, 0, RECORD_MESSAGE, 0, 0, false },
	{ 1000, 88, 9, 0, RECORD_MESSAGE, 0, 0, false },
	{ 1000, 80, 0, 0, 0, 0, 0, false },
	{ 1000, 80, 0, 0, RECORD_KINDS, 0, 0, false },
	{ 1000, 80, 0, 0, 255, 0, 0, false },
	{ 1000, 80, 0, 0, RECORD_MESSAGE, LOG_ROUTES, 0, false },
	{ 1000, 80, 0, 0, RECORD_MESSAGE, 0, RECORD_ACTION, true },
	{ 1000, 80, 0, 0, RECORD_MESSAGE, 0, 16, false },
	{ 1000, 80, 0, 0, RECORD_MESSAGE, 0, 128, false },
	/* Sums that would wrap in 32 bits. */
	{ UINT64_MAX, 80, UINT32_MAX - 7, 8, RECORD_MESSAGE, 0, 0, false },
	{ UINT64_MAX, 72, UINT32_MAX - 7, 0, RECORD_MESSAGE, 0, 0, false },
	{ UINT64_MAX, UINT32_MAX - 7, UINT32_MAX, UINT8_MAX,
	    RECORD_MESSAGE, 0, 0, false },
};

static void
heads_are_sane_or_not(void **state)
{
	struct record record;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		memset(&record, 0xff, sizeof(record));
		record.length = heads[i].length;
		record.text_len = heads[i].text_len;
		record.name_len = heads[i].name_len;
		record.kind = heads[i].kind;
		record.route = heads[i].route;
		record.flags = heads[i].flags;
		if (record_is_sane(&record, heads[i].available) !=
		    heads[i].is_sane)
			fail_msg("row %zu", i);
	}
}

static void
lengths_are_rounded_up(void **state)
{
	(void)state;
	assert_int_equal(record_length(0, 0), 80);
	assert_int_equal(record_length(1, 0), 88);
	assert_int_equal(record_length(3, 5), 88);
	assert_int_equal(record_length(4, 5), 96);
	assert_true(record_length_max(LOG_SIZE_MIN) >=
	    record_length(32, LOG_SIZE_MIN / 16));
	assert_int_equal(record_length_max(LOG_SIZE_MIN) % RECORD_ALIGN, 0);
}

static void
the_checksum_covers_all_that_follows_it(void **state)
{
	union {
		struct record record;
		uint8_t bytes[96];
	} u;
	uint32_t sum;
	size_t i;

	(void)state;
	memset(&u, 0, sizeof(u));
	u.record.length = sizeof(u);
	u.record.kind = RECORD_MESSAGE;
	u.record.text_len = 10;
	sum = record_checksum(&u.record);
	u.record.checksum = sum;
	assert_int_equal(record_checksum(&u.record), sum);
	for (i = 8; i < sizeof(u); i++) {
		u.bytes[i] ^= 0x10;
		assert_int_not_equal(record_checksum(&u.record), sum);
		u.bytes[i] ^= 0x10;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_sane_or_not),
		cmocka_unit_test(lengths_are_rounded_up),
		cmocka_unit_test(the_checksum_covers_all_that_follows_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
