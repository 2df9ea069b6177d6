/*
 * registration - see registration.h.
 */
#include "config.h"

#include "broker/registration.h"

#include <event2/event.h>
#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/logger.h"
#include "broker/broker_parts.h"
#include "broker/gauges.h"
#include "broker/hub.h"

#define REGISTER_TIME_S	1	/* then a silent worker is ended */
#define STEP_MEMBERS	1000	/* cleared between two looks at the clock */

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct broker *b = arg;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < b->link_count; i++)
		if (b->links[i].generation != 0 &&
		    !b->links[i].is_registered)
			link_report(&b->links[i], "did-not-register");
}

bool
registration_open(struct broker *b)
{
	b->deadline = evtimer_new(b->base, on_deadline, b);
	return b->deadline != NULL;
}

void
registration_begin(struct broker *b)
{
	const struct timeval time = { .tv_sec = REGISTER_TIME_S };

	b->has_all = true;
	if (!b->is_serving)
		evtimer_add(b->deadline, &time);
	registration_look(b);
}

void
registration_look(struct broker *b)
{
	if (b->is_serving || b->is_clearing || !b->has_all)
		return;
	for (unsigned i = 0; i < b->link_count; i++)
		if (b->links[i].generation != 0 &&
		    !b->links[i].is_registered)
			return;
	evtimer_del(b->deadline);
	b->is_clearing = true;
}

/* Some of the members that the worker did not name. */
static void
link_clear(struct link *link)
{
	uint32_t dropped = hub_registered(link->broker->hub, link->index,
	    STEP_MEMBERS);

	link->cleared += dropped;
	if (dropped == STEP_MEMBERS)
		return;
	link->is_cleared = true;
	if (link->cleared > 0)
		logger_warning("members unknown to their worker",
		    "worker=%u members=%" PRIu32, link->index, link->cleared);
}

/* Some of all who are to leave.  False: nobody is left of them. */
static bool
clear_some(struct broker *b)
{
	if (hub_remove_others(b->hub, STEP_MEMBERS))
		return true;
	for (unsigned i = 0; i < b->link_count; i++) {
		struct link *link = &b->links[i];

		if (link->generation == 0 || !link->is_registered ||
		    link->is_cleared)
			continue;
		link_clear(link);
		return true;
	}
	return false;
}

/* One that was attached meanwhile is welcome when it has registered. */
static void
serve(struct broker *b)
{
	struct ipc_none none = { 0 };

	b->is_clearing = false;
	b->is_serving = true;
	b->serving_ms = clock_ms();
	gauges_sample(b);
	for (unsigned i = 0; i < b->link_count; i++)
		if (b->links[i].generation != 0 && b->links[i].is_cleared &&
		    !link_welcome(&b->links[i]))
			link_report(&b->links[i], "no-memory");
	if (!peer_send(b->parent, IPC_READY, &none, NULL, 0, -1))
		die(EX_OSERR, "no memory to report");
}

void
registration_go_on(struct broker *b)
{
	uint64_t end_ms = clock_ms() + LINK_TURN_MS;

	if (!b->is_clearing)
		return;
	while (clear_some(b))
		if (clock_ms() >= end_ms || hub_turn_is_full(b->hub))
			return;
	serve(b);
}

/*
 * What workers say.
 */

bool
registration_on_register(void *owner, struct peer *peer,
    const struct ipc_message *m)
{
	struct link *link = owner;
	uint64_t connection;

	(void)peer;
	if (link->is_registered || m->tail_len % sizeof(connection) != 0)
		return false;
	for (size_t at = 0; at < m->tail_len; at += sizeof(connection)) {
		memcpy(&connection, m->tail + at, sizeof(connection));
		if (!hub_register(link->broker->hub, link->index, connection))
			return false;
	}
	return true;
}

bool
registration_on_registered(void *owner, struct peer *peer,
    const struct ipc_message *m)
{
	struct link *link = owner;

	(void)m;
	if (link->is_registered)
		return false;
	link->is_registered = true;
	if (link->broker->is_serving) {
		while (!link->is_cleared)
			link_clear(link);
		return link_welcome(link);
	}
	/* Its requests wait until all the others are known. */
	peer_pause(peer, true);
	registration_look(link->broker);
	return true;
}
