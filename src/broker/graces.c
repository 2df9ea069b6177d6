/*
 * graces - see graces.h.
 */
#include "config.h"

#include "broker/graces.h"

#include <stdlib.h>

#include "base/settings.h"
#include "base/tally.h"
#include "broker/lists.h"

struct graces {
	const struct state *state;
	struct lists *lists;
	struct tally *makers;
	struct list routes[SETTINGS_ROUTES];	/* the last one goes first */
};

struct graces *
graces_new(const struct state *state)
{
	struct graces *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->state = state;
	g->lists = lists_new();
	g->makers = tally_new();
	if (g->lists == NULL || g->makers == NULL) {
		graces_free(g);
		return NULL;
	}
	for (unsigned i = 0; i < SETTINGS_ROUTES; i++)
		list_init(&g->routes[i]);
	return g;
}

void
graces_free(struct graces *g)
{
	if (g == NULL)
		return;
	lists_free(g->lists);
	tally_free(g->makers);
	free(g);
}

bool
graces_reserve(struct graces *g, uint32_t row)
{
	return lists_reserve(g->lists, row);
}

static struct list *
list_of(struct graces *g, uint32_t row)
{
	return &g->routes[state_session(g->state, row)->route];
}

static uint64_t
maker_of(const struct graces *g, uint32_t row)
{
	return state_maker(state_session(g->state, row));
}

void
graces_add(struct graces *g, uint32_t row)
{
	lists_add(g->lists, list_of(g, row), row);
	/* For want of memory it is not counted: no harm is done by one. */
	if (maker_of(g, row) != 0)
		(void)!tally_add(g->makers, maker_of(g, row));
}

void
graces_remove(struct graces *g, uint32_t row)
{
	lists_remove(g->lists, list_of(g, row), row);
	if (maker_of(g, row) != 0)
		tally_remove(g->makers, maker_of(g, row));
}

uint64_t
graces_of_maker(const struct graces *g, uint32_t row)
{
	return maker_of(g, row) == 0 ? 0 :
	    tally_count(g->makers, maker_of(g, row));
}

void
graces_shorten(struct graces *g, unsigned route, uint64_t end_ms)
{
	struct state_session *s;
	uint32_t row;

	/* The first of the list ends last. */
	for (row = g->routes[route].first; row != STATE_NONE;
	    row = lists_next(g->lists, row)) {
		s = state_session(g->state, row);
		if (atomic_load(&s->grace_end) <= end_ms)
			break;
		state_store_64(&s->grace_end, end_ms);
	}
}

uint32_t
graces_first(const struct graces *g, uint64_t *end_ms_out)
{
	uint32_t first = STATE_NONE, row;
	uint64_t end;

	*end_ms_out = UINT64_MAX;
	for (unsigned i = 0; i < SETTINGS_ROUTES; i++) {
		row = g->routes[i].last;
		if (row == STATE_NONE)
			continue;
		end = atomic_load(&state_session(g->state, row)->grace_end);
		if (end < *end_ms_out) {
			*end_ms_out = end;
			first = row;
		}
	}
	return first;
}
