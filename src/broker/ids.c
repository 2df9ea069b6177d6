/*
 * ids - see ids.h.
 *
 * The entries lie in a circle in the order of their time and are numbered 1,
 * 2, 3 ... as they come.  A chain of the hash table leads from number to
 * lower number: whatever is below the oldest is its end, so that forgetting
 * the oldest is counting one up.
 */
#include "config.h"

#include "broker/ids.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "log/log.h"
#include "log/record.h"

#define CAPACITY_MIN	64

struct entry {
	uint64_t hash;
	uint64_t position;
	uint64_t time_us;
	uint64_t older;		/* number of the next one in the chain */
};

struct ids {
	uint64_t secret[2];
	uint64_t oldest, next;	/* numbers */
	uint32_t capacity;	/* a power of two */
	uint32_t most;		/* likewise */
	struct entry *entries;	/* by number */
	uint64_t *chains;	/* by hash: the number of the newest */
};

/* Room for so many; what is there is entered again. */
static bool
set_capacity(struct ids *ids, uint32_t capacity)
{
	struct entry *entries = calloc(capacity, sizeof(*entries));
	uint64_t *chains = calloc(capacity, sizeof(*chains));
	uint64_t number, *chain;

	if (entries == NULL || chains == NULL) {
		free(entries);
		free(chains);
		return false;
	}
	for (number = ids->oldest; number < ids->next; number++) {
		struct entry *e = &entries[number & (capacity - 1)];

		*e = ids->entries[number & (ids->capacity - 1)];
		chain = &chains[e->hash & (capacity - 1)];
		e->older = *chain;
		*chain = number;
	}
	free(ids->entries);
	free(ids->chains);
	ids->entries = entries;
	ids->chains = chains;
	ids->capacity = capacity;
	return true;
}

struct ids *
ids_new(uint64_t ring_size)
{
	struct ids *ids = calloc(1, sizeof(*ids));

	if (ids == NULL)
		return NULL;
	ids->oldest = ids->next = 1;
	/* No more records with an id are in the ring at once. */
	ids->most = CAPACITY_MIN;
	while (ids->most < IDS_MAX && ids->most < ring_size /
	    record_length(1, 2))
		ids->most *= 2;
	if (getrandom(ids->secret, sizeof(ids->secret), 0) !=
	    sizeof(ids->secret) || !set_capacity(ids, CAPACITY_MIN)) {
		ids_free(ids);
		return NULL;
	}
	return ids;
}

void
ids_free(struct ids *ids)
{
	if (ids == NULL)
		return;
	free(ids->entries);
	free(ids->chains);
	free(ids);
}

bool
ids_reserve(struct ids *ids)
{
	if (ids_count(ids) < ids->capacity)
		return true;
	if (ids->capacity < ids->most)
		return set_capacity(ids, ids->capacity * 2);
	ids->oldest++;
	return true;
}

/*
 * The hash is SipHash-2-4 (Aumasson and Bernstein, 2012): clients choose ids,
 * and must not be able to choose ones that make a long chain.
 */

static uint64_t
rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void
hash_rounds(uint64_t v[static 4], unsigned rounds)
{
	while (rounds-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static void
hash_word(uint64_t v[static 4], uint64_t word)
{
	v[3] ^= word;
	hash_rounds(v, 2);
	v[0] ^= word;
}

/* Of the number, the id in words, and a last word with the lengths. */
static uint64_t
key_hash(const struct ids *ids, const struct ids_key *key)
{
	uint64_t v[4] = {
		ids->secret[0] ^ UINT64_C(0x736f6d6570736575),
		ids->secret[1] ^ UINT64_C(0x646f72616e646f6d),
		ids->secret[0] ^ UINT64_C(0x6c7967656e657261),
		ids->secret[1] ^ UINT64_C(0x7465646279746573)
	};
	const uint8_t *at = key->id;
	size_t left = key->id_len, len;
	uint64_t word;

	hash_word(v, key->number);
	for (; left > 0; at += len, left -= len) {
		len = left < sizeof(word) ? left : sizeof(word);
		word = 0;
		memcpy(&word, at, len);
		hash_word(v, word);
	}
	hash_word(v, (uint64_t)key->route << 8 | key->id_len);
	v[2] ^= 0xff;
	hash_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/*
 * Entries.
 */

void
ids_add(struct ids *ids, const struct ids_key *key, uint64_t position,
    uint64_t time_us)
{
	uint64_t hash = key_hash(ids, key), number = ids->next++;
	uint64_t *chain = &ids->chains[hash & (ids->capacity - 1)];

	ids->entries[number & (ids->capacity - 1)] = (struct entry){
		.hash = hash, .position = position, .time_us = time_us,
		.older = *chain
	};
	*chain = number;
}

static const struct entry *
entry_at(const struct ids *ids, uint64_t number)
{
	return &ids->entries[number & (ids->capacity - 1)];
}

static bool
is_gone(const struct entry *e, uint64_t first, uint64_t now_us)
{
	return e->position < first || (now_us > e->time_us &&
	    now_us - e->time_us >= IDS_TIME_US);
}

uint64_t
ids_find(struct ids *ids, const struct ids_key *key, uint64_t first,
    uint64_t now_us)
{
	uint64_t hash = key_hash(ids, key), number;

	while (ids->oldest < ids->next &&
	    is_gone(entry_at(ids, ids->oldest), first, now_us))
		ids->oldest++;
	for (number = ids->chains[hash & (ids->capacity - 1)];
	    number >= ids->oldest; number = entry_at(ids, number)->older)
		if (entry_at(ids, number)->hash == hash)
			return entry_at(ids, number)->position;
	return LOG_NONE;
}

uint32_t
ids_count(const struct ids *ids)
{
	return (uint32_t)(ids->next - ids->oldest);
}
