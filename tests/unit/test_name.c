/*
 * test_name - which names there are, and which of them are the same.
 *
 * Look-alikes and what is not seen are written as escapes, so that this file
 * can be read.
 */
#include "config.h"

#include "broker/name.h"
#include "broker/nametable.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/sandbox.h"
#include "broker/naming.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define X8(s)		s s s s s s s s
#define X32(s)		X8(s) X8(s) X8(s) X8(s)

static struct names *names;

static int
setup(void **state)
{
	const char *why;

	(void)state;
	if (names != NULL)
		return 0;
	names = name_open(&why);
	if (names == NULL)
		print_error("%s\n", why);
	return names == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	name_close(names);
	return 0;
}

static const struct {
	enum name_verdict verdict;
	const char *text;
} table[] = {
	/* words of the world */
	{ NAME_GOOD, "a" },
	{ NAME_GOOD, "Bob" },
	{ NAME_GOOD, "_x" },
	{ NAME_GOOD, "7of9" },
	{ NAME_GOOD, "42" },
	{ NAME_GOOD, "mary-jane" },
	{ NAME_GOOD, "J.R.R.Tolkien" },
	{ NAME_GOOD, "O'Brien" },
	{ NAME_GOOD, "O\u2019Brien" },
	{ NAME_GOOD, "snake_case_" },
	{ NAME_GOOD, "Bob." },
	{ NAME_GOOD, "Zoë" },
	{ NAME_GOOD, "Zoe\u0308" },
	{ NAME_GOOD, "Strauß" },
	{ NAME_GOOD, "Łukasz" },
	{ NAME_GOOD, "İlknur" },
	{ NAME_GOOD, "Nguyễn" },
	{ NAME_GOOD, "Þór" },
	{ NAME_GOOD, "col\u00b7lega" },
	{ NAME_GOOD, "Иван" },
	{ NAME_GOOD, "Мар\u2019яна" },
	{ NAME_GOOD, "Ёжик" },
	{ NAME_GOOD, "Ελένη" },
	{ NAME_GOOD, "Արամ" },
	{ NAME_GOOD, "თამარ" },
	{ NAME_GOOD, "ᏣᎳᎩ" },
	{ NAME_GOOD, "דוד" },
	{ NAME_GOOD, "דוד5" },
	{ NAME_GOOD, "שלו\u05b9" },
	{ NAME_GOOD, "ג\u05f3ורג\u05f3" },
	{ NAME_GOOD, "רמב\u05f4ם" },
	{ NAME_GOOD, "محمد" },
	{ NAME_GOOD, "محمد7" },
	{ NAME_GOOD, "محمد\u0667" },
	{ NAME_GOOD, "مُحَمَّد" },
	{ NAME_GOOD, "علی\u200cرضا" },	/* A.1 */
	{ NAME_GOOD, "अमित" },
	{ NAME_GOOD, "क्\u200dष" },		/* A.2 */
	{ NAME_GOOD, "क्\u200cष" },
	{ NAME_GOOD, "অমিত" },
	{ NAME_GOOD, "குமார்" },
	{ NAME_GOOD, "సీత" },
	{ NAME_GOOD, "น้ำ" },		/* AM: compat */
	{ NAME_GOOD, "ສົມຊາຍ" },
	{ NAME_GOOD, "ကြွေး" },
	{ NAME_GOOD, "សុខ" },
	{ NAME_GOOD, "བསོད" },
	{ NAME_GOOD, "አበበ" },
	{ NAME_GOOD, "小明" },
	{ NAME_GOOD, "さくら" },
	{ NAME_GOOD, "サクラ" },
	{ NAME_GOOD, "ジョン\u30fbスミス" },
	{ NAME_GOOD, "サー\u30fbジョン" },
	{ NAME_GOOD, "\uff7b\uff78\uff97" },	/* narrow */
	{ NAME_GOOD, "\uff22\uff4f\uff42" },	/* wide */
	{ NAME_GOOD, "민수" },
	{ NAME_GOOD, "\u1106\u1175\u11ab\u1109\u116e" },
	{ NAME_GOOD, "東京Tom" },
	{ NAME_GOOD, "TomИван" },
	{ NAME_GOOD, "\U00010330\U00010331" },	/* Gothic */
	{ NAME_GOOD, "\U00020000" },		/* Han, plane 2 */
	{ NAME_GOOD, "a\u0301\u0302\u0303\u0304" },
	{ NAME_GOOD, "used" },
	{ NAME_GOOD, "user" },
	{ NAME_GOOD, "username" },
	{ NAME_GOOD, "user1x" },
	{ NAME_GOOD, "xuser1" },
	{ NAME_GOOD, "observer" },
	{ NAME_GOOD, "serverin" },
	{ NAME_GOOD, "admin" },

	/* length: of NFC, in characters */
	{ NAME_EMPTY, "" },
	{ NAME_GOOD, X32("a") },
	{ NAME_TOO_LONG, X32("a") "a" },
	{ NAME_GOOD, X32("小") },
	{ NAME_GOOD, X32("\U00020000") },
	{ NAME_TOO_LONG, X32("\U00020000") "a" },
	{ NAME_GOOD, X32("e\u0301") },
	{ NAME_TOO_LONG, X32("e\u0301") "e" },
	{ NAME_GOOD, X32("\u03b1\u0313\u0301\u0345") },	/* four are one */
	{ NAME_TOO_LONG, X32("q\u0301") },	/* does not compose */
	{ NAME_TOO_LONG, X32("\u0958") },	/* comes apart in NFC */
	{ NAME_TOO_LONG, X32(X32("a")) },

	/* what separates, frames, opens a command or a line */
	{ NAME_BAD_CHARACTER, "a,b" },
	{ NAME_BAD_CHARACTER, "a\uff0cb" },
	{ NAME_BAD_CHARACTER, "[x" },
	{ NAME_BAD_CHARACTER, "x]" },
	{ NAME_BAD_CHARACTER, "[server" },
	{ NAME_BAD_CHARACTER, "[server]" },
	{ NAME_BAD_CHARACTER, "server::who" },
	{ NAME_BAD_CHARACTER, "\uff3bserver\uff3d" },
	{ NAME_BAD_CHARACTER, "x:" },
	{ NAME_BAD_CHARACTER, "x\uff1a" },
	{ NAME_BAD_CHARACTER, "/who" },
	{ NAME_BAD_CHARACTER, "a/b" },
	{ NAME_BAD_CHARACTER, "*" },
	{ NAME_BAD_CHARACTER, "* x" },
	{ NAME_BAD_CHARACTER, "\"x\"" },
	{ NAME_BAD_CHARACTER, "a\\b" },
	{ NAME_BAD_CHARACTER, "a|b" },
	{ NAME_BAD_CHARACTER, "<b>" },
	{ NAME_BAD_CHARACTER, "a&amp;b" },
	{ NAME_BAD_CHARACTER, "@bob" },
	{ NAME_BAD_CHARACTER, "#room" },
	{ NAME_BAD_CHARACTER, "a=b" },
	{ NAME_BAD_CHARACTER, "a;b" },
	{ NAME_BAD_CHARACTER, "a?" },
	{ NAME_BAD_CHARACTER, "a!" },
	{ NAME_BAD_CHARACTER, "(a)" },
	{ NAME_BAD_CHARACTER, "{a}" },
	{ NAME_BAD_CHARACTER, "`a`" },
	{ NAME_BAD_CHARACTER, "$a" },
	{ NAME_BAD_CHARACTER, "a%s" },
	{ NAME_BAD_CHARACTER, "a+b" },
	{ NAME_BAD_CHARACTER, "~a" },
	{ NAME_BAD_CHARACTER, "a^" },
	{ NAME_BAD_CHARACTER, "-x" },
	{ NAME_BAD_CHARACTER, ".x" },
	{ NAME_BAD_CHARACTER, "'x" },
	{ NAME_BAD_CHARACTER, "\u2019x" },
	{ NAME_BAD_CHARACTER, "_" },
	{ NAME_BAD_CHARACTER, "_._" },
	{ NAME_BAD_CHARACTER, "a\u2010b" },
	{ NAME_BAD_CHARACTER, "a\u2014b" },

	/* white space and ends of lines */
	{ NAME_BAD_CHARACTER, " " },
	{ NAME_BAD_CHARACTER, " a" },
	{ NAME_BAD_CHARACTER, "a " },
	{ NAME_BAD_CHARACTER, "a b" },
	{ NAME_BAD_CHARACTER, "a\tb" },
	{ NAME_BAD_CHARACTER, "a\nb" },
	{ NAME_BAD_CHARACTER, "a\r" },
	{ NAME_BAD_CHARACTER, "a\vb" },
	{ NAME_BAD_CHARACTER, "a\xc2\x85" },
	{ NAME_BAD_CHARACTER, "a\u00a0b" },
	{ NAME_BAD_CHARACTER, "a\u2003b" },
	{ NAME_BAD_CHARACTER, "a\u2028b" },
	{ NAME_BAD_CHARACTER, "a\u2029b" },
	{ NAME_BAD_CHARACTER, "a\u3000b" },
	{ NAME_BAD_CHARACTER, "a\u1680b" },
	{ NAME_BAD_CHARACTER, "a\u2800b" },	/* Braille's blank */

	/* what is not seen, or drives the terminal */
	{ NAME_BAD_CHARACTER, "a\001" },
	{ NAME_BAD_CHARACTER, "\033[31m" },
	{ NAME_BAD_CHARACTER, "a\177" },
	{ NAME_BAD_CHARACTER, "a\xc2\x9b" },
	{ NAME_BAD_CHARACTER, "a\u00ad" "b" },
	{ NAME_BAD_CHARACTER, "a\u034f" "b" },
	{ NAME_BAD_CHARACTER, "a\u061c" "b" },
	{ NAME_BAD_CHARACTER, "a\u115f" "b" },
	{ NAME_BAD_CHARACTER, "a\u180e" "b" },
	{ NAME_BAD_CHARACTER, "a\u200b" "b" },
	{ NAME_BAD_CHARACTER, "a\u200c" "b" },
	{ NAME_BAD_CHARACTER, "a\u200d" "b" },
	{ NAME_BAD_CHARACTER, "a\u200e" "b" },
	{ NAME_BAD_CHARACTER, "a\u200f" "b" },
	{ NAME_BAD_CHARACTER, "a\u202e" "b" },
	{ NAME_BAD_CHARACTER, "a\u2060" "b" },
	{ NAME_BAD_CHARACTER, "a\u2066" "b" },
	{ NAME_BAD_CHARACTER, "a\u3164" "b" },
	{ NAME_BAD_CHARACTER, "a\ufe0f" },
	{ NAME_BAD_CHARACTER, "\ufeff" "a" },
	{ NAME_BAD_CHARACTER, "a\uffa0" },
	{ NAME_BAD_CHARACTER, "a\ufff9" "b" },
	{ NAME_BAD_CHARACTER, "a\U000e0041" },
	{ NAME_BAD_CHARACTER, "a\U000e0100" },
	{ NAME_BAD_CHARACTER, "محمد\u200d" },
	{ NAME_BAD_CHARACTER, "علی\u200dرضا" },
	{ NAME_BAD_CHARACTER, "دا\u200cرا" },	/* none joins */
	{ NAME_BAD_CHARACTER, "क्\u200d" },
	{ NAME_BAD_CHARACTER, "\u200d" "a" },

	/* no characters */
	{ NAME_BAD_CHARACTER, "a\u0378" },
	{ NAME_BAD_CHARACTER, "a\ue000" },
	{ NAME_BAD_CHARACTER, "a\ufffd" },
	{ NAME_BAD_CHARACTER, "a\uffff" },
	{ NAME_BAD_CHARACTER, "a\U000f0000" },
	{ NAME_BAD_CHARACTER, "a\U0010ffff" },
	{ NAME_BAD_CHARACTER, "a\xff" },
	{ NAME_BAD_CHARACTER, "a\xc3" },
	{ NAME_BAD_CHARACTER, "\xa9" "a" },
	{ NAME_BAD_CHARACTER, "\xc0\xaf" },
	{ NAME_BAD_CHARACTER, "\xed\xa0\x80" },
	{ NAME_BAD_CHARACTER, "\xf4\x90\x80\x80" },

	/* symbols, and letters in a style */
	{ NAME_BAD_CHARACTER, "\U0001f98a" },
	{ NAME_BAD_CHARACTER, "Bob\u2122" },
	{ NAME_BAD_CHARACTER, "\u2665" },
	{ NAME_BAD_CHARACTER, "a\u20ac" },
	{ NAME_BAD_CHARACTER, "a\u00b2" },
	{ NAME_BAD_CHARACTER, "\u00aa" },
	{ NAME_BAD_CHARACTER, "\u2163" },
	{ NAME_BAD_CHARACTER, "\u24b7ob" },
	{ NAME_BAD_CHARACTER, "\U0001d401ob" },
	{ NAME_BAD_CHARACTER, "\u02b0" },
	{ NAME_BAD_CHARACTER, "\ufdfa" },
	{ NAME_BAD_CHARACTER, "\ufeed" },
	{ NAME_BAD_CHARACTER, "\u3300" },
	{ NAME_BAD_CHARACTER, "مح\u0640مد" },	/* tatweel */
	{ NAME_BAD_CHARACTER, "\u30fb" "ジョン" },
	{ NAME_BAD_CHARACTER, "a\u30fb" "b" },
	{ NAME_BAD_CHARACTER, "я\u00b7я" },
	{ NAME_BAD_CHARACTER, "a\u05f3" },
	{ NAME_BAD_CHARACTER, "a\u20dd" },

	/* marks */
	{ NAME_BAD_MARK, "\u0301" },
	{ NAME_BAD_MARK, "\u0301" "a" },
	{ NAME_BAD_MARK, "\u0903" "क" },
	{ NAME_BAD_MARK, "a-\u0338" "b" },
	{ NAME_BAD_MARK, "q\u0301\u0302\u0303\u0304\u0305" },
	{ NAME_BAD_MARK, "q" X8("\u0301") },

	/* direction */
	{ NAME_BAD_DIRECTION, "דודTom" },
	{ NAME_BAD_DIRECTION, "Tomדוד" },
	{ NAME_BAD_DIRECTION, "5דוד" },
	{ NAME_BAD_DIRECTION, "דוד-" },
	{ NAME_BAD_DIRECTION, "_דוד" },
	{ NAME_BAD_DIRECTION, "محمد5\u0665" },
	{ NAME_BAD_DIRECTION, "Bob\u0665" },

	/* the server */
	{ NAME_RESERVED, "server" },
	{ NAME_RESERVED, "SERVER" },
	{ NAME_RESERVED, "Server" },
	{ NAME_RESERVED, "s\u0435rver" },	/* Cyrillic */
	{ NAME_RESERVED, "\u0455\u0435rv\u0435r" },
	{ NAME_RESERVED, "\uff53erver" },	/* wide */
	{ NAME_RESERVED, "ser\u03bd" "er" },	/* Greek */
	{ NAME_RESERVED, "ſerver" },
	{ NAME_RESERVED, "sérver" },
	{ NAME_RESERVED, "server\u0323" },
	{ NAME_RESERVED, "_server" },
	{ NAME_RESERVED, "_server_" },
	{ NAME_RESERVED, "server-who" },
	{ NAME_RESERVED, "server.who" },
	{ NAME_RESERVED, "server's" },
	{ NAME_RESERVED, "server1" },
	{ NAME_RESERVED, "Server2" },

	/* automatic names, of others */
	{ NAME_RESERVED, "user0" },
	{ NAME_RESERVED, "user42" },
	{ NAME_RESERVED, "user007" },
	{ NAME_RESERVED, "User42" },
	{ NAME_RESERVED, "USER42" },
	{ NAME_RESERVED, "us\u0435r42" },
	{ NAME_RESERVED, "us\u00e9r42" },
	{ NAME_RESERVED, "user\uff14\uff12" },
	{ NAME_RESERVED, "userO" },
	{ NAME_RESERVED, "userl" },
	{ NAME_RESERVED, "userI" },
	{ NAME_RESERVED, "user4l" },
	{ NAME_RESERVED, "user\u0417" },	/* Cyrillic Ze: 3 */
	{ NAME_RESERVED, "user\u0968" },	/* Devanagari 2 */
	{ NAME_RESERVED, "user\u0e57" },	/* Thai 7 */
	{ NAME_RESERVED, "user\u0be7" },	/* Tamil 1, like a letter */
	{ NAME_RESERVED, "user1\u0966" },
	{ NAME_RESERVED, "_user1" },
	{ NAME_RESERVED, "user1_" },
	{ NAME_RESERVED, "user1.x" },
	{ NAME_RESERVED, "user99999999999999999999999999" },
};

