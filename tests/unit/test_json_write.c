/*
 * test_json_write: events as JSON, byte for byte; every byte in a string;
 * texts that end or change in the middle; no memory.
 */
#include "config.h"

#include "worker/json_write.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "guard.h"
#include "written.h"

static const struct slice none = { NULL, 0 };

static void
a_welcome_tells_who_one_is(void **state)
{
	struct json_welcome w = {
		.name = slice_of("user0"), .room = slice_of("lab"), .users = 3,
		.epoch = (const uint8_t *)"\x00\x01\x0f\x10\x7f\x80\xff"
		    "abcdefghi",
		.seq = 7, .token = slice_of("AAAAAAAAAAAAAAAAAAAAAA")
	};
	struct buf b;

	(void)state;
	buf_init(&b);
	expect(&b, json_write_welcome(&b, &w),
	    "{\"type\":\"welcome\",\"name\":\"user0\",\"room\":\"lab\","
	    "\"users\":3,\"epoch\":\"00010f107f80ff616263646566676869\","
	    "\"seq\":7,\"resume\":\"AAAAAAAAAAAAAAAAAAAAAA\","
	    "\"resumed\":false}");
	w.room = w.token = none;
	w.is_resumed = true;
	expect(&b, json_write_welcome(&b, &w),
	    "{\"type\":\"welcome\",\"name\":\"user0\",\"room\":\"\","
	    "\"users\":3,\"epoch\":\"00010f107f80ff616263646566676869\","
	    "\"seq\":7,\"resumed\":true}");
	expect(&b, json_write_moved(&b, w.name, none, 1, 0),
	    "{\"type\":\"welcome\",\"name\":\"user0\",\"room\":\"\","
	    "\"users\":1,\"seq\":0,\"moved\":true}");
	buf_clear(&b);
}

static void
messages_have_what_is_there(void **state)
{
	struct json_message m = {
		.seq = UINT64_MAX, .from = slice_of("a"),
		.text = slice_of("say \"hi\""), .time_ms = 1700000000123
	};
	struct buf b;

	(void)state;
	buf_init(&b);
	expect(&b, json_write_message(&b, &m),
	    "{\"type\":\"message\",\"seq\":18446744073709551615,"
	    "\"from\":\"a\",\"text\":\"say \\\"hi\\\"\","
	    "\"time\":1700000000123}");
	m.seq = 1;
	m.text = none;
	m.id = slice_of("x\n");
	m.is_action = true;
	expect(&b, json_write_message(&b, &m),
	    "{\"type\":\"message\",\"seq\":1,\"from\":\"a\",\"text\":\"\","
	    "\"time\":1700000000123,\"id\":\"x\\n\",\"action\":true}");
	buf_clear(&b);
}

static void
the_room_is_told_who_comes_and_goes(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	expect(&b, json_write_join(&b, slice_of("a"), 2, 9),
	    "{\"type\":\"join\",\"name\":\"a\",\"users\":2,\"seq\":9}");
	expect(&b, json_write_leave(&b, slice_of("a"), 1, 9),
	    "{\"type\":\"leave\",\"name\":\"a\",\"users\":1,\"seq\":9}");
	expect(&b, json_write_rename(&b, slice_of("a"), slice_of("b"), 9),
	    "{\"type\":\"rename\",\"from\":\"a\",\"to\":\"b\",\"seq\":9}");
	expect(&b, json_write_presence(&b, 501),
	    "{\"type\":\"presence\",\"users\":501}");
	buf_clear(&b);
}

static void
one_alone_is_told(void **state)
{
	struct slice names[] = { slice_of("b"), slice_of("c") };
	struct buf b;

	(void)state;
	buf_init(&b);
	expect(&b, json_write_whisper(&b, slice_of("a"), slice_of("psst")),
	    "{\"type\":\"whisper\",\"from\":\"a\",\"text\":\"psst\"}");
	expect(&b, json_write_whispered(&b, names, 2, NULL, 0, slice_of("t")),
	    "{\"type\":\"whispered\",\"to\":[\"b\",\"c\"],\"lost\":[],"
	    "\"text\":\"t\"}");
	expect(&b, json_write_whispered(&b, NULL, 0, names, 1, none),
	    "{\"type\":\"whispered\",\"to\":[],\"lost\":[\"b\"],"
	    "\"text\":\"\"}");
	expect(&b, json_write_notice(&b, slice_of("repeating from 5")),
	    "{\"type\":\"notice\",\"text\":\"repeating from 5\"}");
	expect(&b, json_write_lost(&b, 3, 5),
	    "{\"type\":\"lost\",\"from\":3,\"to\":5}");
	expect(&b, json_write_ack(&b, slice_of("x"), 6, false),
	    "{\"type\":\"ack\",\"id\":\"x\",\"seq\":6}");
	expect(&b, json_write_ack(&b, slice_of("x"), 6, true),
	    "{\"type\":\"ack\",\"id\":\"x\",\"seq\":6,\"again\":true}");
	expect(&b, json_write_pong(&b, none), "{\"type\":\"pong\"}");
	expect(&b, json_write_pong(&b, slice_of("x")),
	    "{\"type\":\"pong\",\"id\":\"x\"}");
	buf_clear(&b);
}

