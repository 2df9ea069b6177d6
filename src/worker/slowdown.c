/*
 * slowdown - see slowdown.h.
 */
#include "config.h"

#include "worker/slowdown.h"

#include "base/meter.h"
#include "base/rate.h"
#include "worker/client.h"
#include "worker/worker.h"

void
slowdown_set(struct worker *w, uint64_t address, uint64_t wait_ms)
{
	struct slowdown *s = &w->slowdown;
	uint64_t until_ms = w->now_ms + wait_ms;

	if (address == 0 || (s->addresses == NULL &&
	    (s->addresses = meter_new()) == NULL))
		return;
	*meter_clock(s->addresses, address, w->now_ms * 1000) =
	    until_ms * 1000;
	if (until_ms > s->until_ms)
		s->until_ms = until_ms;
}

void
slowdown_check(struct worker *w, struct client *c)
{
	const struct slowdown *s = &w->slowdown;
	const struct settings_limits *l;
	uint64_t address, until_us, clock_us;

	if (s->until_ms <= w->now_ms || c->state != CLIENT_OPEN ||
	    !client_is_chat(w, c))
		return;
	address = client_address_key(w, c);
	until_us = address == 0 ? 0 : meter_read(s->addresses, address);
	if (until_us <= w->now_ms * 1000)
		return;
	if (client_input(c) == NULL) {
		client_drop(w, c, CLOSE_SERVER_FAULT);
		return;
	}
	c->input->waits_rate = true;
	c->input->slow_ms = until_us / 1000;
	/* Its own burst is gone, so that not all of these come at once with
	 * theirs when the time is over. */
	l = client_limits(w, c);
	clock_us = until_us + rate_ahead_us(l->message_rate, l->message_burst);
	if (c->message_us < clock_us)
		c->message_us = clock_us;
}
