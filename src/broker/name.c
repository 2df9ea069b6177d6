/*
 * name - see name.h.
 *
 * A name that is well spelled has two skeletons, from which come both what
 * is reserved and the keys.
 */
#include "config.h"

#include "broker/name.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unicode/uchar.h>
#include <unicode/udata.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

#include "broker/skeleton.h"
#include "broker/spelling.h"

#define SECRET		16

#define MASK(category)	(UINT32_C(1) << (category))

struct names {
	const UNormalizer2 *nfc;	/* ICU's own */
	struct skeleton *skeleton;
	EVP_MD *sha256;
	EVP_MD_CTX *digest;
	uint8_t secret[SECRET];		/* goes before what is digested */
};

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/*
 * Life.
 */

/* What ICU sets up at its first use, it sets up now. */
static bool
warm_up(struct names *n)
{
	static const char *const words[] = {
		"Mary_0", "\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd",
		"\xd7\x90\xd7\x91", "\xe5\x90\x8d\xe5\x89\x8d",
		"\xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8d\xe0\xa4\xb7",
		"e\xcc\x81", "\xef\xbc\xa1"
	};
	struct name name;
	size_t i;

	for (i = 0; i < COUNT(words); i++)
		if (name_judge(n, words[i], strlen(words[i]), NAME_NOBODY,
		    &name) != NAME_GOOD)
			return false;
	return true;
}

struct names *
name_open(const char **why_out)
{
	UErrorCode error = U_ZERO_ERROR;
	struct names *n = calloc(1, sizeof(*n));

	*why_out = "no memory";
	if (n == NULL)
		return NULL;
	/* The data is in the library; ICU_DATA in the environment is not
	 * to name other. */
	udata_setFileAccess(UDATA_NO_FILES, &error);
	n->nfc = unorm2_getNFCInstance(&error);
	if (U_FAILURE(error)) {
		*why_out = u_errorName(error);
		goto fail;
	}
	n->skeleton = skeleton_open(why_out);
	if (n->skeleton == NULL)
		goto fail;
	*why_out = "no SHA-256";
	n->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	n->digest = EVP_MD_CTX_new();
	if (n->sha256 == NULL || n->digest == NULL)
		goto fail;
	*why_out = "no random bytes";
	if (getrandom(n->secret, SECRET, 0) != SECRET)
		goto fail;
	*why_out = "good names are refused";
	if (!warm_up(n))
		goto fail;
	return n;
fail:
	name_close(n);
	return NULL;
}

void
name_close(struct names *n)
{
	if (n == NULL)
		return;
	EVP_MD_CTX_free(n->digest);
	EVP_MD_free(n->sha256);
	skeleton_close(n->skeleton);
	free(n);
}

/*
 * What is reserved, and the keys.
 */

static uint32_t
category(UChar32 c)
{
	return MASK(u_charType(c));
}

static bool
is_word(UChar32 c)
{
	return category(c) & (U_GC_L_MASK | U_GC_ND_MASK);
}

/* A digit, or what the skeleton of one is. */
static bool
is_like_digit(UChar32 c)
{
	return u_isdigit(c) || c == 'l' || c == 'o';
}

/* Whether a skeleton is the word, then digits (`needs_digits`: at least
 * one), with nothing around it but marks and punctuation, and then anything
 * behind punctuation. */
static bool
is_like(const UChar *text, int32_t len, const char *word, bool needs_digits)
{
	bool has_begun = false, has_digits = false;
	int32_t i = 0;
	UChar32 c;

	while (i < len) {
		U16_NEXT(text, i, len, c);
		if (category(c) & U_GC_M_MASK)
			continue;
		if (!is_word(c) && !has_begun)
			continue;
		if (!is_word(c))
			break;
		has_begun = true;
		if (*word != '\0') {
			if (c != (UChar32)*word++)
				return false;
			continue;
		}
		if (!is_like_digit(c))
			return false;
		has_digits = true;
	}
	return *word == '\0' && (has_digits || !needs_digits);
}

static bool
is_reserved(const struct skeleton_pair *pair)
{
	unsigned i;

	for (i = 0; i < pair->count; i++)
		if (is_like(pair->text[i], pair->len[i], "server", false) ||
		    is_like(pair->text[i], pair->len[i], "user", true))
			return true;
	return false;
}

/* Makes all digits but ASCII's a 2: in some scripts a digit looks like a
 * letter or a point, and is a digit still.  False: there are none. */
