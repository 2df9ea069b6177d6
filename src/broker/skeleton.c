/*
 * skeleton - see skeleton.h.
 */
#include "config.h"

#include "broker/skeleton.h"

#include <stdlib.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

struct skeleton {
	const UNormalizer2 *nfkc, *casefold;	/* ICU's own */
	USpoofChecker *checker;
};

struct skeleton *
skeleton_open(const char **why_out)
{
	UErrorCode error = U_ZERO_ERROR;
	struct skeleton *s = calloc(1, sizeof(*s));

	*why_out = "no memory";
	if (s == NULL)
		return NULL;
	s->nfkc = unorm2_getNFKCInstance(&error);
	s->casefold = unorm2_getNFKCCasefoldInstance(&error);
	s->checker = uspoof_open(&error);
	if (U_FAILURE(error)) {
		*why_out = u_errorName(error);
		skeleton_close(s);
		return NULL;
	}
	return s;
}

void
skeleton_close(struct skeleton *s)
{
	if (s == NULL)
		return;
	if (s->checker != NULL)
		uspoof_close(s->checker);
	free(s);
}

static int32_t
confuse(const struct skeleton *s, const UChar *in, int32_t len, UChar *out,
    UErrorCode *error)
{
	return uspoof_getSkeleton(s->checker, 0, in, len, out, SKELETON_MAX,
	    error);
}

static int32_t
take_lower(const struct skeleton *s, const UChar *text, int32_t len,
    UChar *out, UErrorCode *error)
{
	UChar buf[SKELETON_MAX];

	len = unorm2_normalize(s->casefold, text, len, buf, SKELETON_MAX,
	    error);
	return confuse(s, buf, len, out, error);
}

static int32_t
take_written(const struct skeleton *s, const UChar *text, int32_t len,
    UChar *out, UErrorCode *error)
{
	UChar buf[SKELETON_MAX];
	int32_t in = 0, seen = 0;
	UBool is_full = false;
	UChar32 c;

	/* NFKC keeps what is not seen, unlike NFKC_Casefold. */
	while (in < len && !is_full) {
		U16_NEXT(text, in, len, c);
		if (!u_hasBinaryProperty(c,
		    UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
			U16_APPEND(out, seen, SKELETON_MAX, c, is_full);
	}
	if (is_full)
		*error = U_BUFFER_OVERFLOW_ERROR;
	len = unorm2_normalize(s->nfkc, out, seen, buf, SKELETON_MAX, error);
	return confuse(s, buf, len, out, error);
}

static int32_t
settle(const struct skeleton *s, UChar *text, int32_t len, UErrorCode *error)
{
	UChar buf[SKELETON_MAX];

	len = u_strFoldCase(buf, SKELETON_MAX, text, len, U_FOLD_CASE_DEFAULT,
	    error);
	return confuse(s, buf, len, text, error);
}

static bool
is_double(const struct skeleton_pair *pair)
{
	return pair->len[0] == pair->len[1] && u_memcmp(pair->text[0],
	    pair->text[1], pair->len[0]) == 0;
}

bool
skeleton_take(const struct skeleton *s, const UChar *text, int32_t len,
    struct skeleton_pair *out)
{
	UErrorCode error = U_ZERO_ERROR;
	unsigned i;

	out->len[0] = take_lower(s, text, len, out->text[0], &error);
	out->len[1] = take_written(s, text, len, out->text[1], &error);
	if (U_FAILURE(error))
		return false;
	out->count = is_double(out) ? 1 : 2;
	for (i = 0; i < out->count; i++)
		out->len[i] = settle(s, out->text[i], out->len[i], &error);
	if (U_FAILURE(error))
		return false;
	if (out->count == 2 && is_double(out))
		out->count = 1;
	return true;
}