static enum name_verdict
judge(const char *text, struct name *out)
{
	return name_judge(names, text, strlen(text), NAME_NOBODY, out);
}

static void
every_name_of_the_table_is_judged(void **state)
{
	unsigned wrong = 0;
	struct name name;
	size_t i;

	(void)state;
	assert_true(COUNT(table) >= 120);
	for (i = 0; i < COUNT(table); i++) {
		enum name_verdict verdict = judge(table[i].text, &name);

		if (verdict == table[i].verdict)
			continue;
		wrong++;
		print_error("row %zu, \"%s\": %s, not %s\n", i, table[i].text,
		    name_verdict_code(verdict),
		    name_verdict_code(table[i].verdict));
	}
	assert_int_equal(wrong, 0);
}

/* A judged name says what it is again, and has the same keys. */
static void
check_again(const struct name *name, enum name_verdict verdict)
{
	struct name again;

	assert_in_range(name->len, 1, NAME_BYTES);
	assert_in_range(name->keys.count, 1, 2);
	assert_int_equal(name_judge(names, name->text, name->len,
	    NAME_NOBODY, &again), verdict);
	assert_int_equal(again.len, name->len);
	assert_memory_equal(again.text, name->text, name->len);
	assert_memory_equal(&again.keys, &name->keys, sizeof(again.keys));
}

