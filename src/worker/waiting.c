/*
 * waiting - see waiting.h.
 */
#include "config.h"

#include "worker/waiting.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/memory.h"
#include "log/log.h"
#include "worker/delivery.h"
#include "worker/output.h"

#define LEVEL		UINT64_MAX

struct waiting_line {
	struct waiting_line *next;
	uint64_t position;	/* LEVEL: where the worker is by then */
	waiting_giver *give;
	struct buf line;
};

/* What waits for one client, the first to be given first. */
struct waiting {
	struct waiting *next, **at;	/* among all clients, in no order */
	struct client *client;
	struct waiting_line *first, **end;
	uint64_t bytes;
};

static bool
is_there(const struct worker *w, const struct client *c, uint64_t position)
{
	return position == LEVEL ? delivery_is_level(c) :
	    delivery_has_reached(w, c, position);
}

/* What a line counts for. */
static uint64_t
line_size(const struct waiting_line *line)
{
	return sizeof(*line) + buf_len(&line->line);
}

uint64_t
waiting_bytes(const struct client *c)
{
	return c->waiting == NULL ? 0 : c->waiting->bytes;
}

static struct waiting *
waiting_get(struct worker *w, struct client *c)
{
	struct waiting *waiting = c->waiting;

	if (waiting != NULL)
		return waiting;
	waiting = calloc(1, sizeof(*waiting));
	if (waiting == NULL)
		return NULL;
	waiting->client = c;
	waiting->end = &waiting->first;
	waiting->next = w->waiting;
	waiting->at = &w->waiting;
	if (w->waiting != NULL)
		w->waiting->at = &waiting->next;
	w->waiting = waiting;
	c->waiting = waiting;
	return waiting;
}

static bool
waiting_add(struct worker *w, struct client *c, uint64_t position,
    const struct buf *text, waiting_giver *give)
{
	struct waiting_line *line = calloc(1, sizeof(*line));
	struct waiting *waiting;

	if (line == NULL)
		return false;
	if (!buf_append(&line->line, buf_head(text), buf_len(text)) ||
	    (waiting = waiting_get(w, c)) == NULL) {
		buf_clear(&line->line);
		free(line);
		return false;
	}
	memory_add(sizeof(*line));
	line->position = position;
	line->give = give;
	*waiting->end = line;
	waiting->end = &line->next;
	waiting->bytes += line_size(line);
	return true;
}

/* Takes the first line away; who has no more is taken off the list. */
static struct waiting_line *
waiting_take(struct client *c)
{
	struct waiting *waiting = c->waiting;
	struct waiting_line *line = waiting->first;

	waiting->first = line->next;
	waiting->bytes -= line_size(line);
	if (waiting->first != NULL)
		return line;
	if (waiting->next != NULL)
		waiting->next->at = waiting->at;
	*waiting->at = waiting->next;
	free(waiting);
	c->waiting = NULL;
	return line;
}

static void
line_free(struct waiting_line *line)
{
	buf_clear(&line->line);
	memory_remove(sizeof(*line));
	free(line);
}

static void
put(struct worker *w, struct client *c, uint64_t position,
    const struct buf *line, waiting_giver *give)
{
	uint64_t most = client_limits(w, c)->backlog;

	/* Behind what waits for him, even if he is there by now. */
	if (c->waiting == NULL && is_there(w, c, position))
		give(w, c, line);
	else if (most != 0 && c->waiting != NULL && c->is_lagging &&
	    c->waiting->bytes > most)
		client_close(w, c, CLOSE_BACKLOG);
	else if (!waiting_add(w, c, position, line, give))
		client_close(w, c, CLOSE_SERVER_FAULT);
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
waiting_next(const struct client *c, uint64_t position)
{
	const struct waiting_line *line;

	if (c->waiting != NULL)
		for (line = c->waiting->first; line != NULL;
		    line = line->next)
			if (line->position > position)
				return line->position;
	return UINT64_MAX;
}

uint64_t
waiting_next_of_all(const struct worker *w, uint64_t position)
{
	const struct waiting *waiting;
	uint64_t next = UINT64_MAX, one;

	for (waiting = w->waiting; waiting != NULL; waiting = waiting->next) {
		one = waiting->first->position;
		if (one > position && one < next)
			next = one;
	}
	return next;
}

/* Gives the client the lines that are at `position` or before it. */
static void
give_until(struct worker *w, struct client *c, uint64_t position,
    waiting_settler *settle)
{
	struct waiting_line *line;

	while (c->waiting != NULL && c->state == CLIENT_OPEN &&
	    c->waiting->first->position <= position) {
		line = waiting_take(c);
		if (settle(c))
			line->give(w, c, &line->line);
		else
			client_close(w, c, CLOSE_SERVER_FAULT);
		line_free(line);
	}
}

void
waiting_give_before(struct worker *w, uint64_t position,
    waiting_settler *settle)
{
	struct waiting *waiting, *next;

	for (waiting = w->waiting; waiting != NULL; waiting = next) {
		next = waiting->next;
		if (delivery_is_level(waiting->client) &&
		    waiting->client->audience != NULL)
			give_until(w, waiting->client, position, settle);
	}
}

void
waiting_give(struct worker *w)
{
	struct waiting *waiting, *next;
	struct waiting_line *line;
	struct client *c;

	for (waiting = w->waiting; waiting != NULL; waiting = next) {
		next = waiting->next;
		c = waiting->client;
		while (c->waiting != NULL && (c->state != CLIENT_OPEN ||
		    is_there(w, c, c->waiting->first->position))) {
			line = waiting_take(c);
			if (c->state == CLIENT_OPEN)
				line->give(w, c, &line->line);
			line_free(line);
		}
	}
}

void
waiting_forget(struct client *c)
{
	while (c->waiting != NULL)
		line_free(waiting_take(c));
}

/* Whether a request of some worker has no receipt.  One that is dead asks
 * nothing again. */
static bool
is_open(const void *arg, uint64_t generation, uint64_t request)
{
	const struct worker *w = arg;

	for (unsigned i = 0; i < LOG_RECEIPTS; i++)
		if (atomic_load(&log_receipt(w->log, i)->generation) ==
		    generation)
			return log_receipt_load(w->log, i, generation) <
			    request;
	return false;
}

bool
waiting_is_repeat(struct worker *w, uint64_t generation, uint64_t request,
    uint64_t connection)
{
	const struct origin origin = {
		.generation = generation, .request = request,
		.connection = connection
	};

	return origins_is_repeat(&w->origins, &origin, is_open, w);
}

void
waiting_broker_died(struct worker *w)
{
	origins_broker_died(&w->origins, is_open, w);
}
