/*
 * ending - how all children are ended, workers before the broker, and what
 * happens when somebody is in a hurry.
 *
 * A part of the parent.
 */
#include "config.h"

#include "parent/parent_parts.h"

#include <errno.h>
#include <event2/event.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "parent/door.h"
#include "parent/supervisor.h"

#define PAUSE_MS	150	/* for what was said last to reach the log */
#define STOP_MS		5000	/* beyond the drain time: SIGKILL */
#define RETURN_RATE	200	/* clients that come back in a second */

void
ending_stop_broker_when_alone(struct parent *parent)
{
	static const struct ipc_stop now;
	unsigned i;

	if (parent->stage < STOPPING_WORKERS)
		return;
	for (i = 0; i < parent->worker_end; i++)
		if (child_is_alive(&parent->workers[i]))
			return;
	event_del(parent->broker.restart);
	if (!child_is_alive(&parent->broker)) {
		parent->stage = ENDED;
	} else if (parent->stage != STOPPING_BROKER) {
		parent->stage = STOPPING_BROKER;
		child_stop(&parent->broker, &now, STOP_MS);
	}
}

static uint32_t
return_time_s(const struct parent *parent)
{
	uint64_t ms = parent->settings->return_time_ms;

	if (ms > 0)
		return (uint32_t)((ms + 999) / 1000);
	return (uint32_t)(door_connections(parent->door) / RETURN_RATE) + 1;
}

/* Its connection has its place, counted from 1, among those that are closed
 * one after the other. */
static void
stop_single(struct parent *parent, struct child *worker,
    const struct ipc_stop *all, uint32_t place)
{
	struct ipc_stop stop = *all;

	stop.drain_ms = (uint32_t)((uint64_t)all->drain_ms * place /
	    parent->singles.alive);
	stop.rest_ms = all->drain_ms - stop.drain_ms;
	child_stop(worker, &stop, all->drain_ms + STOP_MS);
}

static void
stop_workers(struct parent *parent)
{
	const struct settings *settings = parent->settings;
	const struct ipc_stop stop = {
		.drain_ms = (uint32_t)settings->drain_time_ms,
		.return_s = return_time_s(parent),
		.is_restart = settings->drain_code == SETTINGS_RESTART
	};
	uint32_t i, singles = 0;

	parent->stage = STOPPING_WORKERS;
	event_del(parent->pause);
	for (i = 0; i < parent->worker_end; i++) {
		struct child *worker = &parent->workers[i];

		if (!child_is_alive(worker))
			continue;
		if (worker->is_single)
			stop_single(parent, worker, &stop, ++singles);
		else
			child_stop(worker, &stop, settings->drain_time_ms +
			    STOP_MS);
	}
	ending_stop_broker_when_alone(parent);
}

void
ending_stop_workers_when_paused(struct parent *parent)
{
	unsigned i;

	if (parent->stage != PAUSING_WORKERS)
		return;
	for (i = 0; i < parent->worker_end; i++)
		if (child_is_alive(&parent->workers[i]) &&
		    !parent->workers[i].paused)
			return;
	stop_workers(parent);
}

void
ending_on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	stop_workers(arg);
}

/* When all go at once, nobody may be closed before the others' last words
 * are in the log: first every worker reads no further. */
void
ending_stop(struct parent *parent)
{
	static const struct ipc_none none;
	const struct timeval pause = { .tv_usec = PAUSE_MS * 1000 };
	uint32_t i;

	parent->stopping_ms = clock_ms();
	parent->stage = PAUSING_WORKERS;
	supervisor_stopping(parent->supervisor,
	    parent->settings->drain_time_ms + PAUSE_MS + 2 * STOP_MS);
	readiness_tell_status(parent);
	attach_free(parent->attach);
	parent->attach = NULL;
	door_close(parent->door);
	for (i = 0; i < settings_pool(parent->settings); i++)
		event_del(parent->workers[i].restart);
	if (parent->settings->drain_time_ms > 0) {
		stop_workers(parent);
		return;
	}
	event_add(parent->pause, &pause);
	for (i = 0; i < parent->worker_end; i++)
		if (child_is_alive(&parent->workers[i]))
			child_tell(&parent->workers[i], IPC_PAUSE, &none, -1);
	ending_stop_workers_when_paused(parent);
}

void
ending_kill_all(struct parent *parent)
{
	unsigned i;

	for (i = 0; i < parent->worker_end; i++)
		if (child_is_alive(&parent->workers[i]))
			child_kill(&parent->workers[i], "a second signal");
	if (child_is_alive(&parent->broker))
		child_kill(&parent->broker, "a second signal");
	/* SIGKILL is not to be delayed: this wait is short. */
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	parent->stage = ENDED;
	parent->exit_code = 1;
}
