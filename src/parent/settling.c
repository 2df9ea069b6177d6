/*
 * settling - when what all children were told is known to all of them: a
 * reload is over then, not before.
 *
 * A part of the parent.  Each is asked by a PING behind what it was told; who
 * dies has a successor that knows it from the start.
 */
#include "config.h"

#include "parent/parent_parts.h"

#include <stdio.h>

#include "base/logger.h"
#include "parent/reload.h"
#include "parent/supervisor.h"

void
settling_begin(struct parent *parent, bool is_reload,
    const struct helm_answer *answer)
{
	struct settling *s = &parent->settling;
	unsigned i;

	*s = (struct settling){ .is_open = true, .is_reload = is_reload };
	if (answer != NULL)
		s->answer = *answer;
	if (child_is_alive(&parent->broker))
		child_ask(&parent->broker);
	for (i = 0; i < parent->worker_end; i++)
		if (child_is_alive(&parent->workers[i]))
			child_ask(&parent->workers[i]);
	settling_check(parent);
}

static bool
all_have_answered(const struct parent *parent)
{
	unsigned i;

	for (i = 0; i < parent->worker_end; i++)
		if (child_is_asked(&parent->workers[i]))
			return false;
	return !child_is_asked(&parent->broker);
}

void
settling_check(struct parent *parent)
{
	struct settling *s = &parent->settling;

	if (!s->is_open || !all_have_answered(parent))
		return;
	s->is_open = false;
	if (s->is_reload) {
		logger_info("reloaded", NULL);
		supervisor_reloaded(parent->supervisor);
	}
	helm_answer(parent, &s->answer);
	if (s->reload_again)
		settling_reload(parent);
}

bool
settling_refuses(const struct parent *parent, char *told, size_t size)
{
	if (parent->settling.is_open)
		snprintf(told, size,
		    "a process has not read the order before this one");
	return parent->settling.is_open;
}

void
settling_reload(struct parent *parent)
{
	struct reload reload;

	/* The log tells what is wrong. */
	if (parent->settling.is_open)
		parent->settling.reload_again = true;
	else if (reload_run(parent, &reload))
		settling_begin(parent, true, NULL);
}
