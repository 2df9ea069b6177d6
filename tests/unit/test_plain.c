/*
 * test_plain - nothing that somebody says ends a line or drives a terminal.
 */
#include "config.h"

#include "base/plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"

#define BREAK	"\xe2\x90\xa4"		/* U+2424 */
#define BAD	"\xef\xbf\xbd"		/* U+FFFD */

static void
assert_safe(const void *text, size_t len, const void *safe, size_t safe_len)
{
	uint8_t *out = malloc(safe_len + 1);
	struct guard guard;
	const uint8_t *laid;

	guard_open(&guard, len + 1);
	laid = guard_lay(&guard, text, len);
	assert_int_equal(plain_length(laid, len), safe_len);
	memset(out, 0x5a, safe_len + 1);
	assert_int_equal(plain_write(out, safe_len, laid, len),
	    safe_len);
	assert_memory_equal(out, safe, safe_len);
	assert_int_equal(out[safe_len], 0x5a);
	guard_close(&guard);
	free(out);
}

static void
assert_safe_text(const char *text, const char *safe)
{
	assert_safe(text, strlen(text), safe, strlen(safe));
}

static void
plain_texts_stay(void **state)
{
	static const char *const texts[] = {
		"", "a", "hello, world", "tab\there", "~!@#$%^&*()",
		"\xc3\xa4\xc3\xb6\xc3\xbc", "\xe2\x82\xac", "\xe2\x80\x94",
		"\xe2\x80\x8d", "\xe2\x80\x8c", "\xef\xb8\x8f",	/* joiners */
		"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80",
		"\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa",
		"\xc2\xa0", "\xc2\xbf", "\xe2\x90\xa4", "\xef\xbf\xbd",
		"\xe3\x80\xa8", "\xe1\x80\xaa"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_safe_text(texts[i], texts[i]);
}

static void
every_line_break_becomes_a_picture(void **state)
{
	(void)state;
	assert_safe_text("a\nb", "a" BREAK "b");
	assert_safe_text("a\rb", "a" BREAK "b");
	assert_safe_text("a\r\nb", "a" BREAK "b");
	assert_safe_text("a\n\rb", "a" BREAK BREAK "b");
	assert_safe_text("\r\r\n\n", BREAK BREAK BREAK);
	assert_safe_text("\r", BREAK);
	assert_safe_text("a\xc2\x85" "b", "a" BREAK "b");
	assert_safe_text("a\xe2\x80\xa8" "b", "a" BREAK "b");
	assert_safe_text("a\xe2\x80\xa9" "b", "a" BREAK "b");
	assert_safe_text("x\n[server] y", "x" BREAK "[server] y");
}

static void
controls_become_pictures(void **state)
{
	uint8_t byte, picture[3] = { 0xe2, 0x90, 0 };
	char c1[3] = "\xc2", bidi[4] = "\xe2";

	(void)state;
	for (byte = 0; byte < 0x20; byte++) {
		if (byte == '\t' || byte == '\n' || byte == '\r')
			continue;
		picture[2] = (uint8_t)(0x80 + byte);
		assert_safe(&byte, 1, picture, 3);
	}
	assert_safe_text("\x7f", "\xe2\x90\xa1");
	assert_safe_text("\x1b[31m", "\xe2\x90\x9b[31m");
	for (unsigned c = 0x80; c < 0xa0; c++) {
		c1[1] = (char)c;
		assert_safe_text(c1, c == 0x85 ? BREAK : BAD);
	}
	for (unsigned c = 0x202a; c <= 0x2069;
	    c += c == 0x202e ? 0x2066 - 0x202e : 1) {
		bidi[1] = (char)(0x80 | (c >> 6 & 0x3f));
		bidi[2] = (char)(0x80 | (c & 0x3f));
		assert_safe_text(bidi, BAD);
	}
}

/* Whatever the bytes, no control and no line break comes out. */
static void
bytes_that_are_not_utf8_hide_nothing(void **state)
{
	(void)state;
	assert_safe_text("\xe2\n\x1b", "\xe2" BREAK "\xe2\x90\x9b");
	assert_safe_text("\xe2\x80\n", "\xe2\x80" BREAK);
	assert_safe_text("\xe2\xe2\x80\xaa", "\xe2" BAD);
	assert_safe_text("\xe2\xc2\x85", "\xe2" BREAK);
	assert_safe_text("\xc2\n", "\xc2" BREAK);
	assert_safe_text("\xf0\r\n", "\xf0" BREAK);
	assert_safe_text("a\xe2", "a\xe2");
	assert_safe_text("a\xe2\x80", "a\xe2\x80");
	assert_safe_text("a\xc2", "a\xc2");
	for (unsigned seed = 1; seed < 20000; seed++) {
		static const uint8_t alphabet[] = {
			0xe2, 0x80, 0x81, 0xa8, 0xaa, 0xc2, 0x85, '\n', '\r',
			'\t', 0x1b, 0x7f, 'a', 0xf0, 0x9f, 0
		};
		uint8_t text[12], out[36];
		uint64_t r = seed * UINT64_C(0x9e3779b97f4a7c15);
		size_t len;

		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = alphabet[r >> (4 * i) & 15];
		len = plain_write(out, sizeof(out), text,
		    sizeof(text));
		assert_int_equal(len, plain_length(text,
		    sizeof(text)));
		for (size_t i = 0; i < len; i++)
			assert_true((out[i] >= 0x20 || out[i] == '\t') &&
			    out[i] != 0x7f);
	}
}

/* The text changed after it was measured: the limit holds. */
static void
nothing_is_written_beyond_the_limit(void **state)
{
	static const char *const texts[] = {
		"plain text only", "\n\n\n\n", "a\nb\nc\n", "\xe2\x80\xaa!!",
		"\xc2\x9b\xc2\x9b", "ends with a break\n", "\xe2\x82\xac",
		"\r\n\r\n"
	};
	struct guard guard;

	(void)state;
	guard_open(&guard, 64);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (size_t limit = 0; limit < 40; limit++) {
			/* The last byte that may be written is the limit's. */
			uint8_t *out = guard_lay(&guard, "", 0) - limit;
			size_t len;

			memset(out, 0, limit);
			len = plain_write(out, limit,
			    (const uint8_t *)texts[i], strlen(texts[i]));
			assert_true(len <= limit);
			assert_true(len <= plain_length(
			    (const uint8_t *)texts[i], strlen(texts[i])));
		}
	guard_close(&guard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_texts_stay),
		cmocka_unit_test(every_line_break_becomes_a_picture),
		cmocka_unit_test(controls_become_pictures),
		cmocka_unit_test(bytes_that_are_not_utf8_hide_nothing),
		cmocka_unit_test(nothing_is_written_beyond_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