static void
errors_have_a_word_and_a_sentence(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	expect(&b, json_write_error(&b, JSON_ERROR_BAD_TEXT, slice_of("x")),
	    "{\"type\":\"error\",\"code\":\"bad-member\","
	    "\"text\":\"\\\"text\\\" is a string.\",\"id\":\"x\"}");
	expect(&b, json_write_refusal(&b, slice_of("name-taken"),
	    slice_of("It is."), none),
	    "{\"type\":\"error\",\"code\":\"name-taken\","
	    "\"text\":\"It is.\"}");
	buf_clear(&b);
}

static void
lists_are_filled_one_by_one(void **state)
{
	struct json_message m = {
		.seq = 1, .from = slice_of("["), .text = slice_of("{"),
		.time_ms = 5
	};
	struct buf b;

	(void)state;
	buf_init(&b);
	assert_true(json_write_history_begin(&b));
	expect(&b, json_write_history_end(&b, false),
	    "{\"type\":\"history\",\"messages\":[],\"more\":false}");
	assert_true(json_write_history_begin(&b));
	assert_true(json_write_history_add(&b, &m));
	m.id = slice_of("i");
	assert_true(json_write_history_add(&b, &m));
	expect(&b, json_write_history_end(&b, true),
	    "{\"type\":\"history\",\"messages\":["
	    "{\"seq\":1,\"from\":\"[\",\"text\":\"{\",\"time\":5},"
	    "{\"seq\":1,\"from\":\"[\",\"text\":\"{\",\"time\":5,"
	    "\"id\":\"i\"}],\"more\":true}");
	assert_true(json_write_who_begin(&b));
	assert_true(json_write_who_add(&b, slice_of("a"), false));
	assert_true(json_write_who_add(&b, slice_of("b"), true));
	expect(&b, json_write_who_end(&b, 0),
	    "{\"type\":\"who\",\"users\":[{\"name\":\"a\"},"
	    "{\"name\":\"b\",\"away\":true}]}");
	assert_true(json_write_who_begin(&b));
	expect(&b, json_write_who_end(&b, 4),
	    "{\"type\":\"who\",\"users\":[],\"more\":4}");
	buf_clear(&b);
}

static void
rooms_have_their_counts(void **state)
{
	struct aside_room rooms[] = { { none, 3 }, { slice_of("lab"), 2 } };
	struct buf b;

	(void)state;
	buf_init(&b);
	expect(&b, json_write_rooms(&b, rooms, 2, 0),
	    "{\"type\":\"rooms\",\"rooms\":[{\"name\":\"\",\"users\":3},"
	    "{\"name\":\"lab\",\"users\":2}]}");
	expect(&b, json_write_rooms(&b, NULL, 0, 7),
	    "{\"type\":\"rooms\",\"rooms\":[],\"more\":7}");
	buf_clear(&b);
}

static void
an_event_stands_behind_what_is_there(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	assert_true(buf_append(&b, "before", 6));
	expect(&b, json_write_pong(&b, none), "before{\"type\":\"pong\"}");
	buf_clear(&b);
}

/*
 * Strings.
 */

/* The string as the text of a notice, from memory that ends with it. */
static void
expect_escaped(const void *text, size_t len, const char *escaped,
    size_t escaped_len)
{
	static const char head[] = "{\"type\":\"notice\",\"text\":\"";
	const size_t head_len = sizeof(head) - 1;
	struct guard guard;
	struct buf b;

	buf_init(&b);
	guard_open(&guard, len + 1);
	assert_true(json_write_notice(&b, (struct slice){
	    (const char *)guard_lay(&guard, text, len), len }));
	assert_int_equal(buf_len(&b), head_len + escaped_len + 2);
	assert_memory_equal(buf_head(&b), head, head_len);
	assert_memory_equal(buf_head(&b) + head_len, escaped, escaped_len);
	assert_memory_equal(buf_head(&b) + head_len + escaped_len, "\"}", 2);
	guard_close(&guard);
	buf_clear(&b);
}

static void
every_byte_is_itself_or_escaped(void **state)
{
	static const char *const short_forms[256] = {
		['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n",
		['\f'] = "\\f", ['\r'] = "\\r", ['"'] = "\\\"",
		['\\'] = "\\\\"
	};
	char text[3], escaped[16];
	size_t len;

	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		text[0] = 'a';
		text[1] = (char)byte;
		text[2] = 'b';
		if (short_forms[byte] != NULL)
			snprintf(escaped + 1, 12, "%s", short_forms[byte]);
		else if (byte < 0x20)
			snprintf(escaped + 1, 12, "\\u%04x", byte);
		else
			snprintf(escaped + 1, 12, "%c", (int)byte);
		escaped[0] = 'a';
		len = strlen(escaped);
		escaped[len] = 'b';
		expect_escaped(text, 3, escaped, len + 1);
		expect_escaped(text, 2, escaped, len);
		expect_escaped(text + 1, 1, escaped + 1, len - 1);
	}
}

