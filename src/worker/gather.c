/*
 * gather - see gather.h.
 */
#include "config.h"

#include "worker/gather.h"

#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <time.h>

#include "base/clock.h"
#include "ipc/peer.h"
#include "log/log.h"
#include "worker/broker_link.h"
#include "worker/delivery.h"
#include "worker/look.h"
#include "worker/worker.h"

#define LOOKS		2
#define LOOK_PAUSE	15		/* turns, at most */
#define MANY		16		/* of a room: waiting may pay */
#define YIELDS		4		/* before a look */
#define ANSWERS		2		/* waited for after one ... */
#define ANSWER_US	400		/* ... and how long for each */
#define WAIT_PAUSE	63		/* turns, at most */
#define WAIT_US		200		/* is never too long */
#define WORTH		5		/* times what telling takes */

/* The next pause: the longer, the more often it was in vain. */
static unsigned
longer(unsigned pause, unsigned max)
{
	return pause * 2 + 1 < max ? pause * 2 + 1 : max;
}

/* Looks are rarer the more often they were in vain: while nobody has anything
 * to say one costs as much as it ever brings. */
static void
gather_quickly(struct worker *w)
{
	struct gather *g = &w->gather;
	int looks = 0;

	if (g->look_rest > 0) {
		g->look_rest--;
		return;
	}
	while (looks < LOOKS && !w->is_choked && delivery_is_due(w) &&
	    look(w) > 0) {
		broker_link_send_requests(w);
		looks++;
	}
	g->look_pause = looks > 0 ? 0 : longer(g->look_pause, LOOK_PAUSE);
	g->look_rest = g->look_pause;
}

/* Lets others run, up to the time that is given; returns what it took. */
static uint64_t
yield(uint64_t max_us)
{
	uint64_t begin = clock_us(), spent = 0;

	for (int i = 0; i < YIELDS && spent <= max_us; i++) {
		sched_yield();
		spent = clock_us() - begin;
	}
	return spent;
}

/* Until the broker has answered what was asked; not for long. */
static void
await_answers(struct worker *w)
{
	const struct timespec time = { .tv_nsec = ANSWER_US * 1000 };
	struct pollfd broker = { .events = POLLIN };

	for (int i = 0; i < ANSWERS; i++) {
		broker_link_release(w);
		if (w->outbox.count == 0 || !w->is_welcome ||
		    w->broker == NULL || !peer_is_open(w->broker))
			return;
		broker.fd = peer_fd(w->broker);
		if (ppoll(&broker, 1, &time, NULL) <= 0)
			return;
		peer_poll(w->broker);
	}
}

static void
gather_patiently(struct worker *w)
{
	struct gather *g = &w->gather;
	uint64_t before = log_committed(w->log), spent = 0;
	uint64_t fair = g->told_us > WAIT_US ? g->told_us : WAIT_US;
	bool is_vain;

	for (int i = 0; i < LOOKS && !w->is_choked &&
	    spent <= WORTH * fair; i++) {
		spent += yield(WORTH * fair - spent);
		if (look(w) == 0 && w->outbox.count == 0)
			break;
		broker_link_send_requests(w);
		await_answers(w);
	}
	is_vain = w->outbox.count == 0 && log_committed(w->log) == before;
	g->wait_pause = spent > (is_vain ? 1 : WORTH) * fair ?
	    longer(g->wait_pause, WAIT_PAUSE) : 0;
	g->wait_rest = g->wait_pause;
}

void
gather_more(struct worker *w)
{
	if (delivery_audience(w->delivery) < MANY) {
		gather_quickly(w);
	} else if (w->gather.wait_rest > 0) {
		w->gather.wait_rest--;
		gather_quickly(w);
	} else {
		gather_patiently(w);
	}
}

void
gather_told(struct gather *g, uint64_t us)
{
	g->told_us = us;
}
