/*
 * stopwatch - see stopwatch.h.
 */
#include "config.h"

#include "worker/stopwatch.h"

void
stopwatch_start(struct stopwatch *s, uint64_t number, uint64_t now_us)
{
	if (s->next - s->first == STOPWATCH_MAX)
		return;
	s->runs[s->next % STOPWATCH_MAX].number = number;
	s->runs[s->next % STOPWATCH_MAX].us = now_us;
	s->next++;
}

void
stopwatch_stop(struct stopwatch *s, uint64_t number, uint64_t now_us,
    void (*tell)(uint64_t us))
{
	for (; s->first != s->next &&
	    s->runs[s->first % STOPWATCH_MAX].number <= number; s->first++)
		tell(now_us - s->runs[s->first % STOPWATCH_MAX].us);
}
