/*
 * test_utf8: the incremental UTF-8 check, by table, by all short inputs
 * against a plain definition, and in all splits.
 */
#include "config.h"

#include "ws/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"

enum { WHOLE = -1, PART = -2 };   /* or the place of the first wrong byte */

static const struct {
	const char *text;
	int result;
} rows[] = {
	{ "", WHOLE },
	{ "hello", WHOLE },
	{ "\x01\x7f", WHOLE },
	{ "0123456701234567", WHOLE },
	{ "0123456\xc3\xa4" "01234567\xc3\xa4", WHOLE },
	{ "01234567\x80", 8 },
	{ "0123456\xff", 7 },
	/* first and last of each length */
	{ "\xc2\x80", WHOLE },
	{ "\xdf\xbf", WHOLE },
	{ "\xe0\xa0\x80", WHOLE },
	{ "\xef\xbf\xbf", WHOLE },
	{ "\xf0\x90\x80\x80", WHOLE },
	{ "\xf4\x8f\xbf\xbf", WHOLE },
	/* around the surrogates */
	{ "\xed\x9f\xbf", WHOLE },
	{ "\xee\x80\x80", WHOLE },
	{ "\xed\xa0\x80", 1 },
	{ "\xed\xad\xbf", 1 },
	{ "\xed\xae\x80", 1 },
	{ "\xed\xbf\xbf", 1 },
	{ "\xed\xa0\x80\xed\xb0\x80", 1 },
	/* noncharacters are characters here */
	{ "\xef\xbf\xbe", WHOLE },
	{ "\xef\xb7\x90", WHOLE },
	{ "\xf0\x9f\xbf\xbe", WHOLE },
	/* overlong */
	{ "\xc0\x80", 0 },
	{ "\xc0\xaf", 0 },
	{ "\xc1\xbf", 0 },
	{ "\xe0\x80\x80", 1 },
	{ "\xe0\x9f\xbf", 1 },
	{ "\xf0\x80\x80\x80", 1 },
	{ "\xf0\x8f\xbf\xbf", 1 },
	/* above U+10FFFF, and lead bytes that are none */
	{ "\xf4\x90\x80\x80", 1 },
	{ "\xf5\x80\x80\x80", 0 },
	{ "\xf7\xbf\xbf\xbf", 0 },
	{ "\xf8\x88\x80\x80\x80", 0 },
	{ "\xfc\x84\x80\x80\x80\x80", 0 },
	{ "\xfe", 0 },
	{ "\xff", 0 },
	/* continuation where none is due, none where one is due */
	{ "\x80", 0 },
	{ "\xbf", 0 },
	{ "a\x80", 1 },
	{ "\xc3\xa4\xa4", 2 },
	{ "\xc3(", 1 },
	{ "\xc3\xc3", 1 },
	{ "\xe2\x82(", 2 },
	{ "\xe2(\xac", 1 },
	{ "\xf0\x9f\x98(", 3 },
	{ "\xf0\x9f(\x80", 2 },
	{ "\xf0\x9f\x98\xc0", 3 },
	{ "\xf0\x9f\x98\xf0", 3 },
	/* cut short */
	{ "\xc2", PART },
	{ "\xe2", PART },
	{ "\xe2\x82", PART },
	{ "\xf0", PART },
	{ "\xf0\x9f", PART },
	{ "\xf0\x9f\x98", PART },
	{ "\xf4\x8f", PART },
	{ "text \xe2\x82", PART },
	/* the classics */
	{ "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", WHOLE },
	{ "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80"
	    "edited", 12 },
	{ "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80", 12 },
	{ "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", WHOLE },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static struct guard guard;

/* Feeds in pieces of `step`; each piece lies against the guard page. */
static int
check_in_steps(const char *text, size_t len, size_t step)
{
	struct utf8 utf8;
	size_t at, n;

	utf8_init(&utf8);
	for (at = 0; at < len; at += n) {
		n = len - at < step ? len - at : step;
		if (!utf8_feed(&utf8, guard_lay(&guard, text + at, n), n)) {
			assert_false(utf8_is_complete(&utf8));
			assert_false(utf8_feed(&utf8,
			    (const uint8_t *)"a", 1));
			assert_false(utf8_feed(&utf8,
			    (const uint8_t *)"\x80", 1));
			return (int)at;
		}
	}
	return utf8_is_complete(&utf8) ? WHOLE : PART;
}

static void
each_row_byte_by_byte(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROWS; i++)
		assert_int_equal(check_in_steps(rows[i].text,
		    strlen(rows[i].text), 1), rows[i].result);
}

