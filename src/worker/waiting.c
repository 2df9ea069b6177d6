/*
 * waiting - see waiting.h.
 */
#include "config.h"

#include "worker/waiting.h"

#include <stdlib.h>
#include <string.h>

#include "worker/delivery.h"
#include "worker/output.h"

#define REPEATS		8192	/* origins remembered, a power of two */

struct waiting_line {
	struct waiting_line *next;
	uint64_t connection;
	uint64_t position;	/* LEVEL: where the worker is by then */
	waiting_giver *give;
	struct buf line;
};

#define LEVEL		UINT64_MAX

struct origin {
	uint64_t generation, request, connection;
};

/* What it counts for: never 0. */
static uint64_t
line_size(const struct waiting_line *entry)
{
	return sizeof(*entry) + buf_len(&entry->line);
}

static bool
is_there(const struct worker *w, const struct client *c, uint64_t position)
{
	return position == LEVEL ? delivery_is_level(c) :
	    delivery_has_reached(w, c, position);
}

static void
put(struct worker *w, struct client *c, uint64_t position,
    const struct buf *line, waiting_giver *give)
{
	struct waiting_line *entry;
	uint64_t most = client_limits(w, c)->backlog;

	/* Behind what waits for him, even if he is there by now. */
	if (c->waiting == 0 && is_there(w, c, position)) {
		give(w, c, line);
		return;
	}
	if (most != 0 && c->waiting > most && c->is_lagging) {
		client_close(w, c, CLOSE_BACKLOG);
		return;
	}
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL || !buf_append(&entry->line, buf_head(line),
	    buf_len(line))) {
		free(entry);
		client_close(w, c, CLOSE_SERVER_FAULT);
		return;
	}
	entry->connection = c->connection;
	entry->position = position;
	entry->give = give;
	*(w->waiting == NULL ? &w->waiting : w->waiting_end) = entry;
	w->waiting_end = &entry->next;
	c->waiting += line_size(entry);
}

void
waiting_put(struct worker *w, struct client *c, uint64_t position,
    const struct buf *line)
{
	put(w, c, position, line, client_tell);
}

void
waiting_put_question(struct worker *w, struct client *c,
    const struct buf *question, waiting_giver *give)
{
	put(w, c, LEVEL, question, give);
}

uint64_t
waiting_next(const struct worker *w, const struct client *c,
    uint64_t position)
{
	const struct waiting_line *entry;
	uint64_t next = LEVEL;

	if (c != NULL && c->waiting == 0)
		return next;
	for (entry = w->waiting; entry != NULL; entry = entry->next)
		if (entry->position > position && entry->position < next &&
		    (c == NULL || entry->connection == c->connection))
			next = entry->position;
	return next;
}

void
waiting_give(struct worker *w)
{
	struct waiting_line **at = &w->waiting, *entry;
	struct client *c;

	while ((entry = *at) != NULL) {
		c = client_find(w, entry->connection);
		if (c != NULL && c->state == CLIENT_OPEN &&
		    !is_there(w, c, entry->position)) {
			at = &entry->next;
			continue;
		}
		*at = entry->next;
		if (c != NULL)
			c->waiting -= line_size(entry);
		if (c != NULL && c->state == CLIENT_OPEN)
			entry->give(w, c, &entry->line);
		buf_clear(&entry->line);
		free(entry);
	}
	w->waiting_end = at;
}

/* A place for each hash: an origin is forgotten when another takes its
 * place, long after its repeat could have come. */
bool
waiting_is_repeat(struct worker *w, uint64_t generation, uint64_t request,
    uint64_t connection)
{
	const struct origin origin = {
		.generation = generation, .request = request,
		.connection = connection
	};
	uint64_t hash = (generation * 31 + request * 17 + connection) *
	    UINT64_C(0x9e3779b97f4a7c15);
	struct origin *place;

	if (w->origins == NULL)
		w->origins = calloc(REPEATS, sizeof(*w->origins));
	if (w->origins == NULL)
		return false;
	place = &w->origins[hash >> 32 & (REPEATS - 1)];
	if (memcmp(place, &origin, sizeof(origin)) == 0)
		return true;
	*place = origin;
	return false;
}
