/*
 * lists - see lists.h.
 */
#include "config.h"

#include "broker/lists.h"

#include <stdlib.h>

#include "base/growth.h"
#include "log/state.h"

#define ROWS_STEP	1024

struct lists {
	/* By row, in a list: the one behind it and the one before. */
	struct list *links;
	uint32_t rows;
};

struct lists *
lists_new(void)
{
	return calloc(1, sizeof(struct lists));
}

void
lists_free(struct lists *l)
{
	if (l == NULL)
		return;
	free(l->links);
	free(l);
}

bool
lists_reserve(struct lists *l, uint32_t row)
{
	uint32_t rows = growth_next(l->rows, row, ROWS_STEP);
	struct list *links;

	if (rows == l->rows)
		return true;
	links = realloc(l->links, rows * sizeof(*links));
	if (links == NULL)
		return false;
	for (uint32_t i = l->rows; i < rows; i++)
		list_init(&links[i]);
	l->links = links;
	l->rows = rows;
	return true;
}

void
list_init(struct list *list)
{
	*list = (struct list){ STATE_NONE, STATE_NONE };
}

void
lists_add(struct lists *l, struct list *list, uint32_t row)
{
	l->links[row] = (struct list){ list->first, STATE_NONE };
	if (list->first != STATE_NONE)
		l->links[list->first].last = row;
	else
		list->last = row;
	list->first = row;
}

void
lists_remove(struct lists *l, struct list *list, uint32_t row)
{
	const struct list own = l->links[row];

	if (own.first != STATE_NONE)
		l->links[own.first].last = own.last;
	else
		list->last = own.last;
	if (own.last != STATE_NONE)
		l->links[own.last].first = own.first;
	else
		list->first = own.first;
	list_init(&l->links[row]);
}

uint32_t
lists_next(const struct lists *l, uint32_t row)
{
	return l->links[row].first;
}

struct list *
lists_of(const struct lists *l, uint32_t row)
{
	return &l->links[row];
}
