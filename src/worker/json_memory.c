/*
 * json_memory - see json_memory.h.
 *
 * How much is enough, of Jansson 2.14 on 64 bits, nothing being freed:
 * - its buffer of a token grows from 16 bytes by doubling: all its sizes
 *   together are less than 4 times the longest token and 64;
 * - a string is copied once out of that buffer, and a key once more into its
 *   object: twice the text and, with what it is rounded up by, 64 a value;
 * - a value is at most 208 bytes (an empty object with its 8 buckets), its
 *   place in an array at most 32 and in an object at most 144, as tables
 *   grow by doubling.
 */
#include "config.h"

#include "worker/json_memory.h"

#include <stdint.h>
#include <stdlib.h>

#include <jansson.h>

#define BYTES_OF_TEXT	6		/* for each byte of it */
#define BYTES_OF_VALUE	512
#define BYTES_AT_LEAST	1024
#define ALIGN		_Alignof(max_align_t)

/* The block in use.  Jansson's functions are not told whom they work for. */
static struct {
	uint8_t *next;		/* NULL: none is */
	size_t left;
} block;

static void *
allocate(size_t len)
{
	uint8_t *bytes = block.next;

	if (bytes == NULL)
		return malloc(len);
	/* A Jansson that needs more is not the one that was reckoned with,
	 * and a NULL would have it write beyond its buffers. */
	if (len > block.left || block.left - len < ALIGN)
		abort();
	len = (len + ALIGN - 1) & ~(ALIGN - 1);
	block.next += len;
	block.left -= len;
	return bytes;
}

static void
release(void *bytes)
{
	if (block.next == NULL)
		free(bytes);
}

void
json_memory_open(void)
{
	json_set_alloc_funcs(allocate, release);
	json_object_seed(0);
}

void *
json_memory_enter(size_t len, size_t values)
{
	size_t size;

	if (len > SIZE_MAX / (4 * BYTES_OF_TEXT) ||
	    values > SIZE_MAX / (4 * BYTES_OF_VALUE))
		return NULL;
	size = BYTES_OF_TEXT * len + BYTES_OF_VALUE * values + BYTES_AT_LEAST;
	block.next = malloc(size);
	block.left = size;
	return block.next;
}

void
json_memory_leave(void)
{
	block.next = NULL;
	block.left = 0;
}
