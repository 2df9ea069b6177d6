/*
 * rate - so many a second after a burst, by a virtual clock (GCRA).
 *
 * The clock, one number a connection, runs ahead of the time by an interval
 * for each that came.  Pure; used by intake and by the deadlines.
 */
#ifndef WORKER_RATE_H
#define WORKER_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* When the next one is free, in microseconds; the first of a burst always
 * is.  `rate` is not 0. */
static inline uint64_t
rate_free_us(uint64_t clock_us, uint64_t rate, uint64_t burst)
{
	uint64_t ahead_us = burst == 0 ? 0 : (burst - 1) * 1000000 / rate;

	return clock_us > ahead_us ? clock_us - ahead_us : 0;
}

/* One more has come.  Whether the next one has to wait; never with a rate of
 * 0, which means no limit. */
static inline bool
rate_take(uint64_t *clock_us, uint64_t now_ms, uint64_t rate, uint64_t burst)
{
	uint64_t now_us = now_ms * 1000;

	if (rate == 0)
		return false;
	if (*clock_us < now_us)
		*clock_us = now_us;
	*clock_us += 1000000 / rate;
	return rate_free_us(*clock_us, rate, burst) > now_us;
}

#endif
