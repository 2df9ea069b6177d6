/*
 * numbers - see numbers.h.
 *
 * Open addressing with linear probing; at most three of four places are
 * taken.  What is taken out is closed up, so there are no marks.
 */
#include "config.h"

#include "broker/numbers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PLACES_MIN	64	/* a power of two, as all later sizes */

struct numbers {
	const struct state *state;
	uint32_t *places;	/* rows; STATE_NONE: free */
	uint32_t size, count;
};

struct numbers *
numbers_new(const struct state *state)
{
	struct numbers *n = calloc(1, sizeof(*n));

	if (n != NULL)
		n->state = state;
	return n;
}

void
numbers_free(struct numbers *n)
{
	if (n == NULL)
		return;
	free(n->places);
	free(n);
}

static uint32_t
place_of(const struct numbers *n, uint8_t route, uint64_t number)
{
	/* Numbers come one after the other: spread them. */
	uint64_t hash = (number + ((uint64_t)route << 56)) *
	    UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(hash >> 32) & (n->size - 1);
}

static uint32_t
place_of_row(const struct numbers *n, uint32_t row)
{
	const struct state_session *s = state_session(n->state, row);

	return place_of(n, s->route, s->number);
}

static void
put(struct numbers *n, uint32_t row)
{
	uint32_t at = place_of_row(n, row);

	while (n->places[at] != STATE_NONE)
		at = (at + 1) & (n->size - 1);
	n->places[at] = row;
}

bool
numbers_reserve(struct numbers *n)
{
	uint32_t size = n->size == 0 ? PLACES_MIN : n->size * 2;
	uint32_t *old = n->places, *places, old_size = n->size;

	if (n->count + 1 <= n->size / 4 * 3)
		return true;
	places = malloc(size * sizeof(*places));
	if (places == NULL)
		return false;
	memset(places, 0xff, size * sizeof(*places));
	n->places = places;
	n->size = size;
	for (uint32_t i = 0; i < old_size; i++)
		if (old[i] != STATE_NONE)
			put(n, old[i]);
	free(old);
	return true;
}

void
numbers_add(struct numbers *n, uint32_t row)
{
	assert(n->count < n->size);
	put(n, row);
	n->count++;
}

void
numbers_remove(struct numbers *n, uint32_t row)
{
	uint32_t mask = n->size - 1, at = place_of_row(n, row), next, home;

	while (n->places[at] != row)
		at = (at + 1) & mask;
	/* Those behind it that may stand here move up. */
	for (next = (at + 1) & mask; n->places[next] != STATE_NONE;
	    next = (next + 1) & mask) {
		home = place_of_row(n, n->places[next]);
		if (((next - home) & mask) >= ((next - at) & mask)) {
			n->places[at] = n->places[next];
			at = next;
		}
	}
	n->places[at] = STATE_NONE;
	n->count--;
}

uint32_t
numbers_find(const struct numbers *n, uint8_t route, uint64_t number)
{
	const struct state_session *s;
	uint32_t at;

	if (n->size == 0)
		return STATE_NONE;
	for (at = place_of(n, route, number); n->places[at] != STATE_NONE;
	    at = (at + 1) & (n->size - 1)) {
		s = state_session(n->state, n->places[at]);
		if (s->number == number && s->route == route)
			return n->places[at];
	}
	return STATE_NONE;
}