static void
a_judged_name_stays_as_it_is(void **state)
{
	struct name name;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		enum name_verdict verdict = judge(table[i].text, &name);

		if (verdict == NAME_GOOD || verdict == NAME_RESERVED)
			check_again(&name, verdict);
	}
}

/* Whatever it is, it can be judged, and neither it nor its keys are out of
 * the room there is for them: each character alone and as often as fits. */
static void
every_character_can_be_judged(void **state)
{
	uint32_t c, good = 0;
	struct name name;
	char text[4 * NAME_CHARACTERS];
	size_t len, i;

	(void)state;
	for (c = 0; c < 0x110000; c++) {
		enum name_verdict verdict;

		len = 0;
		if (c >= 0x10000)
			text[len++] = (char)(0xf0 | c >> 18);
		else if (c >= 0x800)
			text[len++] = (char)(0xe0 | c >> 12);
		else if (c >= 0x80)
			text[len++] = (char)(0xc0 | c >> 6);
		else
			text[len++] = (char)c;
		if (c >= 0x10000)
			text[len++] = (char)(0x80 | (c >> 12 & 63));
		if (c >= 0x800)
			text[len++] = (char)(0x80 | (c >> 6 & 63));
		if (c >= 0x80)
			text[len++] = (char)(0x80 | (c & 63));
		verdict = name_judge(names, text, len, NAME_NOBODY, &name);
		assert_int_not_equal(verdict, NAME_FAILED);
		if (verdict != NAME_GOOD)
			continue;
		good++;
		/* Han and Hangul are alike in this. */
		if ((c >= 0x3400 && c < 0xa000) || c >= 0x20000 ||
		    (c >= 0xac00 && c < 0xd7a4))
			continue;
		check_again(&name, verdict);
		for (i = 1; i < NAME_CHARACTERS; i++)
			memcpy(text + i * len, text, len);
		verdict = name_judge(names, text, NAME_CHARACTERS * len,
		    NAME_NOBODY, &name);
		assert_int_not_equal(verdict, NAME_FAILED);
		if (verdict == NAME_GOOD)
			check_again(&name, verdict);
	}
	assert_in_range(good, 120000, 150000);
}

