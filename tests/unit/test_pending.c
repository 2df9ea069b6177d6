/*
 * test_pending - what is said stays until it is acknowledged, and what is
 * asked has the form that the server reads.
 */
#include "config.h"

#include "client/pending.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/call.h"

static void
say(struct pending *pending, const char *text)
{
	assert_true(pending_add(pending, text, strlen(text), false));
}

static void
messages_wait_in_order(void **state)
{
	struct pending pending;
	struct pending_item *item;

	(void)state;
	pending_init(&pending, 0xabcdef);
	assert_null(pending_unsent(&pending));
	say(&pending, "a");
	say(&pending, "b");
	say(&pending, "c");
	assert_int_equal(pending.count, 3);
	item = pending_unsent(&pending);
	assert_string_equal(item->id, "0000000000abcdef-1");
	item->is_sent = true;
	item = pending_unsent(&pending);
	assert_string_equal(item->id, "0000000000abcdef-2");
	item->is_sent = true;
	pending_unsend(&pending);
	assert_string_equal(pending_unsent(&pending)->id,
	    "0000000000abcdef-1");
	pending_clear(&pending);
	assert_int_equal(pending.count, 0);
	assert_int_equal(pending.bytes, 0);
}

static void
each_is_acknowledged_once_and_in_any_order(void **state)
{
	struct pending pending;

	(void)state;
	pending_init(&pending, 0);
	say(&pending, "a");
	say(&pending, "b");
	say(&pending, "c");
	assert_false(pending_remove(&pending, "0000000000000000-4"));
	assert_true(pending_remove(&pending, "0000000000000000-3"));
	assert_false(pending_remove(&pending, "0000000000000000-3"));
	say(&pending, "d");
	assert_true(pending_remove(&pending, "0000000000000000-1"));
	assert_true(pending_remove(&pending, "0000000000000000-2"));
	assert_string_equal(pending_unsent(&pending)->id,
	    "0000000000000000-4");
	assert_true(pending_remove(&pending, "0000000000000000-4"));
	assert_int_equal(pending.count, 0);
	assert_int_equal(pending.bytes, 0);
	say(&pending, "e");
	assert_non_null(pending_unsent(&pending));
	pending_clear(&pending);
}

static void
what_is_not_utf8_is_not_taken(void **state)
{
	struct pending pending;

	(void)state;
	pending_init(&pending, 0);
	assert_false(pending_add(&pending, "\xff", 1, false));
	assert_int_equal(pending.count, 0);
	assert_true(pending_add(&pending, "a\0b", 3, true));
	assert_string_equal(pending.first->json,
	    "{\"type\":\"message\",\"text\":\"a\\u0000b\","
	    "\"id\":\"0000000000000000-2\",\"action\":true}");
	pending_clear(&pending);
}

static void
assert_ask(json_t *ask, const char *json)
{
	char *text = call_write(ask);

	assert_non_null(text);
	assert_string_equal(text, json);
	free(text);
}

static void
requests_have_the_forms_of_the_protocol(void **state)
{
	(void)state;
	assert_ask(call_message("i", "x\n\"", 3, false),
	    "{\"type\":\"message\","
	    "\"text\":\"x\\n\\\"\",\"id\":\"i\"}");
	assert_ask(call_whisper("a", "t"),
	    "{\"type\":\"whisper\",\"to\":[\"a\"],\"text\":\"t\"}");
	assert_ask(call_whisper("a,,b,", "t"),
	    "{\"type\":\"whisper\",\"to\":[\"a\",\"b\"],\"text\":\"t\"}");
	assert_ask(call_nick("n"), "{\"type\":\"nick\",\"name\":\"n\"}");
	assert_ask(call_join(""), "{\"type\":\"join\",\"room\":\"\"}");
	assert_ask(call_who(NULL), "{\"type\":\"who\"}");
	assert_ask(call_who("z"), "{\"type\":\"who\",\"after\":\"z\"}");
	assert_ask(call_rooms(), "{\"type\":\"rooms\"}");
	assert_ask(call_ping(), "{\"type\":\"ping\"}");
	assert_ask(call_history(101, 50),
	    "{\"type\":\"history\",\"before\":101,\"count\":50}");
	assert_null(call_write(call_nick("\xff")));
	assert_null(call_write(call_whisper("\xff", "t")));
	assert_null(call_write(call_whisper("a", "\xff")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_wait_in_order),
		cmocka_unit_test(each_is_acknowledged_once_and_in_any_order),
		cmocka_unit_test(what_is_not_utf8_is_not_taken),
		cmocka_unit_test(requests_have_the_forms_of_the_protocol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
