/*
 * clock_fixture - see clock_fixture.h.
 *
 * Linked into the tests that wait for minutes.
 */
#include "config.h"

#include "clock_fixture.h"

#include <time.h>

#include "base/clock.h"

static uint64_t ahead_ms, step_ms;

void
clock_fixture_advance(uint64_t ms)
{
	ahead_ms += ms;
}

void
clock_fixture_step(uint64_t ms)
{
	step_ms = ms;
}

uint64_t
clock_ms(void)
{
	struct timespec ts;

	ahead_ms += step_ms;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ahead_ms + (uint64_t)ts.tv_sec * 1000 +
	    (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t
clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ahead_ms * 1000 + (uint64_t)ts.tv_sec * 1000000 +
	    (uint64_t)ts.tv_nsec / 1000;
}

uint64_t
clock_wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ahead_ms * 1000 + (uint64_t)ts.tv_sec * 1000000 +
	    (uint64_t)ts.tv_nsec / 1000;
}