static void
random_bytes_can_be_judged(void **state)
{
	static const char *const pieces[] = {
		"a", "I", "0", "m", "_", "-", "user", "server", "\u0301",
		"\u0323", "\u200c", "\u200d", "\u094d", "\u0915", "\u05d0",
		"\u0627", "\u0661", "\u0130", "\u00df", "\uff21", "\u1100",
		"\u1161", "\u11a8", "\u0345", "\u1fb7", "\u0958", "\xff",
		"\U0001d15e", "\u0438\u0306", "\u0f73", "\u00b7", "\u2019"
	};
	unsigned round, seed = 4, good = 0;
	struct name name, same;
	char text[256];

	(void)state;
	for (round = 0; round < 100000; round++) {
		enum name_verdict verdict;
		unsigned parts = 1 + (unsigned)rand_r(&seed) % 8;

		text[0] = '\0';
		while (parts-- > 0)
			strcat(text, pieces[(size_t)rand_r(&seed) %
			    COUNT(pieces)]);
		verdict = judge(text, &name);
		assert_int_not_equal(verdict, NAME_FAILED);
		assert_int_equal(judge(text, &same), verdict);
		if (verdict != NAME_GOOD && verdict != NAME_RESERVED)
			continue;
		good++;
		assert_memory_equal(&same.keys, &name.keys,
		    sizeof(name.keys));
		check_again(&name, verdict);
	}
	assert_true(good > 1000);
}

