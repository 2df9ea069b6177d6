/*
 * test_lines - a pipe's bytes, cut into lines.
 */
#include "config.h"

#include "client/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Takes all that is whole and appends "line|" for each, "!|" for a long
 * one. */
static void
take(struct lines *lines, bool is_end, char *story)
{
	enum lines_result result;
	const uint8_t *line;
	size_t len;

	while ((result = lines_next(lines, is_end, &line, &len)) !=
	    LINES_NONE)
		sprintf(story + strlen(story), "%.*s|",
		    result == LINES_ONE ? (int)len : 1,
		    result == LINES_ONE ? (const char *)line : "!");
}

static void
lines_end_with_lf_or_crlf_or_the_input(void **state)
{
	static const struct {
		const char *input, *story;
	} cases[] = {
		{ "", "" }, { "a\n", "a|" }, { "a", "a|" },
		{ "a\nb\n", "a|b|" }, { "a\r\nb\r\n", "a|b|" },
		{ "\n\n", "||" }, { "\r\n", "|" }, { "a\rb\n", "a\rb|" },
		{ "a\r", "a|" }, { "a\r\r\n", "a\r|" },
	};
	char story[64];
	struct lines lines;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t step = 1; step < 8; step++) {
			const char *at = cases[i].input;
			size_t left = strlen(at), n;

			lines_init(&lines);
			story[0] = '\0';
			for (; left > 0; at += n, left -= n) {
				n = left < step ? left : step;
				assert_true(buf_append(&lines.in, at, n));
				take(&lines, false, story);
			}
			take(&lines, true, story);
			assert_string_equal(story, cases[i].story);
			lines_clear(&lines);
		}
}

static void
a_line_that_is_too_long_is_dropped_alone(void **state)
{
	static const size_t lengths[] = {
		LINES_MAX, LINES_MAX + 1, 3 * LINES_MAX
	};
	size_t i, at, most;
	char *story = malloc(2 * LINES_MAX);
	struct lines lines;

	(void)state;
	for (i = 0; i < 3; i++) {
		lines_init(&lines);
		story[0] = '\0';
		most = 0;
		assert_true(buf_append(&lines.in, "a\n", 2));
		for (at = 0; at < lengths[i]; at++) {
			assert_true(buf_append(&lines.in, "x", 1));
			if (at % 4096 == 0)
				take(&lines, false, story);
			if (buf_len(&lines.in) > most)
				most = buf_len(&lines.in);
		}
		assert_true(buf_append(&lines.in, "\nb\n", 3));
		take(&lines, false, story);
		if (lengths[i] > LINES_MAX)
			assert_string_equal(story, "a|!|b|");
		assert_true(most <= LINES_MAX + 2 * 4096);
		assert_int_equal(lines.count, 3);
		lines_clear(&lines);
	}
	free(story);
}

static void
the_end_may_be_within_a_long_line(void **state)
{
	uint8_t *big = calloc(1, LINES_MAX + 2);
	const uint8_t *line;
	struct lines lines;
	size_t len;

	(void)state;
	lines_init(&lines);
	assert_true(buf_append(&lines.in, big, LINES_MAX + 2));
	assert_int_equal(lines_next(&lines, false, &line, &len), LINES_NONE);
	assert_int_equal(buf_len(&lines.in), 0);
	assert_int_equal(lines_next(&lines, true, &line, &len), LINES_LONG);
	assert_int_equal(lines_next(&lines, true, &line, &len), LINES_NONE);
	lines_clear(&lines);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_end_with_lf_or_crlf_or_the_input),
		cmocka_unit_test(a_line_that_is_too_long_is_dropped_alone),
		cmocka_unit_test(the_end_may_be_within_a_long_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
