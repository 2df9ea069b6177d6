/*
 * address - how many connections come from where.
 *
 * Runs in the parent; pure.
 */
#include "config.h"

#include "parent/address.h"

#include <stdlib.h>
#include <string.h>

/* Without memory an element is left out, which address_add notices. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((element)->count = 0)
#include <uthash.h>

struct address {
	uint8_t key[NETADDR_BYTES];
	uint64_t count;
	UT_hash_handle hh;
};

struct address_table {
	struct address *rows;
};

struct address_table *
address_table_new(void)
{
	return calloc(1, sizeof(struct address_table));
}

void
address_table_free(struct address_table *table)
{
	struct address *row, *next;

	if (table == NULL)
		return;
	HASH_ITER(hh, table->rows, row, next) {
		HASH_DEL(table->rows, row);
		free(row);
	}
	free(table);
}

struct address *
address_add(struct address_table *table, const uint8_t bytes[NETADDR_BYTES])
{
	uint8_t key[NETADDR_BYTES];
	struct address *row;

	netaddr_key(bytes, key);
	HASH_FIND(hh, table->rows, key, sizeof(key), row);
	if (row != NULL) {
		row->count++;
		return row;
	}
	row = calloc(1, sizeof(*row));
	if (row == NULL)
		return NULL;
	memcpy(row->key, key, sizeof(key));
	row->count = 1;
	HASH_ADD(hh, table->rows, key, sizeof(row->key), row);
	if (row->count == 0) {
		free(row);
		return NULL;
	}
	return row;
}

void
address_remove(struct address_table *table, struct address *row)
{
	if (row == NULL || --row->count > 0)
		return;
	HASH_DEL(table->rows, row);
	free(row);
}

uint64_t
address_count(const struct address *row)
{
	return row->count;
}

size_t
address_table_rows(const struct address_table *table)
{
	return HASH_COUNT(table->rows);
}