static void
a_name_is_kept_composed_and_else_as_written(void **state)
{
	static const char *const pairs[][2] = {
		{ "Bob", "Bob" }, { "Zoe\u0308", "Zo\u00eb" },
		{ "\uff22ob", "\uff22ob" },
		{ "\u1106\u1175\u11ab", "\ubbfc" },
		{ "\u212b", "\u00c5" },		/* canonical, unlike wide */
		{ "q\u0301\u0323", "q\u0323\u0301" },
		{ "O\u2019Neil", "O\u2019Neil" },
	};
	struct name name;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(pairs); i++) {
		assert_int_equal(judge(pairs[i][0], &name), NAME_GOOD);
		assert_int_equal(name.len, strlen(pairs[i][1]));
		assert_memory_equal(name.text, pairs[i][1], name.len);
	}
}

/* Whether who holds the one has the other, too. */
static bool
is_held(const struct name_keys *held, const struct name_keys *other)
{
	struct nametable *keys = nametable_new();
	bool is_found;

	assert_non_null(keys);
	assert_int_equal(nametable_add(keys, 0, held, 0), NAMETABLE_ADDED);
	is_found = nametable_find(keys, 0, other) != NAMETABLE_NONE;
	nametable_free(keys);
	return is_found;
}

static bool
are_same(const char *a, const char *b)
{
	struct name_keys left, right;

	if (!name_key(names, a, strlen(a), &left) ||
	    !name_key(names, b, strlen(b), &right))
		fail_msg("\"%s\" or \"%s\" has no key", a, b);
	assert_int_equal(is_held(&left, &right), is_held(&right, &left));
	return is_held(&left, &right);
}

