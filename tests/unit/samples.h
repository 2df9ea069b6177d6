/*
 * samples: messages for the tests of compression.
 *
 * Test code only. The same call gives the same bytes.
 */
#ifndef TESTS_UNIT_SAMPLES_H
#define TESTS_UNIT_SAMPLES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum sample {
	SAMPLE_ZEROS,
	SAMPLE_TEXT,    /* ASCII, and as compressible as talk is */
	SAMPLE_NOISE,   /* not compressible */
	SAMPLE_BLOCKS,  /* 300 bytes of noise, again and again */
	SAMPLES
};

static inline uint32_t
sample_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static inline void
sample_fill(enum sample sample, uint8_t *to, size_t len)
{
	static const char words[] = "the room a wire and hears what others say";
	uint32_t seed = 2463534242u;
	size_t i;

	memset(to, 0, len);
	for (i = 0; sample != SAMPLE_ZEROS && i < len; i++) {
		uint32_t n = sample_random(&seed);

		if (sample == SAMPLE_NOISE)
			to[i] = (uint8_t)(n >> 8);
		else if (sample == SAMPLE_BLOCKS)
			to[i] = i < 300 ? (uint8_t)(n >> 8) : to[i - 300];
		else if (i % 16 < 12 && n % 8 != 0)
			to[i] = (uint8_t)words[(i + n % 3 * 16) %
			    (sizeof(words) - 1)];
		else
			to[i] = (uint8_t)('a' + n % 26);
	}
}

#endif
