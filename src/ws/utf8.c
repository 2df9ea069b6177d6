/*
 * utf8: the check of utf8.h.
 *
 * A pure module for workers and clients. The state is how many continuation
 * bytes are due and what the next one may be: the first continuation of some
 * lead bytes has a narrower range, which is what keeps out overlong forms,
 * surrogates and everything above U+10FFFF (Unicode table 3-7).
 */
#include "config.h"

#include "ws/utf8.h"

#include <string.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)

static bool utf8_start(struct utf8 *, uint8_t lead);
static const uint8_t *ascii_skip(const uint8_t *at, const uint8_t *end);

void
utf8_init(struct utf8 *utf8)
{
	*utf8 = (struct utf8){ 0, 0, 0 };
}

bool
utf8_feed(struct utf8 *utf8, const uint8_t *data, size_t len)
{
	const uint8_t *at = data;
	const uint8_t *end = len > 0 ? data + len : data;

	while (at < end) {
		if (utf8->need > 0) {
			if (*at < utf8->low || *at > utf8->high)
				goto refuse;
			utf8->need--;
			utf8->low = 0x80;
			utf8->high = 0xbf;
			at++;
			continue;
		}
		at = ascii_skip(at, end);
		if (at < end && !utf8_start(utf8, *at++))
			goto refuse;
	}
	return true;

refuse:
	/* No byte lies within these bounds, so the refusal is for good. */
	*utf8 = (struct utf8){ 1, 0xff, 0x00 };
	return false;
}

bool
utf8_is_complete(const struct utf8 *utf8)
{
	return utf8->need == 0;
}

/* Takes a byte of 0x80 and up where a code point has to begin. */
static bool
utf8_start(struct utf8 *utf8, uint8_t lead)
{
	if (lead < 0xc2 || lead > 0xf4)
		return false;
	utf8->need = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
	utf8->low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
	utf8->high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
	return true;
}

static const uint8_t *
ascii_skip(const uint8_t *at, const uint8_t *end)
{
	uint64_t word;

	while ((size_t)(end - at) >= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		if ((word & HIGH_BITS) != 0)
			break;
		at += sizeof(word);
	}
	while (at < end && *at < 0x80)
		at++;
	return at;
}