static void
names_that_look_the_same_are_the_same(void **state)
{
	static const char *const pairs[][2] = {
		/* case */
		{ "Bob", "bob" }, { "Bob", "BOB" }, { "Иван", "ИВАН" },
		{ "Том", "том" }, { "Ελένη", "ΕΛΈΝΗ" },
		{ "Σίσυφος", "ΣΊΣΥΦΟΣ" },
		{ "Strauß", "STRAUSS" },
		{ "Ian", "IAN" }, { "Mia", "MIA" },
		{ "Արամ", "ԱՐԱՄ" }, { "Kim", "\u212aim" },
		/* composition */
		{ "Zo\u00eb", "Zoe\u0308" }, { "\ubbfc", "\u1106\u1175\u11ab" },
		{ "ZO\u00cb", "zoe\u0308" },
		/* width */
		{ "Bob", "\uff22\uff4f\uff42" },
		{ "サクラ", "\uff7b\uff78\uff97" },
		/* Latin and Cyrillic, one letter and all */
		{ "Anna", "\u0410nn\u0430" }, { "alice", "\u0430lice" },
		{ "Tom", "\u0422om" }, { "tom", "\u0422om" },
		{ "TOM", "\u0422om" }, { "TIM", "\u0422im" },
		{ "TOM", "\u0422\u041e\u041c" },
		{ "Tom", "\u0422\u041e\u041c" },
		{ "cocoa", "\u0441\u043e\u0441\u043e\u0430" },
		{ "Bob", "\u0412ob" }, { "Hans", "\u041dans" },
		/* Greek */
		{ "Bob", "B\u03bfb" }, { "NIKO", "\u039d\u0399\u039a\u039f" },
		{ "Zoe", "\u0396oe" },
		/* Armenian, Cherokee */
		{ "uo", "\u057d\u0585" }, { "GWY", "\u13c0\u13d4\u13a9" },
		/* digits and letters, in any case */
		{ "B0b", "Bob" }, { "b0b", "BOB" }, { "B0B", "bob" },
		{ "A1", "Al" }, { "A1", "AI" }, { "Al", "AI" },
		{ "Ian", "lan" }, { "1an", "Ian" }, { "Bill", "BiIl" },
		{ "neo1", "neol" }, { "\u0417ed", "3ed" },
		/* more letters than one */
		{ "modern", "modem" }, { "rnary", "Mary" },
		/* of other blocks */
		{ "\u0131an", "ian" }, { "O'Neil", "O\u2019Neil" },
		{ "o\u2019neil", "O'NEIL" },
		{ "\u0251lf", "alf" },
		{ "n\u0e4d\u0e32", "n\u0e33" },
		/* joiners */
		{ "क्\u200dष", "क्ष" },
		{ "علی\u200cرضا", "علیرضا" },
		{ "Iक्\u200dष", "lक्ष" },
		/* reserved names have keys, too */
		{ "user1", "USER1" }, { "user1", "userl" },
		{ "server", "s\u0435rver" },
	};
	unsigned wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(pairs); i++) {
		if (are_same(pairs[i][0], pairs[i][1]))
			continue;
		wrong++;
		print_error("%s and %s differ\n", pairs[i][0], pairs[i][1]);
	}
	assert_int_equal(wrong, 0);
}

