/*
 * members - see members.h.
 */
#include "config.h"

#include "broker/members.h"

#include <stdlib.h>

#include "log/state.h"

#define ROWS_STEP	1024

struct links {
	uint32_t next, previous;	/* rows; STATE_NONE: none */
};

struct members {
	struct links *links;		/* by row */
	uint32_t rows;
};

struct members *
members_new(void)
{
	return calloc(1, sizeof(struct members));
}

void
members_free(struct members *m)
{
	if (m == NULL)
		return;
	free(m->links);
	free(m);
}

bool
members_reserve(struct members *m, uint32_t row)
{
	struct links *links;
	uint32_t rows = m->rows;

	if (row < rows)
		return true;
	while (rows <= row)
		rows += rows < ROWS_STEP ? ROWS_STEP : rows;
	links = realloc(m->links, rows * sizeof(*links));
	if (links == NULL)
		return false;
	m->links = links;
	m->rows = rows;
	return true;
}

void
members_add(struct members *m, struct room *room, uint32_t row)
{
	m->links[row] = (struct links){
		.next = room->first, .previous = STATE_NONE
	};
	if (room->first != STATE_NONE)
		m->links[room->first].previous = row;
	room->first = row;
}

void
members_remove(struct members *m, struct room *room, uint32_t row)
{
	const struct links *own = &m->links[row];

	if (own->next != STATE_NONE)
		m->links[own->next].previous = own->previous;
	if (own->previous != STATE_NONE)
		m->links[own->previous].next = own->next;
	else
		room->first = own->next;
}

uint32_t
members_next(const struct members *m, const struct room *room, uint32_t row)
{
	return row == STATE_NONE ? room->first : m->links[row].next;
}
