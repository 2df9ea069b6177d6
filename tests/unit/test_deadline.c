/*
 * test_deadline - when a connection has waited long enough, by its state.
 *
 * The times alone; what the program does then is what the Bats files test.
 */
#include "config.h"

#include "worker/deadline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NOW	UINT64_C(1000000)

static struct settings settings;
static struct worker worker = { .settings = &settings, .now_ms = NOW };

static struct client
client_in(enum client_state state)
{
	return (struct client){
		.state = (uint8_t)state, .route = CLIENT_NO_ROUTE,
		.since_ms = NOW, .heard_ms = NOW
	};
}

static void
half_a_head_has_the_handshakes_time(void **state)
{
	struct client c = client_in(CLIENT_HEAD);

	(void)state;
	settings.limits = (struct settings_limits){
		.handshake_time_ms = 10000
	};
	c.heard_ms = NOW + 9000;
	assert_true(client_due(&worker, &c) == NOW + 10000);
	settings.limits.handshake_time_ms = 0;
	assert_true(client_due(&worker, &c) == UINT64_MAX);
}

static void
an_answer_that_nobody_takes_has_the_backlogs_time(void **state)
{
	struct client c = client_in(CLIENT_ANSWERED);

	(void)state;
	settings.limits = (struct settings_limits){ .backlog_time_ms = 30000 };
	assert_true(client_due(&worker, &c) == NOW + 30000);
	/* Much was taken, and then nothing. */
	c.sent = 1000000;
	assert_true(client_due(&worker, &c) == NOW + 30000);
}

/* One byte every 29 s was progress for ever. */
static void
an_answer_taken_by_the_byte_ends(void **state)
{
	struct client c = client_in(CLIENT_ANSWERED);
	struct client_output output = { .progress_ms = NOW + 29000 };

	(void)state;
	settings.limits = (struct settings_limits){ .backlog_time_ms = 30000 };
	c.output = &output;
	c.sent = 16384;
	assert_true(client_due(&worker, &c) == NOW + 30000 + 16384);
	c.sent++;
	output.progress_ms = NOW + 58000;
	assert_true(client_due(&worker, &c) == NOW + 30000 + 16385);
}

static void
a_slow_reader_of_a_large_file_has_its_time(void **state)
{
	struct client c = client_in(CLIENT_ANSWERED);
	struct client_output output = { .progress_ms = NOW + 900000 };

	(void)state;
	settings.limits = (struct settings_limits){ .backlog_time_ms = 30000 };
	c.output = &output;
	/* 4 KB/s for a quarter of an hour. */
	c.sent = 4000 * 900;
	assert_true(client_due(&worker, &c) == NOW + 930000);
}

static void
without_the_setting_an_answer_waits_for_ever(void **state)
{
	struct client c = client_in(CLIENT_ANSWERED);

	(void)state;
	settings.limits = (struct settings_limits){ .close_time_ms = 5000 };
	assert_true(client_due(&worker, &c) == UINT64_MAX);
}

static void
what_is_closed_has_the_close_handshakes_time(void **state)
{
	struct client closing = client_in(CLIENT_CLOSING);
	struct client linger = client_in(CLIENT_LINGER);

	(void)state;
	settings.limits = (struct settings_limits){ .close_time_ms = 5000 };
	closing.heard_ms = linger.heard_ms = NOW + 4000;
	assert_true(client_due(&worker, &closing) == NOW + 5000);
	assert_true(client_due(&worker, &linger) == NOW + 5000);
}

static void
a_switch_waits_for_the_broker_a_moment(void **state)
{
	struct client c = client_in(CLIENT_OPEN);
	struct client_output output = { .bytes = { .end = 1 } };

	(void)state;
	settings.limits = (struct settings_limits){
		.ping_interval_ms = 25000
	};
	c.output = &output;
	c.is_joining = true;
	assert_true(client_due(&worker, &c) == NOW + 100);
	/* It leaves with this turn, waits for the socket, or has left. */
	c.is_dirty = true;
	assert_true(client_due(&worker, &c) == NOW + 25000);
	c.is_dirty = false;
	c.is_blocked = true;
	assert_true(client_due(&worker, &c) == NOW + 25000);
	c.is_blocked = false;
	c.output = NULL;
	assert_true(client_due(&worker, &c) == NOW + 25000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_a_head_has_the_handshakes_time),
		cmocka_unit_test(
		    an_answer_that_nobody_takes_has_the_backlogs_time),
		cmocka_unit_test(an_answer_taken_by_the_byte_ends),
		cmocka_unit_test(a_slow_reader_of_a_large_file_has_its_time),
		cmocka_unit_test(without_the_setting_an_answer_waits_for_ever),
		cmocka_unit_test(what_is_closed_has_the_close_handshakes_time),
		cmocka_unit_test(a_switch_waits_for_the_broker_a_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
