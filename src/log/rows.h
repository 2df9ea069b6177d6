/*
 * rows - a memory file of rows of one size, and which of them are free.
 *
 *	chunk 0 (1 MiB)                        chunk 1
 *	+--------+-------+-------+- - - -+-------+-------+- - -
 *	| header | row 0 | row 1 |       | 16382 | 16383 |
 *	+--------+-------+-------+- - - -+-------+-------+- - -
 *
 * The file grows by chunks that are mapped one by one and never move, so a
 * row's address stays valid.  Its size tells how many rows there are.  Which of
 * them are free is not in the file: whoever knows what rows mean, state.c,
 * finds it out at every opening, and the list of these is in the heap.
 *
 * The parent creates the file, the broker alone maps it.
 */
#ifndef LOG_ROWS_H
#define LOG_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROWS_SIZE	64		/* bytes of a row, and of the header */
#define ROWS_NONE	UINT32_MAX
#ifndef ROWS_CHUNK			/* fuzz_state has smaller ones */
#define ROWS_CHUNK	((size_t)1 << 20)	/* bytes */
#endif
#define ROWS_OF_CHUNK	((uint32_t)(ROWS_CHUNK / ROWS_SIZE))

/* A piece of the file, and for each of its rows the next free one (ROWS_NONE:
 * the last), or that it is taken. */
struct rows_chunk {
	uint8_t *base;
	uint32_t link[ROWS_OF_CHUNK];
};

struct rows {
	int fd;
	struct rows_chunk **chunks;
	uint32_t chunk_count, chunk_room;
	uint32_t count;		/* rows 0..n-1 are taken or were */
	uint32_t free;		/* the first free one of these */
};

/* Creates a file without rows (mode 0400, it cannot shrink); `header` is at
 * most ROWS_SIZE bytes.  Descriptor or -1 with errno. */
int rows_create(const char *name, const void *header, size_t len)
    __attribute__((warn_unused_result));

/* Maps the file; borrows `fd`, which must stay open.  Now all rows that have a
 * place in it count, and none is taken: they are to be claimed, then settled.
 * False with errno (EPROTO: not a file of whole chunks), and nothing is to be
 * closed. */
bool rows_open(struct rows *, int fd) __attribute__((warn_unused_result));
void rows_close(struct rows *);
/* Takes a certain row. */
void rows_claim(struct rows *, uint32_t row);
/* Those that are not taken are free, the lowest first. */
void rows_settle(struct rows *);

/* Takes a free row and zeroes it; ROWS_NONE when the file cannot grow. */
uint32_t rows_take(struct rows *) __attribute__((warn_unused_result));
void rows_give(struct rows *, uint32_t row);
/* False for what is no row, too. */
bool rows_is_taken(const struct rows *, uint32_t row);

/* Lends the header, and a row below `count`. */
static inline void *
rows_header(const struct rows *rows)
{
	return rows->chunks[0]->base;
}

static inline void *
rows_at(const struct rows *rows, uint32_t row)
{
	uint32_t place = row + 1;

	return rows->chunks[place / ROWS_OF_CHUNK]->base +
	    (size_t)(place % ROWS_OF_CHUNK) * ROWS_SIZE;
}

#endif
