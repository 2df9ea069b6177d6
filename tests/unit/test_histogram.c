/*
 * Tests of histogram.c: quantiles are never too low, and at most 3.2 % too
 * high.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/histogram.h"

static struct histogram h, other;

static void
check(uint64_t ns)
{
	uint64_t q;

	memset(&h, 0, sizeof(h));
	histogram_add(&h, ns);
	assert_int_equal(h.count, 1);
	assert_true(h.max_ns == ns);
	q = histogram_quantile(&h, 0.5);
	assert_true(q >= ns);
	assert_true(q - ns <= ns / 31 + 1);
}

static void
every_size_has_a_bucket(void **state)
{
	unsigned bit;
	uint64_t ns;

	(void)state;
	for (ns = 0; ns < 5000; ns++)
		check(ns);
	for (bit = 12; bit < 64; bit++) {
		check((1ULL << bit) - 1);
		check(1ULL << bit);
		check((1ULL << bit) + (1ULL << (bit - 1)) + 7);
	}
	check(UINT64_MAX);
}

static void
quantiles_are_of_all(void **state)
{
	unsigned i;
	uint64_t q;

	(void)state;
	memset(&h, 0, sizeof(h));
	memset(&other, 0, sizeof(other));
	assert_int_equal(histogram_quantile(&h, 0.5), 0);
	for (i = 1; i <= 1000; i++)
		histogram_add(i % 2 ? &h : &other, i * 1000);
	histogram_merge(&h, &other);
	assert_int_equal(h.count, 1000);
	assert_int_equal(h.max_ns, 1000000);
	for (i = 1; i <= 100; i++) {
		q = histogram_quantile(&h, i / 100.0);
		assert_in_range(q, i * 10000, i * 10330);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_has_a_bucket),
		cmocka_unit_test(quantiles_are_of_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
