/*
 * test_metrics - counters on pages: each process its own, all readable, and
 * none that goes back.
 */
#include "config.h"

#include "base/metrics.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/settings_table.h"
#include "base/usage.h"

static int file;

/* The parent's part, once: what comes before has no page. */
static int
create(void **state)
{
	(void)state;
	assert_int_equal(metrics_places(), 0);
	metrics_add(METRIC_ACCEPTED, 3);
	file = metrics_create(4);
	assert_true(file >= 0);
	metrics_use(METRICS_AT_WORKER + 2);
	return 0;
}

/* A child of that place counts `n` messages and ends. */
static void
live(unsigned place, uint64_t n)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (!metrics_open(file) || !metrics_own(file, place))
			_exit(1);
		metrics_add(METRIC_RECEIVED, n);
		metrics_set(METRIC_SLOW, n);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
what_was_counted_before_is_not_lost(void **state)
{
	(void)state;
	assert_int_equal(metrics_read(METRICS_AT_PARENT, METRIC_ACCEPTED), 3);
	assert_int_equal(metrics_places(), METRICS_AT_WORKER + 2);
	assert_true(metrics_is_alive(METRICS_AT_PARENT));
	assert_false(metrics_is_alive(METRICS_AT_BROKER));
}

static void
a_successor_goes_on_counting(void **state)
{
	unsigned place = METRICS_AT_WORKER;

	(void)state;
	live(place, 5);
	assert_true(metrics_is_alive(place));
	assert_int_equal(metrics_read(place, METRIC_SLOW), 5);
	metrics_forget(place);
	assert_false(metrics_is_alive(place));
	assert_int_equal(metrics_read(place, METRIC_SLOW), 0);
	assert_int_equal(metrics_read(place, METRIC_RECEIVED), 5);
	live(place, 2);
	live(place + 1, 10);
	assert_int_equal(metrics_read(place, METRIC_RECEIVED), 7);
	assert_int_equal(metrics_sum(METRIC_RECEIVED), 17);
}

static void
others_cannot_be_written(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	pid = fork();
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);	/* not the test's own */
		if (!metrics_open(file) ||
		    !metrics_own(file, METRICS_AT_WORKER))
			_exit(1);
		metrics_forget(METRICS_AT_BROKER);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(status != 0);
}

static void
there_is_no_place_beyond_the_last(void **state)
{
	(void)state;
	assert_false(metrics_own(dup(file), METRICS_AT_WORKER + 4));
}

static void
deliveries_go_into_buckets(void **state)
{
	(void)state;
	metrics_add_delivery(0);
	metrics_add_delivery(250);
	metrics_add_delivery(251);
	metrics_add_delivery(UINT64_C(3600) * 1000000);
	assert_int_equal(metrics_sum(METRIC_DELIVERY), 2);
	assert_int_equal(metrics_sum(METRIC_DELIVERY + 1), 1);
	assert_int_equal(metrics_sum(METRIC_DELIVERY + METRICS_BUCKETS - 1),
	    1);
	assert_int_equal(metrics_sum(METRIC_DELIVERY_LAST),
	    501 + UINT64_C(3600) * 1000000);
	for (unsigned i = 1; i < METRICS_BUCKETS; i++)
		assert_true(metrics_bucket_us(i) > metrics_bucket_us(i - 1));
}

static void
codes_have_a_place(void **state)
{
	(void)state;
	metrics_add_peer_code(1001);
	metrics_add_peer_code(4711);
	assert_int_equal(metrics_sum(METRIC_PEER_CODES + 1), 1);
	assert_int_equal(metrics_sum(METRIC_PEER_CODES_LAST), 1);
	assert_string_equal(metrics_code_word(METRIC_PEER_CODES_LAST -
	    METRIC_PEER_CODES), "other");
}

static void
every_limit_is_a_setting(void **state)
{
	(void)state;
	for (unsigned i = 0; i < METRICS_LIMITS; i++) {
		size_t row = 0;

		while (row < settings_table_rows &&
		    (settings_table[row].section != SECTION_LIMITS ||
		    strcmp(settings_table[row].name,
		    metrics_limit_word(i)) != 0))
			row++;
		assert_true(row < settings_table_rows);
	}
}

static void
usage_is_told(void **state)
{
	(void)state;
	usage_open();
	for (unsigned i = 0; metrics_read(METRICS_AT_PARENT,
	    METRIC_CPU) == 0 && i < 1000000; i++)
		usage_sample();
	assert_true(metrics_read(METRICS_AT_PARENT, METRIC_CPU) > 0);
	assert_true(metrics_read(METRICS_AT_PARENT, METRIC_MEMORY) > 4096);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_counted_before_is_not_lost),
		cmocka_unit_test(a_successor_goes_on_counting),
		cmocka_unit_test(others_cannot_be_written),
		cmocka_unit_test(there_is_no_place_beyond_the_last),
		cmocka_unit_test(deliveries_go_into_buckets),
		cmocka_unit_test(codes_have_a_place),
		cmocka_unit_test(every_limit_is_a_setting),
		cmocka_unit_test(usage_is_told),
	};

	return cmocka_run_group_tests(tests, create, NULL);
}