static void
each_row_in_bigger_pieces_and_behind_ascii(void **state)
{
	char text[64];
	size_t i, step, before, len;
	int result;

	(void)state;
	for (i = 0; i < ROWS; i++)
	for (before = 0; before <= 17; before++) {
		len = strlen(rows[i].text);
		memset(text, 'x', before);
		memcpy(text + before, rows[i].text, len);
		len += before;
		for (step = 1; step <= len; step++) {
			result = check_in_steps(text, len, step);
			if (rows[i].result < 0)
				assert_int_equal(result, rows[i].result);
			else
				assert_int_equal(result, ((size_t)
				    rows[i].result + before) / step * step);
		}
	}
}

/* What the standard says, the long way: decode, then look at the number. */
static bool
is_code_point(const uint8_t *b, size_t len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c;
	size_t i;

	if (len == 1)
		return b[0] < 0x80;
	if ((unsigned)b[0] >> (7 - len) != (1u << (len + 1)) - 2)
		return false;
	c = b[0] & ((1u << (7 - len)) - 1);
	for (i = 1; i < len; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return false;
		c = c << 6 | (b[i] & 0x3f);
	}
	return c >= least[len] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
}

static bool
is_text(const uint8_t *b, size_t len)
{
	size_t n;

	if (len == 0)
		return true;
	for (n = 1; n <= 4 && n <= len; n++)
		if (is_code_point(b, n))
			return is_text(b + n, len - n);
	return false;
}

/* Three bytes each from all, four from those at the edges of a range. */
static void
all_short_inputs_agree_with_the_definition(void **state)
{
	static const uint8_t edges[] = {
		0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0,
		0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0,
		0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff
	};
	const size_t n = sizeof(edges);
	struct utf8 utf8;
	uint8_t b[4];
	size_t i, len;
	bool is_good;

	(void)state;
	for (i = 0; i < 256 * 256; i++) {
		b[0] = (uint8_t)i;
		b[1] = (uint8_t)(i >> 8);
		for (len = 1; len <= 2; len++) {
			utf8_init(&utf8);
			is_good = utf8_feed(&utf8, b, len) &&
			    utf8_is_complete(&utf8);
			assert_true(is_good == is_text(b, len));
		}
	}
	for (i = 0; i < n * n * n * n; i++) {
		b[0] = edges[i % n];
		b[1] = edges[i / n % n];
		b[2] = edges[i / n / n % n];
		b[3] = edges[i / n / n / n];
		for (len = 3; len <= 4; len++) {
			utf8_init(&utf8);
			is_good = utf8_feed(&utf8, b, len) &&
			    utf8_is_complete(&utf8);
			assert_true(is_good == is_text(b, len));
		}
	}
}

static void
every_code_point_passes(void **state)
{
	uint8_t b[4];
	struct utf8 utf8;
	uint32_t c;

	(void)state;
	utf8_init(&utf8);
	for (c = 0x10000; c <= 0x10ffff; c++) {
		b[0] = (uint8_t)(0xf0 | c >> 18);
		b[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
		b[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		b[3] = (uint8_t)(0x80 | (c & 0x3f));
		if (!utf8_feed(&utf8, b, 4) || !utf8_is_complete(&utf8))
			fail_msg("U+%X", (unsigned)c);
	}
	for (c = 0x800; c <= 0xffff; c++) {
		b[0] = (uint8_t)(0xe0 | c >> 12);
		b[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		b[2] = (uint8_t)(0x80 | (c & 0x3f));
		utf8_init(&utf8);
		if (utf8_feed(&utf8, b, 3) != (c < 0xd800 || c > 0xdfff))
			fail_msg("U+%X", (unsigned)c);
	}
}

static void
nothing_is_complete_and_accepted(void **state)
{
	struct utf8 utf8;

	(void)state;
	utf8_init(&utf8);
	assert_true(utf8_is_complete(&utf8));
	assert_true(utf8_feed(&utf8, NULL, 0));
	assert_true(utf8_is_complete(&utf8));
}

static int
set_up(void **state)
{
	(void)state;
	guard_open(&guard, 64);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	guard_close(&guard);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_complete_and_accepted),
		cmocka_unit_test(each_row_byte_by_byte),
		cmocka_unit_test(each_row_in_bigger_pieces_and_behind_ascii),
		cmocka_unit_test(all_short_inputs_agree_with_the_definition),
		cmocka_unit_test(every_code_point_passes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
