/*
 * slowdown - see slowdown.h.
 */
#include "config.h"

#include "worker/slowdown.h"

#include "base/meter.h"
#include "base/rate.h"
#include "worker/client.h"
#include "worker/deadline.h"
#include "worker/output.h"
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
	uint64_t address, until_us, clock_us;
	struct slowdown_pace pace;

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
	pace = slowdown_pace(w, c);
	clock_us = until_us + rate_ahead_us(pace.rate, pace.burst);
	if (c->message_us < clock_us)
		c->message_us = clock_us;
}

void
slowdown_hold(struct worker *w, uint64_t connection, uint64_t wait_ms)
{
	struct client *c = client_find(w, connection);

	if (c == NULL || c->state != CLIENT_OPEN || client_input(c) == NULL)
		return;
	c->input->waits_rate = true;
	if (c->input->slow_ms < w->now_ms + wait_ms)
		c->input->slow_ms = w->now_ms + wait_ms;
	client_poll(w, c);
	client_schedule(w, c);
}

struct slowdown_pace
slowdown_pace(const struct worker *w, const struct client *c)
{
	const struct settings_limits *own = client_limits(w, c);
	const struct settings_limits *all = &w->settings->limits;
	struct slowdown_pace pace = {
		own->message_rate, own->message_burst
	};

	if (all->message_rate_per_address == 0 || (pace.rate != 0 &&
	    pace.rate <= all->message_rate_per_address) ||
	    !client_is_chat(w, c) || client_address_key(w, c) == 0)
		return pace;
	if (pace.rate == 0 || pace.burst > all->message_burst_per_address)
		pace.burst = all->message_burst_per_address;
	pace.rate = all->message_rate_per_address;
	return pace;
}
