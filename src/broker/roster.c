/*
 * roster - see roster.h.
 */
#include "config.h"

#include "broker/roster.h"

#include <assert.h>
#include <stdlib.h>

#include "base/growth.h"
#include "ipc/messages.h"

#define SLOT_STEP	64

struct roster_worker {
	struct roster_worker *next;
	uint64_t generation;
	uint32_t *rows;		/* by slot; STATE_NONE: free */
	uint32_t size;
	uint32_t count;
};

struct roster {
	struct state *state;
	struct roster_worker *workers;
	uint32_t count;
};

bool
roster_read(const struct state *state, uint32_t row, struct roster_entry *out)
{
	const struct state_connection *c = state_connection(state, row);
	const struct state_session *s;

	if (c != NULL) {
		*out = (struct roster_entry){
			.generation = c->generation, .address = c->address,
			.connection = c->connection, .member = c->member
		};
		return true;
	}
	if (state_kind(state, row) != STATE_SESSION)
		return false;
	s = state_session(state, row);
	*out = (struct roster_entry){
		.generation = s->generation, .address = s->address,
		.connection = s->connection, .member = row
	};
	return true;
}

static bool
roster_restore(struct roster *r)
{
	for (uint32_t row = 0; row < state_rows(r->state); row++) {
		struct roster_entry entry;
		struct roster_worker *w;

		if (!roster_read(r->state, row, &entry))
			continue;
		w = roster_worker_add(r, entry.generation);
		if (w == NULL || !roster_reserve(w, entry.connection))
			return false;
		if (roster_slot_is_free(w, entry.connection))
			roster_add(r, w, row);
		else
			state_release(r->state, row);
	}
	return true;
}

struct roster *
roster_new(struct state *state)
{
	struct roster *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->state = state;
	if (!roster_restore(r)) {
		roster_free(r);
		return NULL;
	}
	return r;
}

void
roster_free(struct roster *r)
{
	struct roster_worker *w, *next;

	if (r == NULL)
		return;
	for (w = r->workers; w != NULL; w = next) {
		next = w->next;
		free(w->rows);
		free(w);
	}
	free(r);
}

struct roster_worker *
roster_worker_find(const struct roster *r, uint64_t generation)
{
	struct roster_worker *w;

	for (w = r->workers; w != NULL; w = w->next)
		if (w->generation == generation)
			return w;
	return NULL;
}

struct roster_worker *
roster_worker_add(struct roster *r, uint64_t generation)
{
	struct roster_worker *w = roster_worker_find(r, generation);

	if (w != NULL)
		return w;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return NULL;
	w->generation = generation;
	w->next = r->workers;
	r->workers = w;
	return w;
}

void
roster_worker_remove(struct roster *r, struct roster_worker *worker)
{
	struct roster_worker **at = &r->workers;

	assert(worker->count == 0);
	while (*at != worker)
		at = &(*at)->next;
	*at = worker->next;
	free(worker->rows);
	free(worker);
}

uint32_t
roster_worker_count(const struct roster_worker *w)
{
	return w->count;
}

struct roster_worker *
roster_worker_any(const struct roster *r,
    bool (*is_wanted)(void *arg, uint64_t generation), void *arg)
{
	struct roster_worker *w;

	for (w = r->workers; w != NULL; w = w->next)
		if (is_wanted(arg, w->generation))
			return w;
	return NULL;
}

uint32_t
roster_find(const struct roster *r, const struct roster_worker *w,
    uint64_t connection)
{
	uint32_t row = roster_slot(w, ipc_connection_slot(connection));
	struct roster_entry entry;

	return roster_read(r->state, row, &entry) &&
	    entry.connection == connection ? row : STATE_NONE;
}

bool
roster_reserve(struct roster_worker *w, uint64_t connection)
{
	uint32_t size = growth_next(w->size, ipc_connection_slot(connection),
	    SLOT_STEP);
	uint32_t *rows;

	if (size == w->size)
		return true;
	rows = realloc(w->rows, size * sizeof(*rows));
	if (rows == NULL)
		return false;
	for (uint32_t i = w->size; i < size; i++)
		rows[i] = STATE_NONE;
	w->rows = rows;
	w->size = size;
	return true;
}

void
roster_add(struct roster *r, struct roster_worker *w, uint32_t row)
{
	struct roster_entry entry = { 0 };
	uint32_t slot;

	(void)roster_read(r->state, row, &entry);
	slot = ipc_connection_slot(entry.connection);
	assert(slot < w->size && w->rows[slot] == STATE_NONE);
	w->rows[slot] = row;
	w->count++;
	r->count++;
}

void
roster_remove(struct roster *r, uint32_t row)
{
	struct roster_entry entry = { 0 };
	struct roster_worker *w;
	uint32_t slot;

	(void)roster_read(r->state, row, &entry);
	w = roster_worker_find(r, entry.generation);
	slot = ipc_connection_slot(entry.connection);
	assert(w != NULL && w->rows[slot] == row);
	w->rows[slot] = STATE_NONE;
	w->count--;
	r->count--;
	state_release(r->state, row);
}

bool
roster_slot_is_free(const struct roster_worker *w, uint64_t connection)
{
	return roster_slot(w, ipc_connection_slot(connection)) == STATE_NONE;
}

uint32_t
roster_slots(const struct roster_worker *w)
{
	return w->size;
}

uint32_t
roster_slot(const struct roster_worker *w, uint32_t slot)
{
	return slot < w->size ? w->rows[slot] : STATE_NONE;
}

uint32_t
roster_count(const struct roster *r)
{
	return r->count;
}
