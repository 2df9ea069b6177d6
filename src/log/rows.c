/*
 * rows - see rows.h.
 */
#include "config.h"

#include "log/rows.h"

#include "log/step.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNKS_MAX	32768		/* 32 GiB */
#define TAKEN		(ROWS_NONE - 1)	/* in place of a link */

int
rows_create(const char *name, const void *header, size_t len)
{
	int error, fd;

	fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd == -1)
		return -1;
	if (ftruncate(fd, ROWS_CHUNK) == -1 ||
	    pwrite(fd, header, len, 0) != (ssize_t)len ||
	    fchmod(fd, 0400) == -1 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL) == -1) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

/* Rows for which there is a mapping. */
static uint32_t
rows_capacity(const struct rows *rows)
{
	return rows->chunk_count * ROWS_OF_CHUNK - 1;
}

static uint32_t *
rows_link(const struct rows *rows, uint32_t row)
{
	uint32_t place = row + 1;

	return &rows->chunks[place / ROWS_OF_CHUNK]->link[place %
	    ROWS_OF_CHUNK];
}

/* Maps the chunk behind the last one; the file reaches that far. */
static bool
rows_map_chunk(struct rows *rows)
{
	uint32_t room = rows->chunk_room > 0 ? rows->chunk_room * 2 : 8;
	struct rows_chunk *chunk, **chunks;

	if (rows->chunk_count == rows->chunk_room) {
		chunks = realloc(rows->chunks,
		    room * sizeof(struct rows_chunk *));
		if (chunks == NULL)
			return false;
		rows->chunks = chunks;
		rows->chunk_room = room;
	}
	chunk = malloc(sizeof(*chunk));
	if (chunk == NULL)
		return false;
	chunk->base = mmap(NULL, ROWS_CHUNK, PROT_READ | PROT_WRITE,
	    MAP_SHARED, rows->fd, (off_t)(rows->chunk_count * ROWS_CHUNK));
	if (chunk->base == MAP_FAILED) {
		free(chunk);
		return false;
	}
	rows->chunks[rows->chunk_count++] = chunk;
	return true;
}

static bool
rows_grow(struct rows *rows)
{
	if (rows->chunk_count == CHUNKS_MAX ||
	    ftruncate(rows->fd,
	    (off_t)((rows->chunk_count + 1) * ROWS_CHUNK)) == -1)
		return false;
	LOG_STEP();
	return rows_map_chunk(rows);
}

bool
rows_open(struct rows *rows, int fd)
{
	struct stat st;
	uint64_t count;
	int error;

	if (fstat(fd, &st) == -1)
		return false;
	count = (uint64_t)st.st_size / ROWS_CHUNK;
	if (!S_ISREG(st.st_mode) || st.st_size % (off_t)ROWS_CHUNK != 0 ||
	    count == 0 || count > CHUNKS_MAX) {
		errno = EPROTO;
		return false;
	}
	memset(rows, 0, sizeof(*rows));
	rows->fd = fd;
	rows->free = ROWS_NONE;
	while (rows->chunk_count < count)
		if (!rows_map_chunk(rows)) {
			error = errno;
			rows_close(rows);
			errno = error;
			return false;
		}
	rows->count = rows_capacity(rows);
	for (uint32_t row = 0; row < rows->count; row++)
		*rows_link(rows, row) = ROWS_NONE;
	return true;
}

void
rows_close(struct rows *rows)
{
	for (uint32_t i = 0; i < rows->chunk_count; i++) {
		munmap(rows->chunks[i]->base, ROWS_CHUNK);
		free(rows->chunks[i]);
	}
	free(rows->chunks);
}

void
rows_claim(struct rows *rows, uint32_t row)
{
	*rows_link(rows, row) = TAKEN;
}

void
rows_settle(struct rows *rows)
{
	while (rows->count > 0 && !rows_is_taken(rows, rows->count - 1))
		rows->count--;
	for (uint32_t row = rows->count; row-- > 0;)
		if (!rows_is_taken(rows, row))
			rows_give(rows, row);
}

uint32_t
rows_take(struct rows *rows)
{
	uint32_t row = rows->free;

	if (row != ROWS_NONE) {
		rows->free = *rows_link(rows, row);
	} else {
		if (rows->count == rows_capacity(rows) && !rows_grow(rows))
			return ROWS_NONE;
		row = rows->count++;
	}
	rows_claim(rows, row);
	memset(rows_at(rows, row), 0, ROWS_SIZE);
	LOG_STEP();
	return row;
}

void
rows_give(struct rows *rows, uint32_t row)
{
	*rows_link(rows, row) = rows->free;
	rows->free = row;
}

bool
rows_is_taken(const struct rows *rows, uint32_t row)
{
	return row < rows->count && *rows_link(rows, row) == TAKEN;
}
