/*
 * test_incident - what goes wrong has a line each, but not without end, and
 * every one of them is counted.
 *
 * Standard error is a pipe for the length of each test.
 */
#include "config.h"

#include "worker/incident.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/logger.h"
#include "worker/client.h"

#define NOW	UINT64_C(1000000)

static int kept = -1, pipe_end = -1;	/* the real standard error */
static char heard[1 << 16];
static struct incidents incidents;
static const struct client client = {
	.connection = UINT64_C(17) << 24 | 3, .sent = 4096, .port = 4711,
	.address = { [10] = 0xff, 0xff, 192, 0, 2, 1 }
};

static int
set_up(void **state)
{
	int fds[2];

	(void)state;
	memset(&incidents, 0, sizeof(incidents));
	logger_set_level(LOGGER_INFO);
	assert_int_equal(pipe(fds), 0);
	kept = dup(STDERR_FILENO);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	pipe_end = fds[0];
	logger_open();
	return 0;
}

/* Standard error is put back; what was written to it, as text. */
static const char *
hear(void)
{
	size_t len = 0;
	ssize_t n;

	dup2(kept, STDERR_FILENO);
	close(kept);
	while ((n = read(pipe_end, heard + len, sizeof(heard) - 1 - len)) > 0)
		len += (size_t)n;
	heard[len] = '\0';
	close(pipe_end);
	return heard;
}

static unsigned
count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

static void
has(const char *text, const char *what)
{
	if (strstr(text, what) == NULL)
		fail_msg("'%s' is not in\n%s", what, text);
}

static void
a_refusal_has_its_word_status_and_address(void **state)
{
	(void)state;
	incident_refused(&incidents, &client, REFUSAL_BAD_KEY, NULL, NULL, NOW);
	has(hear(), " conn=17 msg=refused why=bad-key status=400 "
	    "address=192.0.2.1:4711\n");
}

static void
a_close_has_its_word_and_address(void **state)
{
	(void)state;
	incident_closed(&incidents, &client, CLOSE_PROTOCOL, NOW);
	has(hear(), " conn=17 msg=closed why=protocol sent=4096 "
	    "address=192.0.2.1:4711\n");
}

static void
foreign_bytes_are_escaped_and_cut(void **state)
{
	static char origin[4000];
	struct head head;
	const char *text, *at;

	(void)state;
	head_init(&head);
	memset(origin, '\xff', sizeof(origin));
	memcpy(origin, "a\n \"b\x1b[2J\\", 10);
	head.origin = (struct slice){ origin, sizeof(origin) };
	head.path = (struct slice){ "/x\r\nlevel=error", 15 };
	incident_refused(&incidents, &client, REFUSAL_ORIGIN, &head, NULL, NOW);
	text = hear();
	assert_int_equal(count(text, "\n"), 1);
	has(text, " path=\"/x\\x0d\\x0alevel=error\" "
	    "origin=\"a\\x0a \\x22b\\x1b[2J\\x5c\\xff");
	assert_int_equal(count(text, "\\xff"), INCIDENT_SHOWN - 10);
	for (at = text; *at != '\n'; at++)
		assert_true(*at >= 0x20 && *at < 0x7f);
}

static void
an_origin_that_is_not_the_reason_is_not_told(void **state)
{
	struct head head;

	(void)state;
	head_init(&head);
	head.origin = (struct slice){ "http://a", 8 };
	head.path = (struct slice){ "/nowhere", 8 };
	incident_refused(&incidents, &client, REFUSAL_UNKNOWN_ROUTE, &head,
	    NULL, NOW);
	assert_null(strstr(hear(), "origin="));
	has(heard, " path=\"/nowhere\"\n");
}

static void
beyond_the_burst_only_the_rate_is_logged(void **state)
{
	unsigned ms;

	(void)state;
	for (ms = 0; ms < 1000; ms++)
		incident_refused(&incidents, &client, REFUSAL_BAD_KEY, NULL,
		    NULL, NOW + ms);
	assert_int_equal(count(hear(), "why=bad-key"),
	    INCIDENT_BURST + INCIDENT_RATE - 1);
}

