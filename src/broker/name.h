/*
 * name - what a name may be, and when two are the same.
 *
 * A pure module of the broker over ICU's tables; no other process calls it.
 * Everything that is opened is opened by name_open, before the sandbox.
 *
 * A name is one word of 1 to 32 characters, kept in NFC as it was written.
 * Characters are code points after NFC, not grapheme clusters: what counts
 * as a cluster changes with each Unicode, a cluster has no greatest length,
 * and 32 code points are at most 128 bytes.
 *
 * In a name may stand (RFC 8264's IdentifierClass is the guide)
 * - letters, marks and decimal digits of every script, but not in styles of
 *   their own: no circled, raised, mathematical or presentation forms;
 * - of ASCII's punctuation - . _ ' and no other.  A comma separates the names
 *   of a list, [ ] : frame them in [name]: text and [server::who], / opens a
 *   command, * a line of /me; quotes, @ # < > & and the like mean something
 *   wherever lines go.  What is refused today can be allowed later, not the
 *   reverse;
 * - U+2019 as ' is, and after a letter of its script the points that words
 *   are written with: U+00B7 (Latin), U+05F3 and U+05F4 (Hebrew), U+30FB
 *   (Kana, Han);
 * - U+200C and U+200D where RFC 5892 A.1 and A.2 let scripts have them.
 * So no white space, control, format or bidi control, private-use or
 * unassigned character, symbol or emoji.  It opens with a letter, a digit
 * or _, has a letter or a digit, never more than four marks in a row, and one
 * direction (RFC 5893's Bidi rule), so that it stays in place in a line.
 * Scripts may be mixed: the keys find what looks like another name.
 *
 * Reserved are, also in look-alike letters, with accents, with digits or
 * punctuation behind and punctuation before: "server"; and "user" with
 * digits, but for one's own automatic name.
 */
#ifndef BROKER_NAME_H
#define BROKER_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_CHARACTERS	32
#define NAME_BYTES	128		/* NAME_CHARACTERS of 4 bytes */
#define NAME_INPUT	512		/* bytes; more are not looked at */
#define NAME_KEY	16		/* bytes */
#define NAME_NOBODY	UINT64_MAX	/* has no automatic name */

/* clang-format off */
/*           verdict        code                  what the user is told */
#define NAME_VERDICTS(X) \
	X(GOOD,          "name-good",          "The name is good.") \
	X(EMPTY,         "name-empty",         "A name has at least one character.") \
	X(TOO_LONG,      "name-too-long",      "A name has at most 32 characters.") \
	X(BAD_CHARACTER, "name-bad-character", "A name consists of letters, digits and - . _ ' and opens with a letter, a digit or _.") \
	X(BAD_MARK,      "name-bad-mark",      "An accent follows a letter; a letter has at most four.") \
	X(BAD_DIRECTION, "name-bad-direction", "A name is written from the left or from the right, not both.") \
	X(RESERVED,      "name-reserved",      "That name is reserved.") \
	X(FAILED,        "name-failed",        "The server has no memory to look at the name.")
/* clang-format on */

enum name_verdict {
#define X(verdict, code, text) NAME_##verdict,
	NAME_VERDICTS(X)
#undef X
	NAME_VERDICT_COUNT
};

/*
 * The keys of a name.  Two names are the same in a route when they have a
 * key in common.
 *
 * The first key is of the name's skeleton in lower case, the second of that
 * as it is written (skeleton.h).  One does not do: I looks like l and i does
 * not, a Cyrillic T like a Latin one and its lower case does not.  Joining
 * all such letters in one key would make n, u, v and y one.  So Ian is the
 * same as ian and as lan, which are two.  Most names have one key.
 *
 * A key is the first 16 bytes of SHA-256 over a secret of this name_open and
 * the text: good for a table, not for a file.  Nobody can seek two names that
 * have a key in common by accident (2^64 tries, without the secret); to whom
 * it happened, the second would be told that the name is taken.
 */
struct name_keys {
	unsigned count;			/* 1 or 2, no two the same */
	uint8_t key[2][NAME_KEY];
};

struct name {
	uint8_t len;
	char text[NAME_BYTES];		/* NFC, not terminated */
	struct name_keys keys;
};

struct names;

/* Opens ICU's tables and uses each once, so that nothing is opened or set up
 * later.  NULL: no memory, or ICU has no data; `*why_out` says what failed. */
struct names *name_open(const char **why_out)
    __attribute__((warn_unused_result));
void name_close(struct names *);

/* Judges any bytes; `own` is the number of who asks.  Fills `out` when the
 * verdict is NAME_GOOD or NAME_RESERVED, else leaves it undefined. */
enum name_verdict name_judge(struct names *, const char *text, size_t len,
    uint64_t own, struct name *out) __attribute__((warn_unused_result));

/* The keys alone, to find somebody by any bytes; reserved names have keys,
 * too.  None of them: nobody can have that name.  False: no memory. */
bool name_key(struct names *, const char *text, size_t len,
    struct name_keys *out) __attribute__((warn_unused_result));

/* Whether the text is, byte by byte, what naming_format writes. */
bool name_is_automatic(const char *text, size_t len, uint64_t *number_out);

/* For JSON, and for people. */
const char *name_verdict_code(enum name_verdict);
const char *name_verdict_text(enum name_verdict);

#endif
