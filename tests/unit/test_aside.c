/*
 * test_aside: the lines for one alone, byte for byte, also from names and
 * texts that want to look like others, and when there is no memory.
 */
#include "config.h"

#include "worker/aside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "worker/line.h"
#include "written.h"

#define BREAK	"\xe2\x90\xa4"		/* U+2424 */
#define BAD	"\xef\xbf\xbd"		/* U+FFFD */
#define DOTS	"\xe2\x80\xa6"		/* U+2026 */

static void
who_names_all_or_counts_the_rest(void **state)
{
	struct slice names[] = {
		slice_of("+user0"), slice_of("-\xc3\xa4"), slice_of("+a\nb"),
		slice_of("-")
	};
	struct buf b;

	(void)state;
	buf_init(&b);
	expect(&b, aside_who(&b, names, 1, 0), "[server::who] user0");
	expect(&b, aside_who(&b, names, 4, 0),
	    "[server::who] user0, \xc3\xa4 (away), a" BREAK "b,  (away)");
	expect(&b, aside_who(&b, names, 2, 1),
	    "[server::who] user0, \xc3\xa4 (away), and 1 more");
	expect(&b, aside_who(&b, names, 1, UINT64_MAX),
	    "[server::who] user0, and 18446744073709551615 more");
	buf_clear(&b);
}

static void
rooms_have_their_counts(void **state)
{
	struct aside_room rooms[] = {
		{ slice_of("lab"), 12 }, { { NULL, 0 }, 3 },
		{ slice_of("a.b"), 0 }
	};
	struct buf b;

	(void)state;
	buf_init(&b);
	expect(&b, aside_rooms(&b, rooms, 3, 0),
	    "[server::rooms] lab (12), default room (3), a.b (0)");
	expect(&b, aside_rooms(&b, rooms, 1, 50),
	    "[server::rooms] lab (12), and 50 more");
	expect(&b, aside_rooms_hidden(&b),
	    "[server::rooms] are not listed here");
	buf_clear(&b);
}

static void
a_rename_is_answered(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	expect(&b, aside_nick(&b, slice_of("anna")),
	    "[server::nick] you are now anna");
	expect(&b, aside_muted(&b), "[server::error] an administrator has "
	    "muted you: nobody hears this");
	expect(&b, aside_nick_taken(&b, slice_of("anna")),
	    "[server::nick] the name anna is taken");
	expect(&b, aside_nick_impossible(&b, slice_of("\r\nserver"),
	    "it is the server's"), "[server::nick] the name " BREAK
	    "server is not possible: it is the server's");
	buf_clear(&b);
}

static void
a_move_is_answered(void **state)
{
	struct aside_room lab = { slice_of("lab"), 1 };
	struct aside_room home = { { NULL, 0 }, 20 };
	struct buf b;

	(void)state;
	buf_init(&b);
	expect(&b, aside_join(&b, &lab),
	    "[server::join] you are in lab, there are 1 users");
	expect(&b, aside_join(&b, &home), "[server::join] you are in the "
	    "default room, there are 20 users");
	expect(&b, aside_join_impossible(&b, slice_of("\x1b[2J"), "too odd"),
	    "[server::join] the room \xe2\x90\x9b[2J is not possible: "
	    "too odd");
	buf_clear(&b);
}

static void
a_whisper_has_two_ends(void **state)
{
	struct slice names[] = {
		slice_of("A"), slice_of("B"), slice_of("C:")
	};
	struct buf b;

	(void)state;
	buf_init(&b);
	expect(&b, aside_whisper_sent(&b, names, 1, slice_of("hi")),
	    "[server::whisper] to A: hi");
	expect(&b, aside_whisper_sent(&b, names, 3, slice_of("hi: there")),
	    "[server::whisper] to A, B, C:: hi: there");
	expect(&b, aside_whisper_lost(&b, names, 2),
	    "[server::whisper] not found: A, B");
	expect(&b, aside_whisper(&b, slice_of("A"), slice_of("hi  you ")),
	    "[server::whisper] from A: hi  you ");
	/* A line is what one user said, whatever it contains. */
	expect(&b, aside_whisper(&b, slice_of("A"),
	    slice_of("x\r\n[server::whisper] from B: y\xe2\x80\xa9"
	    "\xe2\x80\xae\x1b")), "[server::whisper] from A: x" BREAK
	    "[server::whisper] from B: y" BREAK BAD "\xe2\x90\x9b");
	expect(&b, aside_whisper_sent(&b, names, 1, slice_of("x\ny")),
	    "[server::whisper] to A: x" BREAK "y");
	buf_clear(&b);
}

