/*
 * upkeep - see upkeep.h.
 */
#include "config.h"

#include "broker/upkeep.h"

#include <event2/event.h>

#include "base/clock.h"
#include "broker/broker_parts.h"
#include "broker/hub.h"

#define NEVER	UINT64_MAX
#define RETURN_MS	1000	/* for who came back while nobody was here */

static void
on_upkeep(evutil_socket_t fd, short what, void *arg)
{
	struct broker *b = arg;
	uint64_t now_ms = clock_ms();

	(void)fd;
	(void)what;
	b->upkeep_ms = NEVER;
	if (hub_next_tidy(b->hub) <= now_ms)
		hub_tidy(b->hub, now_ms);
	if (b->serving_ms + RETURN_MS <= now_ms)
		hub_expire(b->hub, now_ms);
}

/* A grace time may have ended before this broker began: whoever came back in
 * time is heard first. */
static uint64_t
next_expiry(const struct broker *b)
{
	uint64_t due_ms = hub_next_expiry(b->hub);

	return due_ms < b->serving_ms + RETURN_MS ?
	    b->serving_ms + RETURN_MS : due_ms;
}

bool
upkeep_open(struct broker *b)
{
	b->upkeep_ms = NEVER;
	b->upkeep = evtimer_new(b->base, on_upkeep, b);
	return b->upkeep != NULL;
}

void
upkeep_turn(struct broker *b)
{
	uint64_t due_ms, now_ms, left_ms;
	struct timeval time;

	if (!b->is_serving)
		return;
	due_ms = hub_next_tidy(b->hub);
	if (next_expiry(b) < due_ms)
		due_ms = next_expiry(b);
	/* The turn that this begins rings. */
	if (hub_next_bell(b->hub) < due_ms)
		due_ms = hub_next_bell(b->hub);
	if (due_ms == b->upkeep_ms)
		return;
	now_ms = clock_ms();
	left_ms = due_ms > now_ms ? due_ms - now_ms : 0;
	time.tv_sec = (time_t)(left_ms / 1000);
	time.tv_usec = (suseconds_t)(left_ms % 1000 * 1000);
	b->upkeep_ms = due_ms;
	evtimer_add(b->upkeep, &time);
}