static void
names_that_differ_are_two(void **state)
{
	static const char *const pairs[][2] = {
		{ "Иван", "Ivan" },
		{ "Ольга", "Olga" }, { "Νίκος", "Nikos" },
		{ "Ian", "Jan" }, { "ian", "lan" }, { "Ali", "All" },
		{ "Ivan", "Iyan" }, { "Nina", "Vina" }, { "Zoë", "Zoe" },
		{ "Müller", "Muller" }, { "Muller", "Mueller" },
		{ "Łukasz", "Lukasz" }, { "Иван", "Іван" },
		{ "Ёлка", "Елка" },
		{ "bob", "bob1" }, { "bob", "bob_" },
		{ "bob", "bo.b" }, { "b-b", "b_b" }, { "mary", "marry" },
		{ "小明", "小名" }, { "日本", "日木" },
		{ "さくら", "サクラ" }, { "דוד", "דור" },
		{ "محمد", "أحمد" },
		{ "अमित", "अमिता" },
		{ "user1", "user2" }, { "user1", "user10" },
		{ "user", "users" }, { "민수", "민주" }, { "5", "s" },
		{ "v", "y" }, { "n", "h" },
	};
	unsigned wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(pairs); i++) {
		if (!are_same(pairs[i][0], pairs[i][1]))
			continue;
		wrong++;
		print_error("%s and %s are one\n", pairs[i][0], pairs[i][1]);
	}
	assert_int_equal(wrong, 0);
}

static void
bytes_that_are_no_name_have_no_key(void **state)
{
	struct name_keys keys;

	(void)state;
	assert_true(name_key(names, "", 0, &keys));
	assert_int_equal(keys.count, 0);
	assert_true(name_key(names, "a b", 3, &keys));
	assert_int_equal(keys.count, 0);
	assert_true(name_key(names, "a\0b", 3, &keys));
	assert_int_equal(keys.count, 0);
	assert_true(name_key(names, "\xff", 1, &keys));
	assert_int_equal(keys.count, 0);
	assert_true(name_key(names, "user5", 5, &keys));
	assert_int_equal(keys.count, 1);
	assert_true(name_key(names, "Ian", 3, &keys));
	assert_int_equal(keys.count, 2);
}

