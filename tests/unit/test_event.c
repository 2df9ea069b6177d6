/*
 * test_event: what each record of the log is to a client, in both dialects.
 */
#include "config.h"

#include "worker/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GENERATION	7
#define CONNECTION	42

static const struct settings_route quiet = {
	.message = "[%n]: %t", .presence_above = 500
};
static const struct settings_route loud = {
	.message = "[%n]: %t", .presence_above = 500, .announce = true
};

/* A record of user0 with a text, in a room of `count`, as a cursor gives it. */
static struct cursor_view
view_of(enum record_kind kind, unsigned flags, const char *text,
    uint64_t count)
{
	static const char name[] = "user0", id[] = "id-1";

	return (struct cursor_view){
		.record = {
			.kind = (uint8_t)kind, .flags = (uint8_t)flags,
			.name_len = sizeof(name) - 1, .time_us = 1234567,
			.seq = 9, .count = count, .sender = CONNECTION,
			.generation = GENERATION
		},
		.name = (const uint8_t *)name,
		.text = (const uint8_t *)text,
		.text_len = (uint32_t)strlen(text),
		.id = (const uint8_t *)id,
		.id_len = (flags & RECORD_ID) != 0 ? sizeof(id) - 1 : 0
	};
}

/* Takes what was rendered. */
static void
expect(struct buf *b, bool is_good, const char *want)
{
	assert_true(is_good);
	if (buf_len(b) != strlen(want) ||
	    memcmp(buf_head(b), want, strlen(want)) != 0)
		fail_msg("want %s, got %.*s", want, (int)buf_len(b),
		    (const char *)buf_head(b));
	buf_reset(b);
}

static void
a_record_is_shown_to_those_it_is_for(void **state)
{
	static const struct {
		enum record_kind kind;
		uint64_t count;
		bool quiet_text, loud_text, json;
	} cases[] = {
		{ RECORD_MESSAGE, 0, true, true, true },
		{ RECORD_JOIN, 1, false, true, true },
		{ RECORD_JOIN, 500, false, true, true },
		{ RECORD_JOIN, 501, false, true, false },
		{ RECORD_LEAVE, 500, false, true, true },
		{ RECORD_LEAVE, 501, false, true, false },
		{ RECORD_RENAME, 501, false, true, true },
		{ RECORD_KEPT, 0, false, false, false },
		{ RECORD_ENTER, 1, false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct record r = {
			.kind = (uint8_t)cases[i].kind,
			.count = cases[i].count
		};
		bool comes_or_goes = r.kind == RECORD_JOIN ||
		    r.kind == RECORD_LEAVE;

		assert_int_equal(event_is_shown(&quiet, &r, DIALECT_TEXT),
		    cases[i].quiet_text);
		assert_int_equal(event_is_shown(&loud, &r, DIALECT_TEXT),
		    cases[i].loud_text);
		assert_int_equal(event_is_shown(&quiet, &r, DIALECT_JSON),
		    cases[i].json);
		assert_int_equal(event_is_shown(&loud, &r, DIALECT_JSON),
		    cases[i].json);
		/* Each coming and going is told, or counts. */
		assert_int_equal(event_is_presence(&quiet, &r),
		    comes_or_goes && !cases[i].json);
	}
}

static void
the_room_is_shown_a_line_or_an_object(void **state)
{
	static const struct {
		enum record_kind kind;
		unsigned flags;
		const char *text, *line, *object;
	} cases[] = {
		{ RECORD_MESSAGE, 0, "a\n\"b\"", "[user0]: a\xe2\x90\xa4\"b\"",
		  "{\"type\":\"message\",\"seq\":9,\"from\":\"user0\","
		  "\"text\":\"a\\n\\\"b\\\"\",\"time\":1234}" },
		{ RECORD_MESSAGE, RECORD_ACTION | RECORD_ID, "waves",
		  "* user0 waves",
		  "{\"type\":\"message\",\"seq\":9,\"from\":\"user0\","
		  "\"text\":\"waves\",\"time\":1234,\"id\":\"id-1\","
		  "\"action\":true}" },
		{ RECORD_KEPT, 0, "old", "[user0]: old",
		  "{\"type\":\"message\",\"seq\":9,\"from\":\"user0\","
		  "\"text\":\"old\",\"time\":1234}" },
		{ RECORD_JOIN, 0, "lab", "[server] Member joined: user0.",
		  "{\"type\":\"join\",\"name\":\"user0\",\"users\":3,"
		  "\"seq\":9}" },
		{ RECORD_LEAVE, RECORD_MOVED, "",
		  "[server] Member left: user0.",
		  "{\"type\":\"leave\",\"name\":\"user0\",\"users\":3,"
		  "\"seq\":9}" },
		{ RECORD_RENAME, 0, "Anna",
		  "[server] Member renamed from user0 to Anna.",
		  "{\"type\":\"rename\",\"from\":\"user0\",\"to\":\"Anna\","
		  "\"seq\":9}" },
	};
	struct buf b;

	(void)state;
	buf_init(&b);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct cursor_view v = view_of(cases[i].kind,
		    cases[i].flags, cases[i].text, 3);

		expect(&b, event_render(&b, &loud, &v, DIALECT_TEXT),
		    cases[i].line);
		expect(&b, event_render(&b, &loud, &v, DIALECT_JSON),
		    cases[i].object);
	}
	buf_clear(&b);
}

