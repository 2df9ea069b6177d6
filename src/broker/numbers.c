/*
 * numbers - see numbers.h.
 */
#include "config.h"

#include "broker/numbers.h"

#include <stdlib.h>

#include "broker/rowtable.h"

struct numbers {
	struct rowtable *rows;
};

struct number {
	uint8_t route;
	uint64_t number;
};

static uint64_t
number_hash(const struct number *n)
{
	/* Numbers come one after the other: spread them. */
	return (n->number + ((uint64_t)n->route << 56)) *
	    UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t
hash_row(const void *state, uint32_t row)
{
	const struct state_session *s = state_session(state, row);
	const struct number n = { s->route, s->number };

	return number_hash(&n);
}

static bool
match_row(const void *state, uint32_t row, const void *key)
{
	const struct state_session *s = state_session(state, row);
	const struct number *n = key;

	return s->number == n->number && s->route == n->route;
}

struct numbers *
numbers_new(const struct state *state)
{
	struct numbers *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return NULL;
	n->rows = rowtable_new(hash_row, match_row, state);
	if (n->rows == NULL) {
		free(n);
		return NULL;
	}
	return n;
}

void
numbers_free(struct numbers *n)
{
	if (n == NULL)
		return;
	rowtable_free(n->rows);
	free(n);
}

bool
numbers_reserve(struct numbers *n)
{
	return rowtable_reserve(n->rows);
}

void
numbers_add(struct numbers *n, uint32_t row)
{
	rowtable_add(n->rows, row);
}

void
numbers_remove(struct numbers *n, uint32_t row)
{
	rowtable_remove(n->rows, row);
}

uint32_t
numbers_find(const struct numbers *n, uint8_t route, uint64_t number)
{
	const struct number key = { route, number };

	return rowtable_find(n->rows, number_hash(&key), &key);
}
