/*
 * buf - bytes waiting between two places, first in, first out.
 *
 *	0        begin          end         capacity
 *	+--------+--------------+-----------+
 *	|  gone  |   waiting    |   free    |
 *	+--------+--------------+-----------+
 *
 * Used by every process.  Embedded in its owner; grows by doubling up to what
 * the caller allows.  Nothing here ends the process: memory that is not to be
 * had is a false.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data;		/* NULL while capacity is 0 */
	size_t begin, end, capacity;
};

void buf_init(struct buf *);
void buf_clear(struct buf *);		/* frees the memory */
void buf_reset(struct buf *);		/* empties, keeps the memory */

static inline size_t
buf_len(const struct buf *b)
{
	return b->end - b->begin;
}

static inline uint8_t *
buf_head(const struct buf *b)
{
	/* C knows no offset from NULL, not even 0. */
	return b->data == NULL ? NULL : b->data + b->begin;
}

/* Makes room for `len` more bytes behind `end` and lends it; NULL: no
 * memory.  Moves what waits to the front when that suffices. */
uint8_t *buf_reserve(struct buf *, size_t len)
    __attribute__((warn_unused_result));
/* Counts `len` reserved bytes as waiting. */
void buf_commit(struct buf *, size_t len);
/* Takes back the `len` bytes that were counted last. */
void buf_uncommit(struct buf *, size_t len);
bool buf_append(struct buf *, const void *data, size_t len)
    __attribute__((warn_unused_result));
void buf_consume(struct buf *, size_t len);

#endif