static void
keys_of_two_servers_tell_nothing_of_each_other(void **state)
{
	struct name_keys one, other;
	struct names *others;
	const char *why;

	(void)state;
	others = name_open(&why);
	assert_non_null(others);
	assert_true(name_key(names, "Bob", 3, &one));
	assert_true(name_key(others, "Bob", 3, &other));
	assert_false(is_held(&one, &other));
	name_close(others);
}

static void
ones_own_automatic_name_is_good(void **state)
{
	struct name name;

	(void)state;
	assert_int_equal(name_judge(names, "user5", 5, 5, &name), NAME_GOOD);
	assert_int_equal(name.len, 5);
	assert_memory_equal(name.text, "user5", 5);
	assert_int_equal(name.keys.count, 1);
	assert_int_equal(name_judge(names, "user6", 5, 5, &name),
	    NAME_RESERVED);
	assert_int_equal(name_judge(names, "USER5", 5, 5, &name),
	    NAME_RESERVED);
	assert_int_equal(name_judge(names, "user05", 6, 5, &name),
	    NAME_RESERVED);
	assert_int_equal(name_judge(names, "server", 6, 5, &name),
	    NAME_RESERVED);
	assert_int_equal(name_judge(names, "user18446744073709551615", 24,
	    NAME_NOBODY, &name), NAME_RESERVED);
}

static void
automatic_names_are_told(void **state)
{
	static const char *const others[] = {
		"", "user", "user01", "user00", "User1", "user1 ", "user-1",
		"user1a", "xuser1", "user+1", "user18446744073709551616",
		"user99999999999999999999"
	};
	static const uint64_t numbers[] = { 0, 7, 10, UINT64_MAX };
	char text[NAMING_MAX];
	uint64_t number;
	size_t i, len;

	(void)state;
	for (i = 0; i < COUNT(numbers); i++) {
		len = naming_format(numbers[i], text);
		assert_true(name_is_automatic(text, len, &number));
		assert_true(number == numbers[i]);
	}
	for (i = 0; i < COUNT(others); i++)
		assert_false(name_is_automatic(others[i], strlen(others[i]),
		    &number));
}

static void
every_verdict_has_a_code_and_a_text(void **state)
{
	int i;

	(void)state;
	assert_string_equal(name_verdict_code(NAME_RESERVED),
	    "name-reserved");
	for (i = 0; i < NAME_VERDICT_COUNT; i++) {
		const char *text = name_verdict_text(i);

		assert_memory_equal(name_verdict_code(i), "name-", 5);
		assert_int_equal(text[strlen(text) - 1], '.');
	}
}

/* All that the table asks for, where nothing can be opened any more. */
static void
names_are_judged_in_the_sandbox(void **state)
{
	const char *preload = getenv("LD_PRELOAD");
	struct name name;
	const char *why;
	size_t i;
	int status;
	pid_t pid;

	(void)state;
	if (preload != NULL && strstr(preload, "valgrind") != NULL)
		return;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(20);
		names = name_open(&why);
		if (names == NULL)
			_exit(2);
		sandbox_enter(SANDBOX_BROKER);
		for (i = 0; i < COUNT(table); i++)
			if (judge(table[i].text, &name) != table[i].verdict)
				_exit(3);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("the child's status is %#x", status);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		/* first: ICU has set up nothing yet */
		cmocka_unit_test(names_are_judged_in_the_sandbox),
		TEST(every_name_of_the_table_is_judged),
		TEST(a_judged_name_stays_as_it_is),
		TEST(every_character_can_be_judged),
		TEST(random_bytes_can_be_judged),
		TEST(a_name_is_kept_composed_and_else_as_written),
		TEST(names_that_look_the_same_are_the_same),
		TEST(names_that_differ_are_two),
		TEST(bytes_that_are_no_name_have_no_key),
		TEST(keys_of_two_servers_tell_nothing_of_each_other),
		TEST(ones_own_automatic_name_is_good),
		TEST(automatic_names_are_told),
		TEST(every_verdict_has_a_code_and_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
