/*
 * fuzz - what the fuzz targets share.
 *
 * Test code only.  A target defines LLVMFuzzerTestOneInput, which takes any
 * bytes at all, does something with them in more than one way and says with
 * must() what has to hold.  libFuzzer calls it in "make fuzz", replay.c in
 * "make check".
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Aborts with the condition and its place when it does not hold, also where
 * assert() is compiled out. */
#define must(condition) \
	((condition) ? (void)0 : must_fail(#condition, __FILE__, __LINE__))
void must_fail(const char *condition, const char *file, int line)
    __attribute__((noreturn));

/* The bytes of an input that are not yet used. */
struct input {
	const uint8_t *at;
	size_t len;
};

/* Take the next bytes off the input, as a little-endian number; 0s stand for
 * what is missing. */
uint8_t input_byte(struct input *);
uint64_t input_number(struct input *, unsigned bytes);

/* Sizes in which a parser is fed: two of them, in turn. */
struct pieces {
	size_t sizes[2];
	unsigned turn;
};

/* Takes two bytes off the input: sizes of 1 to 32 each. */
struct pieces pieces_take(struct input *);
/* The next size, at most `left`. */
size_t pieces_next(struct pieces *, size_t left);

/* A copy in memory of its own that ends with the last byte, so that a
 * sanitizer sees who reads on.  Owned by the caller, to be freed. */
void *copy_exact(const void *bytes, size_t len);

/* What a parser said, to be compared with what it or another says. */
struct tape {
	uint8_t *bytes;
	size_t len, capacity;
};

void tape_put(struct tape *, const void *bytes, size_t len);
void tape_number(struct tape *, uint64_t);
bool tape_is_equal(const struct tape *, const struct tape *);
void tape_clear(struct tape *);

/* UTF-8 by its definition, slowly: UTF8_WHOLE, UTF8_PART (a code point is cut
 * short at the end), else the place of the first byte with which no text can
 * begin so. */
#define UTF8_WHOLE	(-1L)
#define UTF8_PART	(-2L)
long utf8_slow(const uint8_t *text, size_t len);

#endif
