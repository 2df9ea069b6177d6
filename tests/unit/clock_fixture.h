/*
 * clock_fixture - both clocks of base/clock.h, with a hand on them.
 *
 * They go as they do, ahead by what a test has added.  A test that names
 * clock_fixture_advance is linked with them instead of base/clock.c.
 */
#ifndef CLOCK_FIXTURE_H
#define CLOCK_FIXTURE_H

#include <stdint.h>

void clock_fixture_advance(uint64_t ms);
/* From now on each look at clock_ms() takes so long. */
void clock_fixture_step(uint64_t ms);

#endif
