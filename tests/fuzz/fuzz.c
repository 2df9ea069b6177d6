/*
 * fuzz - see fuzz.h.
 *
 * Linked into every fuzz target.  The UTF-8 of utf8_slow has nothing in
 * common with src/ws/utf8.c: it asks which numbers a beginning can become.
 */
#include "config.h"

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
must_fail(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

uint8_t
input_byte(struct input *in)
{
	if (in->len == 0)
		return 0;
	in->len--;
	return *in->at++;
}

uint64_t
input_number(struct input *in, unsigned bytes)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < bytes; i++)
		number |= (uint64_t)input_byte(in) << 8 * i;
	return number;
}

struct pieces
pieces_take(struct input *in)
{
	struct pieces pieces = { .turn = 0 };

	pieces.sizes[0] = 1 + input_byte(in) % 32;
	pieces.sizes[1] = 1 + input_byte(in) % 32;
	return pieces;
}

size_t
pieces_next(struct pieces *pieces, size_t left)
{
	size_t size = pieces->sizes[pieces->turn++ % 2];

	return size < left ? size : left;
}

void *
copy_exact(const void *bytes, size_t len)
{
	void *copy = malloc(len > 0 ? len : 1);

	must(copy != NULL);
	if (len > 0)
		memcpy(copy, bytes, len);
	return copy;
}

void
tape_put(struct tape *tape, const void *bytes, size_t len)
{
	if (tape->capacity - tape->len < len) {
		tape->capacity = 2 * (tape->len + len);
		tape->bytes = realloc(tape->bytes, tape->capacity);
		must(tape->bytes != NULL);
	}
	if (len > 0)
		memcpy(tape->bytes + tape->len, bytes, len);
	tape->len += len;
}

void
tape_number(struct tape *tape, uint64_t number)
{
	tape_put(tape, &number, sizeof(number));
}

bool
tape_is_equal(const struct tape *a, const struct tape *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->bytes, b->bytes, a->len) == 0);
}

void
tape_clear(struct tape *tape)
{
	free(tape->bytes);
	memset(tape, 0, sizeof(*tape));
}

/* Whether some code point of `len` bytes begins with the `have` ones: fills up
 * with the least and the greatest bits and looks whether one lies between. */
static bool
utf8_can_be(const uint8_t *text, size_t have, size_t len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t low = text[0], high;

	if (len == 1)
		return low < 0x80;
	if (low >> (7 - len) != (1U << (len + 1)) - 2)
		return false;
	low &= (1U << (7 - len)) - 1;
	for (size_t i = 1; i < have; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return false;
		low = low << 6 | (text[i] & 0x3f);
	}
	high = ((low + 1) << 6 * (len - have)) - 1;
	low <<= 6 * (len - have);
	if (low < least[len])
		low = least[len];
	if (low >= 0xd800 && low <= 0xdfff)
		low = 0xe000;
	return low <= high && low <= 0x10ffff;
}

long
utf8_slow(const uint8_t *text, size_t len)
{
	size_t at = 0, have, want;
	bool can;

	while (at < len) {
		for (have = 1; ; have++) {
			can = false;
			for (want = have; want <= 4; want++)
				if (utf8_can_be(text + at, have, want)) {
					can = true;
					break;
				}
			if (!can)
				return (long)(at + have - 1);
			if (want == have)
				break;
			if (at + have == len)
				return UTF8_PART;
		}
		at += have;
	}
	return UTF8_WHOLE;
}
