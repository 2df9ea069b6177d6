/*
 * helm - see helm.h.
 */
#include "config.h"

#include "parent/helm.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/logger.h"
#include "parent/door.h"
#include "parent/parent_parts.h"
#include "parent/reload.h"

#define DRAIN_MAX_MS	3600000		/* as the setting drain-time */

/* Each returns what STEERED has to tell: true, done; false, `told` says why
 * not.  `told` is empty before. */
static bool
drain(struct parent *parent, const struct ipc_steer *steer,
    char told[IPC_REASON])
{
	if (parent->stage != RUNNING) {
		snprintf(told, IPC_REASON, "the server ends already");
		return false;
	}
	if (steer->has_value && steer->value > DRAIN_MAX_MS) {
		snprintf(told, IPC_REASON, "the time is over an hour");
		return false;
	}
	if (steer->has_value)
		parent->settings->drain_time_ms = steer->value;
	logger_info("stopping", "order=drain seconds=%" PRIu64
	    " connections=%" PRIu64, parent->settings->drain_time_ms / 1000,
	    door_connections(parent->door));
	return true;
}

/* As a reload that brings nothing else; the next one brings back what the
 * file says. */
static bool
set_level(struct parent *parent, uint32_t level, char told[IPC_REASON])
{
	uint32_t old = parent->settings->log_level;
	unsigned i;

	if (settling_refuses(parent, told, IPC_REASON))
		return false;
	parent->settings->log_level = level;
	if (!heritage_renew_settings(&parent->heritage.files,
	    parent->settings)) {
		parent->settings->log_level = old;
		snprintf(told, IPC_REASON, "%s", strerror(errno));
		return false;
	}
	logger_set_level((enum logger_level)level);
	reload_tell_settings(parent, &parent->broker);
	for (i = 0; i < parent->worker_end; i++)
		reload_tell_settings(parent, &parent->workers[i]);
	return true;
}

static bool
send_answer(struct parent *parent, const struct helm_answer *answer)
{
	return peer_send(parent->broker.peer, IPC_STEERED, &answer->steered,
	    answer->told, strlen(answer->told), -1);
}

bool
helm_steer(struct parent *parent, const struct ipc_steer *steer)
{
	struct helm_answer answer = {
		.broker = parent->broker.generation,
		.steered.number = steer->number
	};
	struct reload prepared;
	bool is_done;

	if (steer->what == IPC_DRAIN) {
		is_done = drain(parent, steer, answer.told);
	} else if (steer->what == IPC_RELOAD) {
		is_done = reload_run(parent, &prepared);
		snprintf(answer.told, sizeof(answer.told), "%.*s",
		    IPC_REASON - 1, prepared.told);
	} else if (steer->what == IPC_LOG_LEVEL &&
	    steer->value <= LOGGER_DEBUG) {
		is_done = set_level(parent, (uint32_t)steer->value,
		    answer.told);
	} else {
		return false;
	}
	answer.steered.is_done = is_done;
	/* What all are told is done when all have read it. */
	if (is_done && steer->what != IPC_DRAIN) {
		settling_begin(parent, steer->what == IPC_RELOAD, &answer);
		return true;
	}
	if (!send_answer(parent, &answer))
		return false;
	/* Who asked for it hears that it begins. */
	if (is_done && steer->what == IPC_DRAIN)
		ending_stop(parent);
	return true;
}

void
helm_answer(struct parent *parent, const struct helm_answer *answer)
{
	if (answer->broker != 0 &&
	    answer->broker == parent->broker.generation &&
	    peer_is_open(parent->broker.peer) && !send_answer(parent, answer))
		child_kill(&parent->broker, "does not read");
}