static void
who_asked_is_told_what_came_of_it(void **state)
{
	struct cursor_view v = view_of(RECORD_RENAME, 0, "Anna", 3);
	struct buf b;

	(void)state;
	buf_init(&b);
	expect(&b, event_render_own(&b, &v, DIALECT_TEXT),
	    "[server::nick] you are now Anna");
	expect(&b, event_render_own(&b, &v, DIALECT_JSON), "");
	for (int i = 0; i < 2; i++) {
		v = view_of(i == 0 ? RECORD_JOIN : RECORD_ENTER,
		    RECORD_MOVED, "lab", 3);
		expect(&b, event_render_own(&b, &v, DIALECT_TEXT),
		    "[server::join] you are in lab, there are 3 users");
		expect(&b, event_render_own(&b, &v, DIALECT_JSON),
		    "{\"type\":\"welcome\",\"name\":\"user0\","
		    "\"room\":\"lab\",\"users\":3,\"seq\":9,\"moved\":true}");
	}
	buf_clear(&b);
}

static void
a_welcome_says_who_one_is(void **state)
{
	static const uint8_t epoch[16] = { 0, 1, 0xab };
	const struct slice token = { "AAAAAAAAAAAAAAAAAAAAAA", 22 };
	struct cursor_view v = view_of(RECORD_JOIN, 0, "", 1);
	struct buf b;

	(void)state;
	buf_init(&b);
	expect(&b, event_render_welcome(&b, &v, epoch, token),
	    "{\"type\":\"welcome\",\"name\":\"user0\",\"room\":\"\","
	    "\"users\":1,\"epoch\":\"0001ab00000000000000000000000000\","
	    "\"seq\":9,\"resume\":\"AAAAAAAAAAAAAAAAAAAAAA\","
	    "\"resumed\":false}");
	v = view_of(RECORD_ENTER, RECORD_TOKEN, "lab", 2);
	v.enter.proven = 4;
	expect(&b, event_render_welcome(&b, &v, epoch,
	    (struct slice){ NULL, 0 }),
	    "{\"type\":\"welcome\",\"name\":\"user0\",\"room\":\"lab\","
	    "\"users\":2,\"epoch\":\"0001ab00000000000000000000000000\","
	    "\"seq\":9,\"resumed\":true}");
	expect(&b, event_render_repeating(&b, &v),
	    "{\"type\":\"notice\",\"text\":\"repeating from 5\"}");
	buf_clear(&b);
}

static void
a_message_is_acked_to_its_sender_alone(void **state)
{
	const struct cursor_view v = view_of(RECORD_MESSAGE, RECORD_ID, "x",
	    0);
	struct record r = v.record;
	struct buf b;

	(void)state;
	assert_true(event_is_acked(&r, GENERATION, CONNECTION));
	assert_false(event_is_acked(&r, GENERATION + 1, CONNECTION));
	assert_false(event_is_acked(&r, GENERATION, CONNECTION + 1));
	r.flags = 0;
	assert_false(event_is_acked(&r, GENERATION, CONNECTION));
	r.flags = RECORD_ID;
	r.kind = RECORD_KEPT;
	assert_false(event_is_acked(&r, GENERATION, CONNECTION));
	buf_init(&b);
	expect(&b, event_render_ack(&b, &v),
	    "{\"type\":\"ack\",\"id\":\"id-1\",\"seq\":9}");
	buf_clear(&b);
}

static void
renames_and_moves_are_answers_to_their_sender(void **state)
{
	struct record r = view_of(RECORD_RENAME, 0, "Anna", 1).record;

	(void)state;
	assert_true(event_is_own(&r, GENERATION, CONNECTION));
	assert_false(event_is_own(&r, GENERATION, CONNECTION + 1));
	assert_false(event_is_own(&r, GENERATION + 1, CONNECTION));
	r.kind = RECORD_JOIN;
	assert_false(event_is_answer(&r));
	assert_true(event_is_coming(&r));
	r.flags = RECORD_MOVED;
	assert_true(event_is_answer(&r));
	r.kind = RECORD_LEAVE;
	assert_true(event_is_answer(&r));
	assert_false(event_is_coming(&r));
	/* What the broker does to a connection by itself. */
	r.generation = 0;
	r.request = GENERATION;
	assert_true(event_is_of(&r, GENERATION));
	assert_false(event_is_of(&r, GENERATION + 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_shown_to_those_it_is_for),
		cmocka_unit_test(the_room_is_shown_a_line_or_an_object),
		cmocka_unit_test(who_asked_is_told_what_came_of_it),
		cmocka_unit_test(a_welcome_says_who_one_is),
		cmocka_unit_test(a_message_is_acked_to_its_sender_alone),
		cmocka_unit_test(
		    renames_and_moves_are_answers_to_their_sender),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