static void
what_was_not_logged_is_told_later_and_once(void **state)
{
	int i;

	(void)state;
	assert_true(incident_due(&incidents) == UINT64_MAX);
	for (i = 0; i < INCIDENT_BURST; i++)
		incident_refused(&incidents, &client, REFUSAL_BAD_KEY, NULL,
		    NULL, NOW);
	assert_true(incident_due(&incidents) == UINT64_MAX);
	for (i = 0; i < 12; i++)
		incident_refused(&incidents, &client, REFUSAL_BAD_KEY, NULL,
		    NULL, NOW + 1);
	for (i = 0; i < 3; i++)
		incident_closed(&incidents, &client, CLOSE_PROTOCOL, NOW + 2);
	assert_true(incident_due(&incidents) == NOW + 1 + INCIDENT_TELL_MS);
	incident_tell(&incidents, NOW + INCIDENT_TELL_MS);
	assert_true(incident_due(&incidents) != UINT64_MAX);
	incident_tell(&incidents, NOW + 1 + INCIDENT_TELL_MS);
	assert_true(incident_due(&incidents) == UINT64_MAX);
	incident_tell(&incidents, NOW + 9 * INCIDENT_TELL_MS);
	assert_int_equal(count(hear(), "msg=\"refusals not logged\""), 1);
	has(heard, " msg=\"refusals not logged\" count=15 bad-key=12 "
	    "protocol=3\n");
}

static void
a_debug_log_has_them_all(void **state)
{
	int i;

	(void)state;
	logger_set_level(LOGGER_DEBUG);
	for (i = 0; i < 2 * INCIDENT_BURST; i++)
		incident_closed(&incidents, &client, CLOSE_TOO_BIG, NOW);
	incident_sum_up(&incidents);
	assert_int_equal(count(hear(), "msg=closed why=too-big"),
	    2 * INCIDENT_BURST);
	assert_null(strstr(heard, "not logged"));
}

static void
the_end_has_the_sums_and_what_was_not_told(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < INCIDENT_BURST + 1; i++)
		incident_refused(&incidents, &client, REFUSAL_ORIGIN, NULL,
		    NULL, NOW);
	incident_closed(&incidents, &client, CLOSE_BAD_UTF8, NOW);
	incident_sum_up(&incidents);
	has(hear(), " msg=\"refusals not logged\" count=2 origin=1 "
	    "bad-utf8=1\n");
	has(heard, " msg=\"refusals in all\" count=52 origin=51 "
	    "bad-utf8=1\n");
}

static void
nothing_is_said_of_nothing(void **state)
{
	(void)state;
	incident_tell(&incidents, NOW);
	incident_sum_up(&incidents);
	assert_string_equal(hear(), "");
}

/* The line is no longer than the log takes, whatever the counts. */
static void
every_word_has_room(void **state)
{
	int i;

	(void)state;
	for (i = REFUSAL_NONE + 1; i < REFUSALS_COUNT; i++)
		incidents.counts[i] = UINT32_MAX;
	for (i = 0; i < CLOSE_REASONS_COUNT; i++)
		if (close_is_error((enum close_reason)i))
			incidents.counts[REFUSALS_COUNT + i] = UINT32_MAX;
	incident_sum_up(&incidents);
	hear();
	for (i = REFUSAL_NONE + 1; i < REFUSALS_COUNT; i++)
		has(heard, refusal_word((enum refusal)i));
	has(heard, " timeout=4294967295\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, set_up)
		TEST(a_refusal_has_its_word_status_and_address),
		TEST(a_close_has_its_word_and_address),
		TEST(foreign_bytes_are_escaped_and_cut),
		TEST(an_origin_that_is_not_the_reason_is_not_told),
		TEST(beyond_the_burst_only_the_rate_is_logged),
		TEST(what_was_not_logged_is_told_later_and_once),
		TEST(a_debug_log_has_them_all),
		TEST(the_end_has_the_sums_and_what_was_not_told),
		TEST(nothing_is_said_of_nothing),
		TEST(every_word_has_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
