/*
 * nametable - see nametable.h.
 */
#include "config.h"

#include "broker/nametable.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A key is a digest over a secret: its first bytes spread by themselves, and
 * nobody can choose names that meet in one bucket. */
#define HASH_NONFATAL_OOM 1
#define HASH_FUNCTION(key, len, value) ((value) = key_hash(key))
#include <uthash.h>

struct key {
	uint8_t bytes[NAME_KEY];
	uint8_t route;
};

struct entry {
	struct key key;
	uint32_t row;
	uint32_t uses;			/* names of the row that have the key */
	UT_hash_handle hh;
};

struct nametable {
	struct entry *entries;		/* uthash's head */
};

static unsigned
key_hash(const void *key)
{
	const struct key *k = key;
	unsigned hash;

	memcpy(&hash, k->bytes, sizeof(hash));
	return hash ^ k->route;
}

struct nametable *
nametable_new(void)
{
	return calloc(1, sizeof(struct nametable));
}

void
nametable_free(struct nametable *t)
{
	struct entry *entry, *next;

	if (t == NULL)
		return;
	HASH_ITER(hh, t->entries, entry, next) {
		HASH_DELETE(hh, t->entries, entry);
		free(entry);
	}
	free(t);
}

static struct key
key_make(uint8_t route, const uint8_t *bytes)
{
	struct key key = { .route = route };

	memcpy(key.bytes, bytes, NAME_KEY);
	return key;
}

static struct entry *
entry_find(const struct nametable *t, uint8_t route, const uint8_t *bytes)
{
	struct key key = key_make(route, bytes);
	struct entry *entry;

	HASH_FIND(hh, t->entries, &key, sizeof(key), entry);
	return entry;
}

static bool
entry_use(struct nametable *t, uint8_t route, const uint8_t *bytes,
    uint32_t row)
{
	struct entry *entry = entry_find(t, route, bytes);

	if (entry == NULL) {
		entry = calloc(1, sizeof(*entry));
		if (entry == NULL)
			return false;
		entry->key = key_make(route, bytes);
		entry->row = row;
		HASH_ADD(hh, t->entries, key, sizeof(entry->key), entry);
		if (entry->hh.tbl == NULL) {
			free(entry);
			return false;
		}
	}
	entry->uses++;
	return true;
}

static void
entry_release(struct nametable *t, uint8_t route, const uint8_t *bytes,
    uint32_t row)
{
	struct entry *entry = entry_find(t, route, bytes);

	assert(entry != NULL && entry->row == row);
	if (--entry->uses > 0)
		return;
	HASH_DELETE(hh, t->entries, entry);
	free(entry);
}

enum nametable_result
nametable_add(struct nametable *t, uint8_t route,
    const struct name_keys *keys, uint32_t row)
{
	const struct entry *entry;
	unsigned i;

	for (i = 0; i < keys->count; i++) {
		entry = entry_find(t, route, keys->key[i]);
		if (entry != NULL && entry->row != row)
			return NAMETABLE_TAKEN;
	}
	for (i = 0; i < keys->count; i++) {
		if (entry_use(t, route, keys->key[i], row))
			continue;
		while (i-- > 0)
			entry_release(t, route, keys->key[i], row);
		return NAMETABLE_NO_MEMORY;
	}
	return NAMETABLE_ADDED;
}

void
nametable_remove(struct nametable *t, uint8_t route,
    const struct name_keys *keys, uint32_t row)
{
	unsigned i;

	for (i = 0; i < keys->count; i++)
		entry_release(t, route, keys->key[i], row);
}

void
nametable_forget(struct nametable *t, uint32_t row)
{
	struct entry *entry, *next;

	HASH_ITER(hh, t->entries, entry, next) {
		if (entry->row != row)
			continue;
		HASH_DELETE(hh, t->entries, entry);
		free(entry);
	}
}

uint32_t
nametable_find(const struct nametable *t, uint8_t route,
    const struct name_keys *keys)
{
	const struct entry *entry;
	unsigned i;

	for (i = 0; i < keys->count; i++) {
		entry = entry_find(t, route, keys->key[i]);
		if (entry != NULL)
			return entry->row;
	}
	return NAMETABLE_NONE;
}
