/*
 * test_buf - bytes come out as they went in, however they are taken.
 */
#include "config.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
an_empty_one_has_no_memory(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	assert_int_equal(buf_len(&b), 0);
	assert_true(buf_append(&b, NULL, 0));
	buf_consume(&b, 0);
	buf_reset(&b);
	assert_int_equal(b.capacity, 0);
	buf_clear(&b);
	assert_non_null(buf_reserve(&b, 1));
	assert_int_equal(buf_len(&b), 0);
	buf_clear(&b);
	assert_null(b.data);
}

static void
reserved_bytes_count_when_committed(void **state)
{
	uint8_t *to;
	struct buf b;

	(void)state;
	buf_init(&b);
	to = buf_reserve(&b, 10);
	memcpy(to, "abcdefghij", 10);
	assert_int_equal(buf_len(&b), 0);
	buf_commit(&b, 4);
	assert_int_equal(buf_len(&b), 4);
	assert_memory_equal(buf_head(&b), "abcd", 4);
	buf_consume(&b, 3);
	assert_true(buf_append(&b, "xyz", 3));
	assert_memory_equal(buf_head(&b), "dxyz", 4);
	buf_uncommit(&b, 1);
	assert_memory_equal(buf_head(&b), "dxy", buf_len(&b));
	buf_uncommit(&b, 0);
	assert_int_equal(buf_len(&b), 3);
	buf_consume(&b, 3);
	assert_int_equal(b.begin, 0);
	assert_int_equal(b.end, 0);
	buf_clear(&b);
}

/* Memory does not grow while what waits stays short. */
static void
a_moving_window_stays_small(void **state)
{
	uint8_t chunk[100];
	struct buf b;

	(void)state;
	buf_init(&b);
	memset(chunk, 'x', sizeof(chunk));
	for (unsigned i = 0; i < 10000; i++) {
		assert_true(buf_append(&b, chunk, sizeof(chunk)));
		if (buf_len(&b) > 200)
			buf_consume(&b, 100);
	}
	assert_true(b.capacity <= 1024);
	buf_clear(&b);
}

static void
bytes_come_out_as_they_went_in(void **state)
{
	uint64_t seed = 1, in = 0, out = 0;
	uint8_t bytes[3000], *to;
	size_t len;
	struct buf b;

	(void)state;
	buf_init(&b);
	for (unsigned i = 0; i < 20000; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		len = (seed >> 33) % (seed >> 32 & 1 ? 3000 : 20);
		if (seed >> 60 < 8) {
			for (size_t k = 0; k < len; k++)
				bytes[k] = (uint8_t)((in + k) * 31 >> 3);
			if (seed >> 31 & 1) {
				assert_true(buf_append(&b, bytes, len));
			} else {
				to = buf_reserve(&b, len + 7);
				assert_non_null(to);
				memcpy(to, bytes, len);
				buf_commit(&b, len);
			}
			in += len;
		} else {
			if (len > buf_len(&b))
				len = buf_len(&b);
			for (size_t k = 0; k < len; k++)
				if (buf_head(&b)[k] !=
				    (uint8_t)((out + k) * 31 >> 3))
					fail();
			buf_consume(&b, len);
			out += len;
		}
		assert_int_equal(buf_len(&b), in - out);
	}
	assert_true(out > 1000000);
	buf_clear(&b);
}

static void
what_cannot_be_had_is_refused(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	assert_true(buf_append(&b, "kept", 4));
	assert_null(buf_reserve(&b, SIZE_MAX));
	assert_null(buf_reserve(&b, SIZE_MAX / 2));
	assert_null(buf_reserve(&b, SIZE_MAX - 3));
	assert_int_equal(buf_len(&b), 4);
	assert_memory_equal(buf_head(&b), "kept", 4);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_one_has_no_memory),
		cmocka_unit_test(reserved_bytes_count_when_committed),
		cmocka_unit_test(a_moving_window_stays_small),
		cmocka_unit_test(bytes_come_out_as_they_went_in),
		cmocka_unit_test(what_cannot_be_had_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
