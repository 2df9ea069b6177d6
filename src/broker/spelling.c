/*
 * spelling - see spelling.h.
 *
 * From bytes to code points; then each is looked at where it stands, and at
 * the end the directions of all.
 */
#include "config.h"

#include "broker/spelling.h"

#include <stdbool.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

#define ZWNJ		0x200C
#define ZWJ		0x200D
#define VIRAMA		9		/* its combining class */
#define MARKS_MAX	4		/* UTS 39, 5.4 */

#define MASK(category)	(UINT32_C(1) << (category))
#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* RFC 5892, 2.6: letters and marks that are for show. */
static const struct { UChar32 from, to; } unfit[] = {
	{ 0x0640, 0x0640 }, { 0x07FA, 0x07FA }, { 0x302E, 0x302F },
	{ 0x3031, 0x3035 }, { 0x303B, 0x303B },
};

/* Points within words, and the script of the letter before. */
static const struct { UChar32 point; UScriptCode script; } points[] = {
	{ 0x00B7, USCRIPT_LATIN },
	{ 0x05F3, USCRIPT_HEBREW }, { 0x05F4, USCRIPT_HEBREW },
	{ 0x30FB, USCRIPT_HAN }, { 0x30FB, USCRIPT_HIRAGANA },
	{ 0x30FB, USCRIPT_KATAKANA },
};

static enum name_verdict judge_characters(const struct spelling *);
static enum name_verdict judge_direction(const struct spelling *);

enum name_verdict
spelling_read(const UNormalizer2 *nfc, const char *text, size_t len,
    struct spelling *s)
{
	UErrorCode error = U_ZERO_ERROR;
	UChar raw[NAME_INPUT];
	int32_t units, i = 0;
	enum name_verdict verdict;

	if (len == 0)
		return NAME_EMPTY;
	if (len > NAME_INPUT)
		return NAME_TOO_LONG;
	u_strFromUTF8(raw, NAME_INPUT, &units, text, (int32_t)len, &error);
	if (U_FAILURE(error))
		return error == U_MEMORY_ALLOCATION_ERROR ?
		    NAME_FAILED : NAME_BAD_CHARACTER;
	s->len = unorm2_normalize(nfc, raw, units, s->text,
	    SPELLING_UNITS, &error);
	if (U_FAILURE(error))
		return NAME_FAILED;
	for (s->count = 0; i < s->len; s->count++) {
		if (s->count == NAME_CHARACTERS)
			return NAME_TOO_LONG;
		U16_NEXT(s->text, i, s->len, s->c[s->count]);
	}
	verdict = judge_characters(s);
	return verdict == NAME_GOOD ? judge_direction(s) : verdict;
}

/*
 * Characters.
 */

static uint32_t
category(UChar32 c)
{
	return MASK(u_charType(c));
}

static bool
is_nonspacing(UChar32 c)
{
	return category(c) & (U_GC_MN_MASK | U_GC_ME_MASK);
}

static bool
is_word(UChar32 c)
{
	return category(c) & (U_GC_L_MASK | U_GC_ND_MASK);
}

static bool
is_punctuation(UChar32 c)
{
	return c == '-' || c == '.' || c == '_' || c == '\'' || c == 0x2019;
}

/* A form of a letter that has a look or a place of its own. */
static bool
is_styled(UChar32 c)
{
	switch (u_getIntPropertyValue(c, UCHAR_DECOMPOSITION_TYPE)) {
	case U_DT_NONE:
	case U_DT_CANONICAL:
	case U_DT_COMPAT:	/* Thai and Lao write AM with one */
	case U_DT_WIDE:
	case U_DT_NARROW:
		return false;
	default:
		return true;
	}
}

static bool
is_fit(UChar32 c)
{
	size_t i;

	if (!(category(c) & (U_GC_L_MASK | U_GC_MN_MASK | U_GC_MC_MASK |
	    U_GC_ND_MASK)))
		return false;
	for (i = 0; i < COUNT(unfit); i++)
		if (c >= unfit[i].from && c <= unfit[i].to)
			return false;
	return !is_styled(c) &&
	    !u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}

