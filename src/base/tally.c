/*
 * tally - see tally.h.
 */
#include "config.h"

#include "base/tally.h"

#include <stdlib.h>

/* Without memory an element is left out, which tally_add notices. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((element)->count = 0)
#include <uthash.h>

struct row {
	uint64_t key;
	uint64_t count;
	UT_hash_handle hh;
};

struct tally {
	struct row *rows;
};

struct tally *
tally_new(void)
{
	return calloc(1, sizeof(struct tally));
}

void
tally_free(struct tally *tally)
{
	struct row *row, *next;

	if (tally == NULL)
		return;
	HASH_ITER(hh, tally->rows, row, next) {
		HASH_DEL(tally->rows, row);
		free(row);
	}
	free(tally);
}

static struct row *
row_find(const struct tally *tally, uint64_t key)
{
	struct row *row;

	HASH_FIND(hh, tally->rows, &key, sizeof(key), row);
	return row;
}

uint64_t
tally_add(struct tally *tally, uint64_t key)
{
	struct row *row = row_find(tally, key);

	if (row != NULL)
		return ++row->count;
	row = calloc(1, sizeof(*row));
	if (row == NULL)
		return 0;
	row->key = key;
	row->count = 1;
	HASH_ADD(hh, tally->rows, key, sizeof(row->key), row);
	if (row->count == 0) {
		free(row);
		return 0;
	}
	return 1;
}

void
tally_remove(struct tally *tally, uint64_t key)
{
	struct row *row = row_find(tally, key);

	if (row == NULL || --row->count > 0)
		return;
	HASH_DEL(tally->rows, row);
	free(row);
}

uint64_t
tally_count(const struct tally *tally, uint64_t key)
{
	const struct row *row = row_find(tally, key);

	return row == NULL ? 0 : row->count;
}

size_t
tally_keys(const struct tally *tally)
{
	return HASH_COUNT(tally->rows);
}
