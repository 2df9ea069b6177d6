/*
 * test_gap - what was missed is told in order, once, and without a gap that
 * is not named.
 */
#include "config.h"

#include "client/gap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Appends "3" for message 3, "-4:6" for lost 4 to 6, "+" for others. */
static void
teller(void *arg, json_t *event)
{
	const char *type = json_string_value(json_object_get(event, "type"));
	char *story = arg;

	story += strlen(story);
	if (strcmp(type, "message") == 0)
		sprintf(story, "%d ", (int)json_integer_value(
		    json_object_get(event, "seq")));
	else if (strcmp(type, "lost") == 0)
		sprintf(story, "-%d:%d ", (int)json_integer_value(
		    json_object_get(event, "from")),
		    (int)json_integer_value(json_object_get(event, "to")));
	else
		strcpy(story, "+ ");
}

/* A page with the messages from .. to. */
static bool
give(struct gap *gap, int from, int to, bool has_more)
{
	json_t *messages = json_array(), *event;
	bool asks;

	for (int i = from; i <= to; i++)
		json_array_append_new(messages, json_pack("{s:i,s:s}", "seq",
		    i, "text", "x"));
	event = json_pack("{s:s,s:o,s:b}", "type", "history", "messages",
	    messages, "more", has_more);
	asks = gap_take(gap, event, 100);
	json_decref(event);
	return asks;
}

static void
assert_told(struct gap *gap, const char *expected)
{
	char story[4096] = "";

	gap_tell(gap, teller, story);
	assert_string_equal(story, expected);
	assert_false(gap->is_open);
}

static void
assert_asks_before(const struct gap *gap, int before)
{
	json_t *ask = gap_ask(gap);

	assert_int_equal(json_integer_value(json_object_get(ask, "before")),
	    before);
	json_decref(ask);
}

static void
nothing_missing_is_no_gap(void **state)
{
	struct gap gap;

	(void)state;
	gap_init(&gap);
	assert_false(gap_open(&gap, 5, 5, false));
	assert_false(gap_open(&gap, 6, 5, false));
	assert_false(gap.is_open);
	gap_clear(&gap);
}

static void
pages_are_asked_newest_first_and_told_oldest_first(void **state)
{
	struct gap gap;

	(void)state;
	gap_init(&gap);
	assert_true(gap_open(&gap, 2, 9, false));
	assert_asks_before(&gap, 10);
	assert_true(give(&gap, 7, 9, true));
	assert_asks_before(&gap, 7);
	assert_true(give(&gap, 4, 6, true));
	/* The page reaches behind what was asked for. */
	assert_false(give(&gap, 1, 3, true));
	assert_told(&gap, "3 4 5 6 7 8 9 ");
}

static void
what_is_gone_is_named(void **state)
{
	struct gap gap;

	(void)state;
	gap_init(&gap);
	assert_true(gap_open(&gap, 2, 9, false));
	assert_true(give(&gap, 8, 8, true));
	assert_false(give(&gap, 5, 6, false));
	assert_told(&gap, "-3:4 5 6 -7:7 8 -9:9 ");
	assert_true(gap_open(&gap, 2, 9, false));
	assert_told(&gap, "-3:9 ");
	/* From the start: what is there is all there is. */
	assert_true(gap_open(&gap, 0, 9, true));
	assert_false(give(&gap, 5, 9, false));
	assert_told(&gap, "5 6 7 8 9 ");
	assert_true(gap_open(&gap, 0, 9, true));
	assert_told(&gap, "");
}

static void
events_that_come_meanwhile_wait(void **state)
{
	json_t *event = json_pack("{s:s,s:i}", "type", "message", "seq", 4);
	json_t *join = json_pack("{s:s}", "type", "join");
	struct gap gap;

	(void)state;
	gap_init(&gap);
	assert_true(gap_open(&gap, 1, 3, false));
	gap_hold(&gap, event, 10);
	gap_hold(&gap, join, 10);
	assert_false(give(&gap, 2, 3, false));
	assert_told(&gap, "2 3 4 + ");
	json_decref(event);
	json_decref(join);
}

static void
a_server_cannot_keep_us_asking(void **state)
{
	json_t *odd = json_pack("{s:s,s:s,s:b}", "type", "history",
	    "messages", "x", "more", 1);
	struct gap gap;

	(void)state;
	gap_init(&gap);
	assert_true(gap_open(&gap, 0, 100, false));
	assert_false(gap_take(&gap, odd, 10));
	assert_true(give(&gap, 50, 60, true));
	assert_false(give(&gap, 50, 60, true));	/* no progress */
	assert_false(give(&gap, 70, 80, true));
	assert_true(give(&gap, 49, 49, true));
	gap.bytes = GAP_BYTES_MAX;
	assert_false(give(&gap, 48, 48, true));
	gap_hold(&gap, odd, 10);
	assert_int_equal(json_array_size(gap.held), 0);
	json_decref(odd);
	gap_clear(&gap);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_missing_is_no_gap),
		cmocka_unit_test(
		    pages_are_asked_newest_first_and_told_oldest_first),
		cmocka_unit_test(what_is_gone_is_named),
		cmocka_unit_test(events_that_come_meanwhile_wait),
		cmocka_unit_test(a_server_cannot_keep_us_asking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
