/*
 * written: what a writer put into a buffer, and writers without memory.
 *
 * Test code only, for programs that are linked with --wrap=malloc.
 */
#ifndef TESTS_UNIT_WRITTEN_H
#define TESTS_UNIT_WRITTEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "ws/slice.h"

/* The linker leads malloc here: how many more calls succeed. */
static size_t mallocs_left = SIZE_MAX;

void *__real_malloc(size_t);
void *__wrap_malloc(size_t);

void *
__wrap_malloc(size_t size)
{
	if (mallocs_left == 0)
		return NULL;
	if (mallocs_left != SIZE_MAX)
		mallocs_left--;
	return __real_malloc(size);
}

static inline struct slice
slice_of(const char *text)
{
	return (struct slice){ text, strlen(text) };
}

/* A writer's answer and all it wrote, which is forgotten then. */
static inline void
expect(struct buf *b, bool written, const char *line)
{
	assert_true(written);
	if (buf_len(b) != strlen(line) ||
	    memcmp(buf_head(b), line, strlen(line)) != 0)
		fail_msg("%.*s", (int)buf_len(b), (const char *)buf_head(b));
	buf_reset(b);
}

#endif
