/*
 * rowtable - see rowtable.h.
 *
 * Open addressing with linear probing; at most three of four places are
 * taken.  What is taken out is closed up, so there are no marks.
 */
#include "config.h"

#include "broker/rowtable.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "log/state.h"

#define PLACES_MIN	64	/* a power of two, as all later sizes */

struct rowtable {
	rowtable_hash *hash;
	rowtable_match *match;
	const void *arg;
	uint32_t *places;	/* rows; STATE_NONE: free */
	uint32_t size, count;
};

struct rowtable *
rowtable_new(rowtable_hash *hash, rowtable_match *match, const void *arg)
{
	struct rowtable *t = calloc(1, sizeof(*t));

	if (t != NULL) {
		t->hash = hash;
		t->match = match;
		t->arg = arg;
	}
	return t;
}

void
rowtable_free(struct rowtable *t)
{
	if (t == NULL)
		return;
	free(t->places);
	free(t);
}

static uint32_t
place_of(const struct rowtable *t, uint64_t hash)
{
	return (uint32_t)(hash >> 32) & (t->size - 1);
}

static void
put(struct rowtable *t, uint32_t row)
{
	uint32_t at = place_of(t, t->hash(t->arg, row));

	while (t->places[at] != STATE_NONE)
		at = (at + 1) & (t->size - 1);
	t->places[at] = row;
}

bool
rowtable_reserve(struct rowtable *t)
{
	uint32_t size = t->size == 0 ? PLACES_MIN : t->size * 2;
	uint32_t *old = t->places, *places, old_size = t->size;

	if (t->count + 1 <= t->size / 4 * 3)
		return true;
	places = malloc(size * sizeof(*places));
	if (places == NULL)
		return false;
	memset(places, 0xff, size * sizeof(*places));
	t->places = places;
	t->size = size;
	for (uint32_t i = 0; i < old_size; i++)
		if (old[i] != STATE_NONE)
			put(t, old[i]);
	free(old);
	return true;
}

void
rowtable_add(struct rowtable *t, uint32_t row)
{
	assert(t->count < t->size);
	put(t, row);
	t->count++;
}

void
rowtable_remove(struct rowtable *t, uint32_t row)
{
	uint32_t mask = t->size - 1, next, home;
	uint32_t at = place_of(t, t->hash(t->arg, row));

	while (t->places[at] != row)
		at = (at + 1) & mask;
	/* Those behind it that may stand here move up. */
	for (next = (at + 1) & mask; t->places[next] != STATE_NONE;
	    next = (next + 1) & mask) {
		home = place_of(t, t->hash(t->arg, t->places[next]));
		if (((next - home) & mask) >= ((next - at) & mask)) {
			t->places[at] = t->places[next];
			at = next;
		}
	}
	t->places[at] = STATE_NONE;
	t->count--;
}

uint32_t
rowtable_find(const struct rowtable *t, uint64_t hash, const void *key)
{
	uint32_t at;

	if (t->size == 0)
		return STATE_NONE;
	for (at = place_of(t, hash); t->places[at] != STATE_NONE;
	    at = (at + 1) & (t->size - 1))
		if (t->match(t->arg, t->places[at], key))
			return t->places[at];
	return STATE_NONE;
}
