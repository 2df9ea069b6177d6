/*
 * budget - what this worker may hold for its clients, and what follows when
 * it holds too much.
 *
 * Runs in the worker.  Its share is part of the settings (memory_share); what
 * it holds is counted where it is taken (base/memory.h).  From 80 % of the
 * share on the parent is asked to bring nobody else, until it is less than
 * 75 %; from 90 % on clients are ended until it is less, first those who have
 * taken nothing for a second, and then those for whom most is held.  In the
 * midst of a turn nothing is taken for a client beyond 100 %.
 */
#ifndef WORKER_BUDGET_H
#define WORKER_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct worker;

/* All zero at first. */
struct budget {
	bool is_short;		/* as the parent has been told */
	uint64_t again_ms;	/* not before: there was nobody to end */
};

/* Whether `len` more bytes may be held for a client now. */
bool budget_allows(const struct worker *, size_t len);
/* The end of a turn, before who is gone is freed: ends clients, when too much
 * is held. */
void budget_shed(struct worker *);
/* Behind that: tells the parent when memory has become short, or is not any
 * more. */
void budget_tell(struct worker *);

#endif
