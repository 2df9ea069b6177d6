/*
 * fuzz_utf8 - src/ws/utf8.c against the slow definition of fuzz.c.
 *
 * Input: two sizes of pieces, then the text.
 */
#include "config.h"

#include "ws/utf8.h"

#include "fuzz.h"

#include <stdlib.h>

/* Feeds in pieces; the place of the piece that was refused, its end in
 * *end_out, or what utf8_slow would say. */
static long
feed(const struct input *in, struct pieces pieces, size_t *end_out)
{
	struct utf8 utf8;
	uint8_t *copy;
	size_t at, n;
	bool good;

	utf8_init(&utf8);
	for (at = 0; at < in->len; at += n) {
		n = pieces_next(&pieces, in->len - at);
		copy = copy_exact(in->at + at, n);
		good = utf8_feed(&utf8, copy, n);
		free(copy);
		if (!good) {
			must(!utf8_is_complete(&utf8));
			must(!utf8_feed(&utf8, (const uint8_t *)"a", 1));
			must(!utf8_feed(&utf8, (const uint8_t *)"\x80", 1));
			must(!utf8_is_complete(&utf8));
			*end_out = at + n;
			return (long)at;
		}
	}
	return utf8_is_complete(&utf8) ? UTF8_WHOLE : UTF8_PART;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct pieces single = { { 1, 1 }, 0 };
	struct input in = { data, len };
	struct pieces pieces, whole;
	long expected, found;
	size_t end = 0;

	pieces = pieces_take(&in);
	whole = (struct pieces){ { in.len, in.len }, 0 };
	expected = utf8_slow(in.at, in.len);

	must(feed(&in, single, &end) == expected);
	found = feed(&in, pieces, &end);
	if (expected < 0)
		must(found == expected);
	else
		must(found <= expected && (size_t)expected < end);
	found = feed(&in, whole, &end);
	must(found == (expected < 0 ? expected : 0));
	return 0;
}
