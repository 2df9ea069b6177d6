/*
 * readiness - whether all processes are there and answer, and who is told:
 * the workers, and the supervisor.
 *
 * A part of the parent.
 */
#include "config.h"

#include "parent/parent_parts.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "parent/door.h"
#include "parent/supervisor.h"

static unsigned
count_ready(const struct parent *parent)
{
	unsigned i, ready = 0;

	for (i = 0; i < settings_pool(parent->settings); i++)
		ready += parent->workers[i].state == CHILD_READY;
	return ready;
}

/* Accepting, and the broker attached to every worker. */
static bool
is_ready(const struct parent *parent)
{
	return parent->stage == RUNNING &&
	    parent->broker.state == CHILD_READY &&
	    child_is_awake(&parent->broker) &&
	    count_ready(parent) == settings_pool(parent->settings);
}

void
readiness_tell(struct parent *parent)
{
	bool ready = is_ready(parent);
	struct ipc_readiness readiness = { .ready = ready };
	unsigned i;

	metrics_set(METRIC_READY, ready);
	for (i = 0; i < parent->worker_end; i++) {
		struct child *worker = &parent->workers[i];

		if (!child_is_alive(worker) || worker->told_ready == ready)
			continue;
		worker->told_ready = ready;
		child_tell(worker, IPC_READINESS, &readiness, -1);
	}
}

/* Whether all have answered the last ping; at the end, those that live. */
static bool
all_answer(const struct parent *parent)
{
	const struct child *worker;
	unsigned i;

	if (!child_answers(&parent->broker) && (parent->stage == RUNNING ||
	    child_is_alive(&parent->broker)))
		return false;
	for (i = 0; i < settings_pool(parent->settings); i++) {
		worker = &parent->workers[i];
		if (!child_answers(worker) && (parent->stage == RUNNING ||
		    child_is_alive(worker)))
			return false;
	}
	return true;
}

static const char *
broker_state(const struct child *broker)
{
	if (broker->state != CHILD_READY)
		return "no broker";
	return child_is_awake(broker) ? "the broker" :
	    "the broker does not answer";
}

void
readiness_tell_status(struct parent *parent)
{
	uint64_t connections = door_connections(parent->door);
	unsigned ready = count_ready(parent);
	char text[96];

	if (parent->stage != RUNNING)
		snprintf(text, sizeof(text), "stopping, %" PRIu64
		    " connections left", connections);
	else if (is_ready(parent))
		snprintf(text, sizeof(text), "%" PRIu64 " connections, %u "
		    "workers", connections, ready);
	else
		snprintf(text, sizeof(text), "not ready: %u of %u workers, %s, "
		    "%" PRIu64 " connections", ready,
		    settings_pool(parent->settings),
		    broker_state(&parent->broker), connections);
	supervisor_status(parent->supervisor, text);
}

void
readiness_tell_supervisor(struct parent *parent)
{
	supervisor_flush(parent->supervisor);
	if (is_ready(parent) && supervisor_ready(parent->supervisor))
		readiness_tell_status(parent);
	if (all_answer(parent))
		supervisor_alive(parent->supervisor, clock_ms());
}