static bool
is_point_in_place(const struct spelling *s, int at)
{
	UErrorCode error = U_ZERO_ERROR;
	UScriptCode script;
	size_t i;

	if (at == 0)
		return false;
	script = uscript_getScript(s->c[at - 1], &error);
	/* Of both kinds of Kana is the sign that lengthens. */
	if (s->c[at - 1] == 0x30FC)
		script = USCRIPT_KATAKANA;
	for (i = 0; i < COUNT(points); i++)
		if (points[i].point == s->c[at] && points[i].script == script)
			return true;
	return false;
}

/* The joining type of the nearest character that is not transparent. */
static int
joining_beside(const struct spelling *s, int at, int step)
{
	int type = U_JT_NON_JOINING;

	for (at += step; at >= 0 && at < s->count; at += step) {
		type = u_getIntPropertyValue(s->c[at], UCHAR_JOINING_TYPE);
		if (type != U_JT_TRANSPARENT)
			return type;
	}
	return U_JT_NON_JOINING;
}

/* RFC 5892, A.1 and A.2. */
static bool
is_joiner_in_place(const struct spelling *s, int at)
{
	int before, after;

	if (at == 0 || at == s->count - 1)
		return false;
	if (u_getCombiningClass(s->c[at - 1]) == VIRAMA)
		return true;
	if (s->c[at] == ZWJ)
		return false;
	before = joining_beside(s, at, -1);
	after = joining_beside(s, at, 1);
	return (before == U_JT_LEFT_JOINING || before == U_JT_DUAL_JOINING) &&
	    (after == U_JT_RIGHT_JOINING || after == U_JT_DUAL_JOINING);
}

static bool
is_in_place(const struct spelling *s, int at)
{
	UChar32 c = s->c[at];

	if (c == ZWNJ || c == ZWJ)
		return is_joiner_in_place(s, at);
	if (is_punctuation(c))
		return at > 0 || c == '_';
	return is_fit(c) || is_point_in_place(s, at);
}

static enum name_verdict
judge_characters(const struct spelling *s)
{
	bool has_word = false, may_mark = false;
	int i, marks = 0;

	for (i = 0; i < s->count; i++) {
		UChar32 c = s->c[i];

		if (!is_in_place(s, i))
			return NAME_BAD_CHARACTER;
		if (!(category(c) & U_GC_M_MASK)) {
			marks = 0;
			may_mark = is_word(c) || c == ZWNJ || c == ZWJ;
			has_word = has_word || is_word(c);
			continue;
		}
		marks += is_nonspacing(c);
		if (!may_mark || marks > MARKS_MAX)
			return NAME_BAD_MARK;
	}
	return has_word ? NAME_GOOD : NAME_BAD_CHARACTER;
}

/*
 * Direction: RFC 5893, 2.
 */

#define BIDI_R		(MASK(U_RIGHT_TO_LEFT) | MASK(U_RIGHT_TO_LEFT_ARABIC))
#define BIDI_EN		MASK(U_EUROPEAN_NUMBER)
#define BIDI_AN		MASK(U_ARABIC_NUMBER)
#define BIDI_NSM	MASK(U_DIR_NON_SPACING_MARK)
#define BIDI_OTHERS	(MASK(U_EUROPEAN_NUMBER_SEPARATOR) |		\
	MASK(U_COMMON_NUMBER_SEPARATOR) |				\
	MASK(U_EUROPEAN_NUMBER_TERMINATOR) | MASK(U_OTHER_NEUTRAL) |	\
	MASK(U_BOUNDARY_NEUTRAL) | BIDI_NSM)

static enum name_verdict
judge_direction(const struct spelling *s)
{
	uint32_t all = 0, last = 0;
	int i;

	for (i = 0; i < s->count; i++) {
		uint32_t class = MASK(u_charDirection(s->c[i]));

		all |= class;
		if (class != BIDI_NSM)
			last = class;
	}
	if (!(all & (BIDI_R | BIDI_AN)))
		return NAME_GOOD;
	if ((MASK(u_charDirection(s->c[0])) & BIDI_R) &&
	    !(all & ~(BIDI_R | BIDI_AN | BIDI_EN | BIDI_OTHERS)) &&
	    (last & (BIDI_R | BIDI_EN | BIDI_AN)) &&
	    (all & (BIDI_EN | BIDI_AN)) != (BIDI_EN | BIDI_AN))
		return NAME_GOOD;
	return NAME_BAD_DIRECTION;
}
