/*
 * histogram - a distribution of durations in constant memory.
 *
 * Values are nanoseconds; a quantile is at most 3.2 % too high, never too
 * low.  No allocation.  Pure; runs in wschat-bench.
 */

#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_STEP_BITS	5	/* 32 buckets for each doubling */
#define HISTOGRAM_BUCKETS	((64 - HISTOGRAM_STEP_BITS + 1) << \
				    HISTOGRAM_STEP_BITS)

struct histogram {
	uint64_t count;
	uint64_t max_ns;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void	histogram_add(struct histogram *, uint64_t ns);
/* Adds all of `other`. */
void	histogram_merge(struct histogram *, const struct histogram *other);

/* Smallest bound that `share` (0..1) of the values do not exceed; 0: empty. */
uint64_t histogram_quantile(const struct histogram *, double share);

#endif
