/*
 * rate - so many a second after a burst, by a virtual clock (GCRA).
 *
 * The clock, one number for whoever has the rate, runs ahead of the time by an
 * interval for each that came.  Pure; used by broker and worker.
 */
#ifndef BASE_RATE_H
#define BASE_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* How far the clock may be ahead while the next one is still free, in
 * microseconds. */
static inline uint64_t
rate_ahead_us(uint64_t rate, uint64_t burst)
{
	return rate == 0 || burst == 0 ? 0 : (burst - 1) * 1000000 / rate;
}

/* When the next one is free, in microseconds; the first of a burst always
 * is, and so is everything with a rate of 0, which means no limit. */
static inline uint64_t
rate_free_us(uint64_t clock_us, uint64_t rate, uint64_t burst)
{
	uint64_t ahead_us = rate_ahead_us(rate, burst);

	return rate != 0 && clock_us > ahead_us ? clock_us - ahead_us : 0;
}

/* One more has come.  Whether the next one has to wait. */
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
