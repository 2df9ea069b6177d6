/*
 * turn - see turn.h.
 */
#include "config.h"

#include "worker/turn.h"

#include <event2/event.h>

#include "base/clock.h"
#include "worker/broker_link.h"
#include "worker/budget.h"
#include "worker/client.h"
#include "worker/deadline.h"
#include "worker/delivery.h"
#include "worker/drain.h"
#include "worker/gather.h"
#include "worker/incident.h"
#include "worker/look.h"
#include "worker/output.h"
#include "worker/waiting.h"
#include "worker/worker.h"

#define OUTBOX_HIGH	(1024 * 1024)	/* bytes without a receipt ... */
#define OUTBOX_COUNT	8192		/* ... or requests: stop reading */
#define RETRY_MS	250		/* when memory was short */
#define PAUSE_MS	50		/* for the last reading */

/*
 * What a turn begins with.
 */

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;	/* the turn looks at the wheel */
}

bool
turn_open(struct worker *w)
{
	w->timer = evtimer_new(w->base, on_timer, w);
	return w->timer != NULL && look_open(w);
}

static void
turn_run_deadlines(struct worker *w)
{
	struct wheel_item *item;
	struct client *c;

	while ((item = wheel_next_due(&w->wheel, w->now_ms)) != NULL) {
		c = (struct client *)((char *)item -
		    offsetof(struct client, deadline));
		deadline_passed(w, c);
	}
}

/*
 * The turn.
 */

static void
turn_deliver(struct worker *w)
{
	uint64_t end, begin_us;

	if (delivery_is_due(w))
		gather_more(w);
	if (delivery_is_due(w) || delivery_due(w) <= w->now_ms) {
		end = log_committed(w->log);
		/* A whisper that belongs before the end is in the channel by
		 * now: the broker sends it before it commits what follows,
		 * and before it rings. */
		if (w->broker != NULL && w->rung < end)
			peer_poll(w->broker);
		begin_us = clock_us();
		delivery_run(w, end);
		gather_told(&w->gather, clock_us() - begin_us);
	}
	if (w->waiting != NULL)
		waiting_give(w);
	drain_run(w);
	client_flush_all(w);
}

/* What clients had said when the end was announced is taken, and counts as
 * said; PAUSED tells when all of it is in the log. */
static void
turn_pause(struct worker *w)
{
	static const struct ipc_none none;
	uint64_t end_ms = w->now_ms + PAUSE_MS;

	if (w->is_pausing && !w->is_paused) {
		while (!w->is_choked && look(w) > 0 &&
		    w->now_ms < end_ms) {
			broker_link_send_requests(w);
			w->now_ms = clock_ms();
		}
		w->is_paused = true;
	}
	if (!w->is_pausing || w->outbox.count > 0)
		return;
	w->is_pausing = !peer_send(w->parent, IPC_PAUSED, &none, NULL, 0,
	    -1);
}

/* While too much waits for the broker, nothing more is read. */
static void
turn_choke(struct worker *w)
{
	bool choke = w->is_paused || w->outbox.count > OUTBOX_COUNT ||
	    outbox_bytes(&w->outbox) > OUTBOX_HIGH;

	if (choke == w->is_choked)
		return;
	w->is_choked = choke;
	if (choke) {
		event_del(w->readable);
	} else {
		w->unchoked_ms = w->now_ms;
		event_add(w->readable, NULL);
	}
}

static void
turn_set_timer(struct worker *w)
{
	struct timeval time;
	uint64_t wait_ms = UINT64_MAX, tell_ms = incident_due(&w->incidents);
	uint64_t deliver_ms = delivery_due(w);

	(void)wheel_wait(&w->wheel, w->now_ms, &wait_ms);
	/* What could not be done for want of memory is tried again. */
	if ((w->gone != NULL || w->attach_fd != 0) && wait_ms > RETRY_MS)
		wait_ms = RETRY_MS;
	if (deliver_ms < tell_ms)
		tell_ms = deliver_ms;
	if (drain_due(w) < tell_ms)
		tell_ms = drain_due(w);
	if (tell_ms < w->now_ms)
		tell_ms = w->now_ms;
	if (tell_ms != UINT64_MAX && wait_ms > tell_ms - w->now_ms)
		wait_ms = tell_ms - w->now_ms;
	if (wait_ms == UINT64_MAX) {
		evtimer_del(w->timer);
		return;
	}
	time.tv_sec = (time_t)(wait_ms / 1000);
	time.tv_usec = (suseconds_t)(wait_ms % 1000 * 1000 + 1000);
	evtimer_add(w->timer, &time);
}

/* That its one client has left must be known before a worker goes: a death
 * would count as a connection that was lost. */
static bool
turn_has_served(const struct worker *w)
{
	return w->is_single && w->outbox.count == 0;
}

static void
turn_work(struct worker *w)
{
	/* Who comes has sent his request already, as a rule. */
	if (w->has_come && !w->is_choked)
		(void)look(w);
	w->has_come = false;
	w->now_ms = clock_ms();
	turn_run_deadlines(w);
	incident_tell(&w->incidents, w->now_ms);
	broker_link_open(w);
	broker_link_send_requests(w);
	turn_deliver(w);
	broker_link_release(w);
	budget_shed(w);
	client_free_gone(w);
	budget_tell(w);
	turn_pause(w);
	broker_link_send_requests(w);
	turn_choke(w);
	turn_set_timer(w);
	peer_flush(w->parent);
	if (w->client_count == 0 && (w->is_stopping || turn_has_served(w)))
		w->is_over = true;
}

void
turn_run(struct worker *w)
{
	event_base_loop(w->base, EVLOOP_ONCE |
	    (delivery_goes_on(w) ? EVLOOP_NONBLOCK : 0));
	turn_work(w);
}