static bool
digits_make_plain(const struct spelling *s, UChar *out, int32_t *len_out)
{
	bool has_any = false, is_digit;
	int32_t len = 0;
	int i;

	for (i = 0; i < s->count; i++) {
		is_digit = s->c[i] > '9' && u_isdigit(s->c[i]);
		has_any = has_any || is_digit;
		U16_APPEND_UNSAFE(out, len, is_digit ? '2' : s->c[i]);
	}
	*len_out = len;
	return has_any;
}

static bool
key_add(struct names *n, const UChar *text, int32_t len,
    struct name_keys *keys)
{
	uint8_t hash[EVP_MAX_MD_SIZE];

	if (EVP_DigestInit_ex2(n->digest, n->sha256, NULL) != 1 ||
	    EVP_DigestUpdate(n->digest, n->secret, SECRET) != 1 ||
	    EVP_DigestUpdate(n->digest, text,
	    (size_t)len * sizeof(*text)) != 1 ||
	    EVP_DigestFinal_ex(n->digest, hash, NULL) != 1)
		return false;
	memcpy(keys->key[keys->count++], hash, NAME_KEY);
	return true;
}

static enum name_verdict
judge_look(struct names *n, const struct spelling *s, struct name_keys *keys)
{
	struct skeleton_pair pair;
	UChar plain[2 * NAME_CHARACTERS];
	int32_t len;
	unsigned i;

	memset(keys, 0, sizeof(*keys));
	if (!skeleton_take(n->skeleton, s->text, s->len, &pair))
		return NAME_FAILED;
	for (i = 0; i < pair.count; i++)
		if (!key_add(n, pair.text[i], pair.len[i], keys))
			return NAME_FAILED;
	if (is_reserved(&pair))
		return NAME_RESERVED;
	if (!digits_make_plain(s, plain, &len))
		return NAME_GOOD;
	if (!skeleton_take(n->skeleton, plain, len, &pair))
		return NAME_FAILED;
	return is_reserved(&pair) ? NAME_RESERVED : NAME_GOOD;
}

/*
 * The whole.
 */

static enum name_verdict
text_write(const struct spelling *s, struct name *out)
{
	UErrorCode error = U_ZERO_ERROR;
	int32_t len;

	u_strToUTF8(out->text, NAME_BYTES, &len, s->text, s->len, &error);
	if (U_FAILURE(error))
		return NAME_FAILED;
	out->len = (uint8_t)len;
	return NAME_GOOD;
}

enum name_verdict
name_judge(struct names *n, const char *text, size_t len, uint64_t own,
    struct name *out)
{
	enum name_verdict verdict;
	struct spelling s;
	uint64_t number;

	verdict = spelling_read(n->nfc, text, len, &s);
	if (verdict == NAME_GOOD)
		verdict = text_write(&s, out);
	if (verdict == NAME_GOOD)
		verdict = judge_look(n, &s, &out->keys);
	if (verdict == NAME_RESERVED && own != NAME_NOBODY &&
	    name_is_automatic(text, len, &number) && number == own)
		return NAME_GOOD;
	return verdict;
}

bool
name_key(struct names *n, const char *text, size_t len,
    struct name_keys *out)
{
	struct name name;

	switch (name_judge(n, text, len, NAME_NOBODY, &name)) {
	case NAME_GOOD:
	case NAME_RESERVED:
		*out = name.keys;
		return true;
	case NAME_FAILED:
		return false;
	default:
		out->count = 0;
		return true;
	}
}

bool
name_is_automatic(const char *text, size_t len, uint64_t *number_out)
{
	uint64_t number = 0;
	size_t i;

	if (len < 5 || memcmp(text, "user", 4) != 0 ||
	    (text[4] == '0' && len > 5))
		return false;
	for (i = 4; i < len; i++) {
		unsigned digit = (unsigned)(unsigned char)text[i] - '0';

		if (digit > 9 || number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*number_out = number;
	return true;
}

const char *
name_verdict_code(enum name_verdict verdict)
{
	static const char *const codes[] = {
#define X(name, code, text) code,
		NAME_VERDICTS(X)
#undef X
	};

	return codes[verdict];
}

const char *
name_verdict_text(enum name_verdict verdict)
{
	static const char *const texts[] = {
#define X(name, code, text) text,
		NAME_VERDICTS(X)
#undef X
	};

	return texts[verdict];
}
