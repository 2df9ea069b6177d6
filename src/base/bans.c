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

#include "base/netaddr.h"

struct row {
	uint64_t key;
	uint64_t until_s;
	UT_hash_handle hh;
};

struct bans {
	struct row *rows;
};

struct bans *
bans_new(void)
{
	return calloc(1, sizeof(struct bans));
}

static void
row_remove(struct bans *bans, struct row *row)
{
	HASH_DEL(bans->rows, row);
	free(row);
}

void
bans_free(struct bans *bans)
{
	struct row *row, *next;

	if (bans == NULL)
		return;
	HASH_ITER(hh, bans->rows, row, next)
		row_remove(bans, row);
	free(bans);
}

static struct row *
row_find(const struct bans *bans, uint64_t key)
{
	struct row *row;

	HASH_FIND(hh, bans->rows, &key, sizeof(key), row);
	return row;
}

static bool
row_add(struct bans *bans, uint64_t key, uint64_t until_s)
{
	struct row *row;

	if (HASH_COUNT(bans->rows) >= BANS_MAX)
		return false;
	row = calloc(1, sizeof(*row));
	if (row == NULL)
		return false;
	row->key = key;
	row->until_s = until_s;
	HASH_ADD(hh, bans->rows, key, sizeof(row->key), row);
	if (row->until_s != 0)
		return true;
	free(row);
	return false;
}

bool
bans_set(struct bans *bans, uint64_t key, uint64_t until_s)
{
	struct row *row = row_find(bans, key);

	if (row == NULL)
		return until_s == 0 || row_add(bans, key, until_s);
	if (until_s == 0)
		row_remove(bans, row);
	else
		row->until_s = until_s;
	return true;
}

bool
bans_has(const struct bans *bans, uint64_t key, uint64_t now_s)
{
	const struct row *row = row_find(bans, key);

	return row != NULL && row->until_s > now_s;
}

void
bans_expire(struct bans *bans, uint64_t now_s)
{
	struct row *row, *next;

	HASH_ITER(hh, bans->rows, row, next)
		if (row->until_s <= now_s)
			row_remove(bans, row);
}

void
bans_each(const struct bans *bans,
    void (*callback)(void *arg, uint64_t key, uint64_t until_s), void *arg)
{
	const struct row *row;

	for (row = bans->rows; row != NULL; row = row->hh.next)
		callback(arg, row->key, row->until_s);
}

size_t
bans_count(const struct bans *bans)
{
	return HASH_COUNT(bans->rows);
}

bool
bans_read_key(const char *text, uint64_t *key_out)
{
	struct netaddr_cidr cidr;
	const char *why;

	/* An IPv4 address, an IPv6 one, or the /64 that it counts by. */
	if (!netaddr_cidr_parse(text, &cidr, &why) ||
	    (cidr.bits != 128 && cidr.bits != 64) ||
	    (cidr.bits == 64 && netaddr_is_ipv4(cidr.address)))
		return false;
	*key_out = netaddr_key(cidr.address);
	return *key_out != 0;
}
