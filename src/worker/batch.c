/*
 * batch - see batch.h.
 */
#include "config.h"

#include "worker/batch.h"

#include <stdlib.h>

#include "worker/compress.h"

#define KEEP_BYTES	(256 * 1024)	/* a larger buffer is not kept */

struct batch *
batch_new(void)
{
	return calloc(1, sizeof(struct batch));
}

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	for (unsigned i = 0; i < FORMS; i++) {
		buf_clear(&b->forms[i].bytes);
		free(b->forms[i].marks);
	}
	free(b);
}

void
batch_reset(struct batch *b)
{
	for (unsigned i = 0; i < FORMS; i++) {
		struct rendering *r = &b->forms[i];

		buf_reset(&r->bytes);
		if (r->bytes.capacity > KEEP_BYTES)
			buf_clear(&r->bytes);
		r->mark_count = 0;
	}
}

static bool
rendering_mark(struct rendering *r, uint64_t position)
{
	size_t capacity = r->mark_capacity == 0 ? 16 : r->mark_capacity * 2;
	struct mark *marks;

	if (r->mark_count > 0 &&
	    r->marks[r->mark_count - 1].position == position)
		return true;
	if (r->mark_count == r->mark_capacity) {
		marks = realloc(r->marks, capacity * sizeof(*marks));
		if (marks == NULL)
			return false;
		r->marks = marks;
		r->mark_capacity = capacity;
	}
	r->marks[r->mark_count++] = (struct mark){
		.offset = buf_len(&r->bytes), .position = position
	};
	return true;
}

bool
batch_append(struct batch *b, struct compress *compress,
    const uint32_t in_form[FORMS], enum dialect dialect, uint64_t position,
    const struct buf *line, size_t min_size)
{
	unsigned from = form_make(dialect, 0);

	for (unsigned i = from; i < from + FORM_WINDOWS; i++) {
		struct rendering *r = &b->forms[i];

		if (in_form[i] == 0)
			continue;
		if (!rendering_mark(r, position) ||
		    !compress_message(compress, i, FRAME_TEXT, buf_head(line),
		    buf_len(line), min_size, &r->bytes))
			return false;
	}
	return true;
}

/* A mark stands before the bytes that it is for. */
void
batch_cut(struct batch *b, uint64_t position)
{
	for (unsigned i = 0; i < FORMS; i++) {
		struct rendering *r = &b->forms[i];

		while (r->mark_count > 0 &&
		    r->marks[r->mark_count - 1].position >= position) {
			r->mark_count--;
			buf_uncommit(&r->bytes, buf_len(&r->bytes) -
			    r->marks[r->mark_count].offset);
		}
	}
}

size_t
batch_size(const struct batch *b)
{
	size_t size = 0;

	for (unsigned i = 0; i < FORMS; i++)
		if (buf_len(&b->forms[i].bytes) > size)
			size = buf_len(&b->forms[i].bytes);
	return size;
}

/* Index of the first mark at `offset` or behind it. */
static size_t
mark_index(const struct rendering *r, size_t offset)
{
	size_t low = 0, high = r->mark_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->marks[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct mark *
batch_find_mark(const struct rendering *r, size_t offset)
{
	size_t i = mark_index(r, offset);

	return i < r->mark_count ? &r->marks[i] : NULL;
}

size_t
batch_count_from(const struct rendering *r, size_t offset)
{
	return r->mark_count - mark_index(r, offset);
}

const struct mark *
batch_find_frame(const struct rendering *r, size_t offset)
{
	size_t i = mark_index(r, offset + 1);

	return i > 0 ? &r->marks[i - 1] : NULL;
}
