/*
 * goal - see goal.h.
 */
#include "config.h"

#include "client/goal.h"

void
goal_init(struct goal *goal)
{
	*goal = (struct goal){ 0 };
}

void
goal_clear(struct goal *goal)
{
	if (goal->has_pattern)
		regfree(&goal->pattern);
	goal_init(goal);
}

bool
goal_set_pattern(struct goal *goal, const char *regex, char *why, size_t size)
{
	int error;

	if (goal->has_pattern)
		regfree(&goal->pattern);
	error = regcomp(&goal->pattern, regex, REG_EXTENDED | REG_NOSUB);
	goal->has_pattern = error == 0;
	if (error != 0)
		regerror(error, &goal->pattern, why, size);
	return error == 0;
}

void
goal_set_count(struct goal *goal, uint64_t count)
{
	goal->has_count = true;
	goal->count = count;
}

bool
goal_is_set(const struct goal *goal)
{
	return goal->has_pattern || goal->has_count;
}

bool
goal_take(struct goal *goal, const char *line, bool is_message)
{
	if (!goal_is_set(goal))
		return false;
	if (goal->has_pattern ?
	    regexec(&goal->pattern, line, 0, NULL, 0) != 0 : !is_message)
		return false;
	if (!goal->has_count)
		return true;
	return goal->count > 0 && --goal->count == 0;
}
