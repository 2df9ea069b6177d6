/*
 * memory - see memory.h.
 */
#include "config.h"

#include "base/memory.h"

#include <assert.h>

static uint64_t held;

void
memory_add(size_t bytes)
{
	held += bytes;
}

void
memory_remove(size_t bytes)
{
	assert(bytes <= held);
	held -= bytes;
}

uint64_t
memory_held(void)
{
	return held;
}