static void
line_ends_of_scripts_are_escaped(void **state)
{
	(void)state;
	expect_escaped("\xe2\x80\xa8", 3, "\\u2028", 6);
	expect_escaped("\xe2\x80\xa9", 3, "\\u2029", 6);
	expect_escaped("a\xe2\x80\xa8\xe2\x80\xa9z", 8, "a\\u2028\\u2029z", 14);
	expect_escaped("\xe2\x80\xa7\xe2\x80\xaa\xe2\x81\xa8", 9,
	    "\xe2\x80\xa7\xe2\x80\xaa\xe2\x81\xa8", 9);
}

static void
what_is_not_utf8_passes(void **state)
{
	(void)state;
	expect_escaped("\xe2", 1, "\xe2", 1);
	expect_escaped("\xe2\x80", 2, "\xe2\x80", 2);
	expect_escaped("\xe2\xe2\x80\xa8", 4, "\xe2\\u2028", 7);
	expect_escaped("\xe2\x80\"", 3, "\xe2\x80\\\"", 4);
	expect_escaped("\xa8\xff\n", 3, "\xa8\xff\\n", 4);
}

static void
long_texts_come_back(void **state)
{
	size_t len = 100000, got;
	char *text = malloc(len);
	json_t *root;
	struct buf b;

	(void)state;
	buf_init(&b);
	for (size_t i = 0; i < len; i++)
		text[i] = (char)(i * i % 127 % 128);
	assert_true(json_write_notice(&b, (struct slice){ text, len }));
	root = json_loadb((const char *)buf_head(&b), buf_len(&b),
	    JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	got = json_string_length(json_object_get(root, "text"));
	assert_int_equal(got, len);
	assert_memory_equal(json_string_value(json_object_get(root, "text")),
	    text, len);
	json_decref(root);
	free(text);
	buf_clear(&b);
}

/* Another process writes over the text all the time, as the broker may over
 * the log. */
static void
a_text_that_changes_is_not_overrun(void **state)
{
	static const char bytes[] = "a\"\n\xe2\x80\xa8\\\x01";
	volatile char *text;
	struct guard guard;
	struct buf b;
	pid_t writer;
	size_t len;

	(void)state;
	buf_init(&b);
	guard_open(&guard, 1);
	len = guard.room;
	text = mmap(guard.map, len, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	assert_ptr_equal(text, guard.map);
	writer = fork();
	assert_int_not_equal(writer, -1);
	if (writer == 0) {
		for (size_t i = 0;; i = i * 31 + 7)
			text[i % len] = bytes[i / len % (sizeof(bytes) - 1)];
	}
	for (size_t i = 0; i < 2000; i++) {
		buf_reset(&b);
		assert_true(json_write_notice(&b, (struct slice){
		    (const char *)text, len }));
		assert_true(buf_len(&b) <= 6 * len + 32);
	}
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
	guard_close(&guard);
	buf_clear(&b);
}

/*
 * No memory.
 */

static bool
write_list(struct buf *b, const struct json_message *m)
{
	return json_write_history_begin(b) && json_write_history_add(b, m) &&
	    json_write_history_end(b, true);
}

static void
without_memory_nothing_is_appended(void **state)
{
	char text[2000];
	struct json_message m = { .text = { text, sizeof(text) } };
	struct buf b;

	(void)state;
	memset(text, '"', sizeof(text));
	/* For the whole event the buffer grows four times. */
	for (size_t enough = 0; enough < 4; enough++) {
		buf_init(&b);
		mallocs_left = enough;
		assert_false(json_write_message(&b, &m));
		assert_int_equal(buf_len(&b), 0);
		buf_clear(&b);
		mallocs_left = enough;
		assert_false(write_list(&b, &m));
		mallocs_left = SIZE_MAX;
		buf_clear(&b);
	}
	mallocs_left = 4;
	assert_true(json_write_message(&b, &m));
	mallocs_left = SIZE_MAX;
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_welcome_tells_who_one_is),
		cmocka_unit_test(messages_have_what_is_there),
		cmocka_unit_test(the_room_is_told_who_comes_and_goes),
		cmocka_unit_test(one_alone_is_told),
		cmocka_unit_test(errors_have_a_word_and_a_sentence),
		cmocka_unit_test(lists_are_filled_one_by_one),
		cmocka_unit_test(rooms_have_their_counts),
		cmocka_unit_test(an_event_stands_behind_what_is_there),
		cmocka_unit_test(every_byte_is_itself_or_escaped),
		cmocka_unit_test(line_ends_of_scripts_are_escaped),
		cmocka_unit_test(what_is_not_utf8_passes),
		cmocka_unit_test(long_texts_come_back),
		cmocka_unit_test(a_text_that_changes_is_not_overrun),
		cmocka_unit_test(without_memory_nothing_is_appended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
