/*
 * origins - see origins.h.
 */
#include "config.h"

#include "worker/origins.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_MIN	64

void
origins_init(struct origins *o)
{
	*o = (struct origins){ 0 };
}

void
origins_clear(struct origins *o)
{
	free(o->dead);
	free(o->fresh);
	origins_init(o);
}

static int
origin_compare(const void *a, const void *b)
{
	const struct origin *x = a, *y = b;

	if (x->generation != y->generation)
		return x->generation < y->generation ? -1 : 1;
	if (x->request != y->request)
		return x->request < y->request ? -1 : 1;
	return (x->connection > y->connection) -
	    (x->connection < y->connection);
}

/* Closes up to those that are still open; returns how many. */
static size_t
keep_open(struct origin *origins, size_t count, origins_is_open *is_open,
    const void *arg)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (is_open(arg, origins[i].generation, origins[i].request))
			origins[kept++] = origins[i];
	return kept;
}

/* Room for one more: what has a receipt goes, unless that is too little to be
 * looked for so soon again. */
static bool
make_room(struct origins *o, origins_is_open *is_open, const void *arg)
{
	size_t room = o->fresh_room == 0 ? ROOM_MIN : o->fresh_room * 2;
	struct origin *fresh;

	if (o->fresh_count < o->fresh_room)
		return true;
	o->fresh_count = keep_open(o->fresh, o->fresh_count, is_open, arg);
	if (o->fresh_room > 0 && o->fresh_count <= o->fresh_room / 2)
		return true;
	fresh = realloc(o->fresh, room * sizeof(*fresh));
	if (fresh == NULL)
		return o->fresh_count < o->fresh_room;
	o->fresh = fresh;
	o->fresh_room = room;
	return true;
}

bool
origins_is_repeat(struct origins *o, const struct origin *origin,
    origins_is_open *is_open, const void *arg)
{
	if (o->dead_count > 0 && bsearch(origin, o->dead, o->dead_count,
	    sizeof(*o->dead), origin_compare) != NULL)
		return true;
	if (make_room(o, is_open, arg))
		o->fresh[o->fresh_count++] = *origin;
	return false;
}

void
origins_broker_died(struct origins *o, origins_is_open *is_open,
    const void *arg)
{
	struct origin *dead;
	size_t count;

	o->dead_count = keep_open(o->dead, o->dead_count, is_open, arg);
	o->fresh_count = keep_open(o->fresh, o->fresh_count, is_open, arg);
	count = o->dead_count + o->fresh_count;
	dead = count == 0 ? NULL : realloc(o->dead, count * sizeof(*dead));
	if (dead == NULL) {
		if (count == 0)
			origins_clear(o);
		return;
	}
	if (o->fresh_count > 0)
		memcpy(dead + o->dead_count, o->fresh,
		    o->fresh_count * sizeof(*dead));
	qsort(dead, count, sizeof(*dead), origin_compare);
	free(o->fresh);
	*o = (struct origins){ .dead = dead, .dead_count = count };
}