static void
a_ping_is_answered(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	expect(&b, aside_ping(&b), "[server::ping] pong");
	/* Two lines: the caller takes the first before. */
	assert_true(aside_ping(&b));
	expect(&b, aside_ping(&b), "[server::ping] pong[server::ping] pong");
	buf_clear(&b);
}

static void
who_comes_back_is_told(void **state)
{
	const struct slice anna = { "anna", 4 }, lab = { "lab", 3 };
	const struct slice none = { NULL, 0 };
	struct buf b;

	(void)state;
	buf_init(&b);
	expect(&b, aside_resume_token(&b, "AAAAAAAAAAAAAAAAAAAAAA"),
	    "[server::resume] token AAAAAAAAAAAAAAAAAAAAAA");
	expect(&b, aside_resume_again(&b, anna, lab),
	    "[server::resume] you are anna again, in lab");
	expect(&b, aside_resume_again(&b, anna, none),
	    "[server::resume] you are anna again, in the default room");
	expect(&b, aside_resume_unknown(&b, anna),
	    "[server::resume] not known any more, you are anna");
	expect(&b, aside_resume_repeating(&b, 17),
	    "[server::resume] repeating from 17");
	expect(&b, aside_resume_lost(&b, 12, 16),
	    "[server::resume] lost 12-16");
	expect(&b, aside_resume_lost(&b, 1, UINT64_MAX),
	    "[server::resume] lost 1-18446744073709551615");
	buf_clear(&b);
}

/* 32 characters of 4 bytes are a name; what was only typed may be longer. */
static void
names_are_cut_between_characters(void **state)
{
	char name[LINE_NAME_MAX + 5], line[512];
	struct slice slice = { name, LINE_NAME_MAX };
	struct buf b;

	(void)state;
	buf_init(&b);
	for (size_t i = 0; i + 4 < sizeof(name); i += 4)
		memcpy(name + i, "\xf0\x9f\x91\xa9", 4);
	snprintf(line, sizeof(line), "[server::nick] you are now %.128s",
	    name);
	expect(&b, aside_nick(&b, slice), line);
	/* One byte in front: 128 is within a character. */
	for (size_t shift = 1; shift <= 4; shift++) {
		memset(name, 'a', shift);
		for (size_t i = shift; i + 4 < sizeof(name); i += 4)
			memcpy(name + i, "\xf0\x9f\x91\xa9", 4);
		slice.len = shift + 128;
		snprintf(line, sizeof(line), "[server::whisper] not found: "
		    "%.*s" DOTS, (int)(shift + (128 - shift) / 4 * 4), name);
		expect(&b, aside_whisper_lost(&b, &slice, 1), line);
	}
	/* What is cut is counted before it is made safe. */
	memset(name, '\n', sizeof(name));
	slice.len = 129;
	assert_true(aside_nick_taken(&b, slice));
	assert_int_equal(buf_len(&b), strlen("[server::nick] the name ") +
	    128 * 3 + strlen(DOTS " is taken"));
	buf_clear(&b);
}

/* The n-th kind of line, with one foreign text in it. */
static bool
write_kind(struct buf *b, int n, struct slice text)
{
	struct aside_room room = { text, 1 };

	switch (n) {
	case 0: return aside_who(b, &text, 1, 1);
	case 1: return aside_rooms(b, &room, 1, 1);
	case 2: return aside_rooms_hidden(b);
	case 3: return aside_nick(b, text);
	case 4: return aside_nick_taken(b, text);
	case 5: return aside_nick_impossible(b, text, "no");
	case 6: return aside_join(b, &room);
	case 7: return aside_join_impossible(b, text, "no");
	case 8: return aside_whisper_sent(b, &text, 1, text);
	case 9: return aside_whisper_lost(b, &text, 1);
	case 10: return aside_whisper(b, text, text);
	case 11: return aside_resume_token(b, "token");
	case 12: return aside_resume_again(b, text, text);
	case 13: return aside_resume_unknown(b, text);
	case 14: return aside_resume_repeating(b, 1);
	case 15: return aside_resume_lost(b, 1, 2);
	default: return aside_ping(b);
	}
}
#define KINDS	17

