/*
 * buf - see buf.h.
 */
#include "config.h"

#include "base/buf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define CAPACITY_MIN	512

void
buf_init(struct buf *b)
{
	*b = (struct buf){ 0 };
}

void
buf_clear(struct buf *b)
{
	memory_remove(b->capacity);
	free(b->data);
	buf_init(b);
}

void
buf_reset(struct buf *b)
{
	b->begin = b->end = 0;
}

uint8_t *
buf_reserve(struct buf *b, size_t len)
{
	size_t waiting = buf_len(b), capacity;
	uint8_t *data;

	if (b->capacity - b->end >= len && b->data != NULL)
		return b->data + b->end;
	if (len > SIZE_MAX / 2 - waiting)
		return NULL;
	/* Moving is cheap only when what moves is the smaller half. */
	if (waiting + len <= b->capacity && waiting <= b->begin) {
		memmove(b->data, b->data + b->begin, waiting);
	} else {
		capacity = b->capacity < CAPACITY_MIN ? CAPACITY_MIN :
		    b->capacity;
		while (capacity < waiting + len)
			capacity *= 2;
		data = malloc(capacity);
		if (data != NULL) {
			if (waiting > 0)
				memcpy(data, b->data + b->begin, waiting);
			free(b->data);
			memory_add(capacity - b->capacity);
			b->data = data;
			b->capacity = capacity;
		} else if (b->data != NULL && waiting + len <= b->capacity) {
			memmove(b->data, b->data + b->begin, waiting);
		} else {
			return NULL;
		}
	}
	b->begin = 0;
	b->end = waiting;
	return b->data + b->end;
}

void
buf_commit(struct buf *b, size_t len)
{
	assert(len <= b->capacity - b->end);
	b->end += len;
}

void
buf_uncommit(struct buf *b, size_t len)
{
	assert(len <= buf_len(b));
	b->end -= len;
}

bool
buf_append(struct buf *b, const void *data, size_t len)
{
	uint8_t *to;

	if (len == 0)
		return true;
	to = buf_reserve(b, len);
	if (to == NULL)
		return false;
	memcpy(to, data, len);
	b->end += len;
	return true;
}

void
buf_consume(struct buf *b, size_t len)
{
	assert(len <= buf_len(b));
	b->begin += len;
	if (b->begin == b->end)
		buf_reset(b);
}
