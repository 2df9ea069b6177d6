/*
 * audience - see audience.h.
 */
#include "config.h"

#include "worker/audience.h"

#include <stdlib.h>

#include "base/growth.h"
#include "log/log.h"
#include "worker/client.h"

#define MEMBERS_STEP	8	/* room for so many more at least */

struct audience_table {
	struct audience *rooms;		/* uthash head */
};

struct audience_table *
audience_table_new(void)
{
	return calloc(1, sizeof(struct audience_table));
}

static void
audience_free(struct audience *a)
{
	presence_forget(a);
	HASH_DEL(a->table->rooms, a);
	free(a->members);
	free(a);
}

struct audience *
audience_find(const struct audience_table *t, uint64_t room)
{
	struct audience *a;

	HASH_FIND(hh, t->rooms, &room, sizeof(room), a);
	return a;
}

struct audience *
audience_get(struct audience_table *t, uint64_t room)
{
	struct audience *a = audience_find(t, room);

	if (a != NULL)
		return a;
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return NULL;
	a->table = t;
	a->room = room;
	a->newest = LOG_NONE;
	HASH_ADD(hh, t->rooms, room, sizeof(a->room), a);
	if (a->hh.tbl == NULL) {
		free(a);
		return NULL;
	}
	return a;
}

void
audience_trim(struct audience *a)
{
	if (a->count == 0 && a->batch == NULL)
		audience_free(a);
}

bool
audience_add(struct audience *a, struct client *c)
{
	uint32_t capacity = growth_next(a->capacity, a->count, MEMBERS_STEP);
	struct client **members;

	if (capacity != a->capacity) {
		members = realloc(a->members,
		    capacity * sizeof(struct client *));
		if (members == NULL)
			return false;
		a->members = members;
		a->capacity = capacity;
	}
	c->audience = a;
	c->member = a->count;
	a->members[a->count++] = c;
	a->in_form[c->form]++;
	return true;
}

void
audience_leave(struct client *c)
{
	struct audience *a = c->audience;

	c->audience = NULL;
	a->members[c->member] = a->members[--a->count];
	a->members[c->member]->member = c->member;
	a->in_form[c->form]--;
	audience_trim(a);
}
