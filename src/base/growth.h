/*
 * growth - how large a table becomes that has no room left.
 *
 * Used by every process.  It grows by an eighth, not to its double: with many
 * thousands of connections what doubling leaves unused is felt, while the
 * kernel moves large memory (realloc) by its page table alone.
 */
#ifndef BASE_GROWTH_H
#define BASE_GROWTH_H

#include <stdint.h>

/* The next size of a table of `size` places, `step` more at least; `index`,
 * which is below 2^31, is then within it. */
static inline uint32_t
growth_next(uint32_t size, uint32_t index, uint32_t step)
{
	while (size <= index)
		size += size / 8 > step ? size / 8 : step;
	return size;
}

#endif
