/*
 * bans - see bans.h.
 */
#include "config.h"

#include "base/bans.h"

#include <stdlib.h>
#include <string.h>

/* Without memory an element is left out, which bans_set notices. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((element)->until_s = 0)
#include <uthash.h>

struct row {
	uint64_t key;
	uint64_t until_s;
	UT_hash_handle hh;
};

struct bans {
	struct row *rows[NETWORK_BITS + 1];	/* by the prefix's bits */
	size_t count;
};

struct bans *
bans_new(void)
{
	return calloc(1, sizeof(struct bans));
}

static void
row_remove(struct bans *bans, unsigned bits, struct row *row)
{
	HASH_DEL(bans->rows[bits], row);
	free(row);
	bans->count--;
}

void
bans_free(struct bans *bans)
{
	if (bans == NULL)
		return;
	bans_expire(bans, BANS_FOREVER);
	free(bans);
}

static struct row *
row_find(const struct bans *bans, struct network network)
{
	struct row *row;

	HASH_FIND(hh, bans->rows[network.bits], &network.key,
	    sizeof(network.key), row);
	return row;
}

static bool
row_add(struct bans *bans, struct network network, uint64_t until_s)
{
	struct row *row;

	if (bans->count >= BANS_MAX)
		return false;
	row = calloc(1, sizeof(*row));
	if (row == NULL)
		return false;
	row->key = network.key;
	row->until_s = until_s;
	HASH_ADD(hh, bans->rows[network.bits], key, sizeof(row->key), row);
	if (row->until_s == 0) {
		free(row);
		return false;
	}
	bans->count++;
	return true;
}

bool
bans_set(struct bans *bans, struct network network, uint64_t until_s)
{
	struct row *row = row_find(bans, network);

	if (row == NULL)
		return until_s == 0 || row_add(bans, network, until_s);
	if (until_s == 0)
		row_remove(bans, network.bits, row);
	else
		row->until_s = until_s;
	return true;
}

bool
bans_has(const struct bans *bans, struct network network, uint64_t now_s)
{
	const struct row *row = row_find(bans, network);

	return row != NULL && row->until_s > now_s;
}

void
bans_each_holding(const struct bans *bans, struct network network,
    uint64_t now_s, bans_callback *callback, void *arg)
{
	struct network holder;
	const struct row *row;
	unsigned bits;

	for (bits = network_fewest(network); bits <= network.bits; bits++) {
		if (bans->rows[bits] == NULL)
			continue;
		holder.bits = bits;
		holder.key = network_cut(network.key, bits);
		row = row_find(bans, holder);
		if (row != NULL && row->until_s > now_s)
			callback(arg, holder, row->until_s);
	}
}

static void
note(void *arg, struct network network, uint64_t until_s)
{
	bool *is_there = arg;

	(void)network;
	(void)until_s;
	*is_there = true;
}

bool
bans_holds(const struct bans *bans, uint64_t key, uint64_t now_s)
{
	bool is_there = false;

	if (key != 0 && bans->count > 0)
		bans_each_holding(bans, network_of_key(key), now_s, note,
		    &is_there);
	return is_there;
}

void
bans_expire(struct bans *bans, uint64_t now_s)
{
	struct row *row, *next;

	for (unsigned bits = 1; bits <= NETWORK_BITS; bits++)
		HASH_ITER(hh, bans->rows[bits], row, next)
			if (row->until_s <= now_s)
				row_remove(bans, bits, row);
}

void
bans_each(const struct bans *bans, bans_callback *callback, void *arg)
{
	const struct row *row;

	for (unsigned bits = 1; bits <= NETWORK_BITS; bits++)
		for (row = bans->rows[bits]; row != NULL; row = row->hh.next)
			callback(arg, (struct network){ row->key, bits },
			    row->until_s);
}

size_t
bans_count(const struct bans *bans)
{
	return bans->count;
}
