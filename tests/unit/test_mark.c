/*
 * Tests of mark.c: what is written is read again, behind anything, and nothing
 * else is.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/mark.h"

static const struct mark example = { 0xabcdef, 7, 0xfffffffe, 1ULL << 63 };

static void
a_mark_is_read_behind_a_name(void **state)
{
	char text[100] = "[user0]: ";
	size_t at = strlen(text);
	struct mark m;

	(void)state;
	mark_write(&example, text + at);
	assert_true(mark_read(text, at + MARK_BYTES, &m));
	assert_int_equal(m.run, example.run);
	assert_int_equal(m.sender, example.sender);
	assert_int_equal(m.counter, example.counter);
	assert_true(m.due_ns == example.due_ns);
}

static void
what_is_cut_or_changed_is_no_mark(void **state)
{
	char *text;
	struct mark m;
	size_t n;

	(void)state;
	for (n = 1; n < MARK_BYTES; n++) {
		char whole[MARK_BYTES];

		mark_write(&example, whole);
		/* Memory of its own, so that a byte too far is seen. */
		text = malloc(n);
		assert_non_null(text);
		memcpy(text, whole, n);
		assert_false(mark_read(text, n, &m));
		free(text);
		whole[n] = 'g';
		assert_false(mark_read(whole, MARK_BYTES, &m));
	}
	assert_false(mark_read("", 0, &m));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mark_is_read_behind_a_name),
		cmocka_unit_test(what_is_cut_or_changed_is_no_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
