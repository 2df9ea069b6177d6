/*
 * graces - see graces.h.
 */
#include "config.h"

#include "broker/graces.h"

#include <stdlib.h>

#include "base/settings.h"
#include "broker/lists.h"

struct graces {
	const struct state *state;
	struct lists *lists;
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
	if (g->lists == NULL) {
		free(g);
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

void
graces_add(struct graces *g, uint32_t row)
{
	lists_add(g->lists, list_of(g, row), row);
}

void
graces_remove(struct graces *g, uint32_t row)
{
	lists_remove(g->lists, list_of(g, row), row);
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