/* Wherever in the line the memory ends: it is all there, or nothing is. */
static void
without_memory_nothing_is_appended(void **state)
{
	struct slice text;
	struct buf b, all;
	char foreign[100];
	size_t len, before;
	bool good;

	(void)state;
	memset(foreign, 'x', sizeof(foreign));
	text = (struct slice){ foreign, sizeof(foreign) };
	buf_init(&all);
	for (int n = 0; n < KINDS; n++) {
		assert_true(write_kind(&all, n, text));
		len = buf_len(&all);
		buf_init(&b);
		mallocs_left = 0;
		assert_false(write_kind(&b, n, text));
		mallocs_left = SIZE_MAX;
		assert_int_equal(buf_len(&b), 0);
		for (size_t space = 0; space <= len; space++) {
			buf_reset(&b);
			do
				assert_true(buf_append(&b, ".", 1));
			while (b.capacity - b.end > space);
			before = buf_len(&b);
			mallocs_left = 0;
			good = write_kind(&b, n, text);
			mallocs_left = SIZE_MAX;
			assert_int_equal(good, space == len);
			assert_int_equal(buf_len(&b),
			    before + (good ? len : 0));
			assert_int_equal(buf_head(&b)[before - 1], '.');
			if (good)
				assert_memory_equal(buf_head(&b) + before,
				    buf_head(&all), len);
		}
		buf_clear(&b);
		buf_reset(&all);
	}
	buf_clear(&all);
}

static void
a_text_is_never_cut(void **state)
{
	static char text[65536];
	struct slice slice = { text, sizeof(text) };
	struct buf b;

	(void)state;
	memset(text, 'x', sizeof(text));
	buf_init(&b);
	assert_true(aside_whisper(&b, slice_of("A"), slice));
	assert_int_equal(buf_len(&b),
	    strlen("[server::whisper] from A: ") + sizeof(text));
	buf_reset(&b);
	slice.len--;
	assert_true(aside_whisper_sent(&b, &(struct slice){ "A", 1 }, 1,
	    slice));
	assert_int_equal(buf_len(&b),
	    strlen("[server::whisper] to A: ") + sizeof(text) - 1);
	buf_clear(&b);
}

/* All 256 bytes, as names and as texts: no line has a control character. */
static void
no_line_drives_a_terminal(void **state)
{
	char text[2];
	struct buf b;

	(void)state;
	buf_init(&b);
	for (int n = 0; n < KINDS; n++)
		for (int c = 0; c < 256; c++) {
			text[0] = text[1] = (char)c;
			assert_true(write_kind(&b, n,
			    (struct slice){ text, 2 }));
			for (size_t i = 0; i < buf_len(&b); i++)
				assert_true((buf_head(&b)[i] >= 0x20 &&
				    buf_head(&b)[i] != 0x7f) ||
				    buf_head(&b)[i] == '\t');
			assert_memory_equal(buf_head(&b), "[server::", 9);
			buf_reset(&b);
		}
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_names_all_or_counts_the_rest),
		cmocka_unit_test(rooms_have_their_counts),
		cmocka_unit_test(a_rename_is_answered),
		cmocka_unit_test(a_move_is_answered),
		cmocka_unit_test(a_whisper_has_two_ends),
		cmocka_unit_test(a_ping_is_answered),
		cmocka_unit_test(who_comes_back_is_told),
		cmocka_unit_test(names_are_cut_between_characters),
		cmocka_unit_test(without_memory_nothing_is_appended),
		cmocka_unit_test(a_text_is_never_cut),
		cmocka_unit_test(no_line_drives_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
