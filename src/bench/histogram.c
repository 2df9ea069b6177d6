/*
 * histogram - see histogram.h.
 *
 * Buckets double every 32, so that the error is relative and the memory
 * constant.
 */

#include "config.h"

#include "bench/histogram.h"

static unsigned
bucket_of(uint64_t ns)
{
	unsigned shift;

	if (ns < 1U << HISTOGRAM_STEP_BITS)
		return (unsigned)ns;
	shift = 63U - (unsigned)__builtin_clzll(ns) - HISTOGRAM_STEP_BITS;
	return (shift << HISTOGRAM_STEP_BITS) + (unsigned)(ns >> shift);
}

static uint64_t
bucket_upper_ns(unsigned bucket)
{
	unsigned shift = bucket >> HISTOGRAM_STEP_BITS;
	uint64_t step = bucket & ((1U << HISTOGRAM_STEP_BITS) - 1);

	if (shift == 0)
		return step;
	shift--;
	step += 1U << HISTOGRAM_STEP_BITS;
	return ((step + 1) << shift) - 1;
}

void
histogram_add(struct histogram *h, uint64_t ns)
{
	h->count++;
	h->buckets[bucket_of(ns)]++;
	if (ns > h->max_ns)
		h->max_ns = ns;
}

uint64_t
histogram_quantile(const struct histogram *h, double share)
{
	uint64_t sum = 0, upper;
	double wanted = share * (double)h->count;
	unsigned i;

	if (h->count == 0)
		return 0;
	for (i = 0; i < HISTOGRAM_BUCKETS; i++) {
		sum += h->buckets[i];
		if (sum > 0 && (double)sum >= wanted)
			break;
	}
	upper = bucket_upper_ns(i);
	return upper < h->max_ns ? upper : h->max_ns;
}

void
histogram_merge(struct histogram *h, const struct histogram *other)
{
	unsigned i;

	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		h->buckets[i] += other->buckets[i];
	h->count += other->count;
	if (other->max_ns > h->max_ns)
		h->max_ns = other->max_ns;
}
