/*
 * nanotime - monotonic nanoseconds, the same in every process of a machine.
 *
 * The clock of wschat-bench and of bench/.
 */

#ifndef BENCH_NANOTIME_H
#define BENCH_NANOTIME_H

#include <stdint.h>
#include <time.h>

#define NANOTIME_S	1000000000ULL
#define NANOTIME_MS	1000000ULL

static inline uint64_t
nanotime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NANOTIME_S + (uint64_t)ts.tv_nsec;
}

#endif
