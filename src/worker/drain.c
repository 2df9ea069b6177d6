/*
 * drain - see drain.h.
 */
#include "config.h"

#include "worker/drain.h"

#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>

#include "worker/client.h"
#include "worker/deadline.h"
#include "worker/delivery.h"
#include "worker/intake.h"
#include "worker/worker.h"

#define BEHIND_MS	500	/* of DRAIN_END_MS, for lines that are owed */

static void
count_open(struct worker *w, struct client *c)
{
	if (c->state == CLIENT_OPEN)
		w->drain.total++;
}

void
drain_begin(struct worker *w, const struct ipc_stop *stop)
{
	w->is_stopping = true;
	w->drain = (struct drain){
		.begin_ms = w->now_ms, .length_ms = stop->drain_ms,
		.rest_ms = stop->rest_ms,
		.return_s = stop->return_s > 0 ? stop->return_s : 1,
		.why = stop->is_restart != 0 ? CLOSE_RESTART :
		    CLOSE_GOING_AWAY
	};
	client_each(w, count_open);
}

/* Who goes away may be replaced by others that are there now; who restarts
 * is back when the last one has been closed. */
static unsigned
return_delay(const struct worker *w)
{
	const struct drain *d = &w->drain;
	uint64_t end_ms = d->begin_ms + d->length_ms + d->rest_ms;
	uint64_t left_ms = 0;
	uint32_t random = 0;

	(void)RAND_bytes((unsigned char *)&random, sizeof(random));
	if (d->why == CLOSE_RESTART && w->now_ms < end_ms)
		left_ms = end_ms - w->now_ms;
	return (unsigned)((left_ms + 999) / 1000) + 1 + random % d->return_s;
}

static void
close_client(struct worker *w, struct client *c)
{
	char text[FRAME_PAYLOAD_CONTROL_MAX - 2];

	snprintf(text, sizeof(text), "%s; come back in %u s",
	    close_text(w->drain.why), return_delay(w));
	c->why = (uint8_t)w->drain.why;
	client_queue_close(w, c, close_code(w->drain.why), text);
	client_schedule(w, c);
	/* Its own close may be in what was held back. */
	if (c->state == CLIENT_CLOSING && c->input != NULL)
		intake_resume(w, c);
}

/* The drain time is over. */
static void
close_last(struct worker *w, struct client *c)
{
	const struct drain *d = &w->drain;

	if (c->state == CLIENT_HEAD)
		client_drop(w, c, d->why);
	else if (c->state == CLIENT_OPEN && (delivery_is_level(c) ||
	    w->now_ms >= d->begin_ms + d->length_ms + BEHIND_MS))
		close_client(w, c);
}

static void
drop(struct worker *w, struct client *c)
{
	client_drop(w, c, CLOSE_TIMEOUT);
}

/* Closes as many as are due by now; each is heard out first, and who is behind
 * has the rest of the time to catch up. */
static void
close_some(struct worker *w, uint64_t elapsed_ms)
{
	struct drain *d = &w->drain;
	uint64_t target = d->total * elapsed_ms / d->length_ms;
	struct client *c;

	while (d->closed < target && d->slot < w->client_slots) {
		c = w->clients[d->slot++];
		if (c == NULL || c->state != CLIENT_OPEN)
			continue;
		d->closed++;
		if (!delivery_is_level(c))
			continue;
		if (!client_is_waiting(c) && !c->is_ended)
			intake_read(w, c);
		if (c->state == CLIENT_OPEN)
			close_client(w, c);
	}
}

void
drain_run(struct worker *w)
{
	const struct drain *d = &w->drain;
	uint64_t elapsed_ms;

	if (!w->is_stopping)
		return;
	elapsed_ms = w->now_ms - d->begin_ms;
	if (elapsed_ms >= d->length_ms + DRAIN_END_MS)
		client_each(w, drop);
	else if (elapsed_ms < d->length_ms)
		close_some(w, elapsed_ms);
	else if (!delivery_is_due(w) ||
	    elapsed_ms >= d->length_ms + BEHIND_MS)
		client_each(w, close_last);
}

uint64_t
drain_due(const struct worker *w)
{
	const struct drain *d = &w->drain;
	uint64_t end_ms = d->begin_ms + d->length_ms, next_ms;

	if (!w->is_stopping)
		return UINT64_MAX;
	if (w->now_ms < end_ms) {
		next_ms = d->closed >= d->total ? end_ms : d->begin_ms +
		    (d->closed + 1) * d->length_ms / d->total + 1;
		return next_ms < end_ms ? next_ms : end_ms;
	}
	return w->now_ms < end_ms + BEHIND_MS ? end_ms + BEHIND_MS :
	    end_ms + DRAIN_END_MS;
}
