/*
 * handshakes - see handshakes.h.
 */
#include "config.h"

#include "worker/handshakes.h"

#include <openssl/rand.h>
#include <stdlib.h>

#include "base/growth.h"
#include "worker/client.h"
#include "worker/worker.h"

#define STEP	64	/* the table grows by at least */

bool
handshakes_reserve(struct worker *w)
{
	struct handshakes *h = &w->handshakes;
	uint32_t room = growth_next(h->room, h->count, STEP);
	struct client **clients;

	if (room == h->room)
		return true;
	clients = realloc(h->clients, room * sizeof(struct client *));
	if (clients == NULL)
		return false;
	h->clients = clients;
	h->room = room;
	return true;
}

/* Half of what the worker may have, unless the settings say it. */
static uint64_t
handshakes_max(const struct worker *w)
{
	uint64_t max = w->settings->limits.handshakes;

	return max != 0 ? max : w->slots / 2 + 1;
}

/* Whoever has come last is let try. */
static void
handshakes_shed(struct worker *w)
{
	struct handshakes *h = &w->handshakes;
	struct client *c;
	uint32_t chance;

	if (h->count < 2 || RAND_bytes((unsigned char *)&chance,
	    sizeof(chance)) != 1)
		return;
	c = h->clients[chance % (h->count - 1)];
	incident_refused(&w->incidents, c, REFUSAL_TOO_MANY_HANDSHAKES, NULL,
	    NULL, w->now_ms);
	client_drop(w, c, CLOSE_TIMEOUT);
}

void
handshakes_add(struct worker *w, struct client *c)
{
	struct handshakes *h = &w->handshakes;

	c->handshake = h->count;
	h->clients[h->count++] = c;
	if (h->count > handshakes_max(w))
		handshakes_shed(w);
}

void
handshakes_remove(struct worker *w, struct client *c)
{
	struct handshakes *h = &w->handshakes;
	struct client *last = h->clients[--h->count];

	h->clients[c->handshake] = last;
	last->handshake = c->handshake;
	c->member = 0;
}
