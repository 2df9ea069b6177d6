/*
 * test_json_read: every request, every way to ask wrongly, the largest texts
 * for their size, and no memory.
 */
#include "config.h"

#include "worker/json_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"

/* The linker leads malloc here: whether calls succeed. */
static bool has_memory = true;

void *__real_malloc(size_t);
void *__wrap_malloc(size_t);

void *
__wrap_malloc(size_t size)
{
	return has_memory ? __real_malloc(size) : NULL;
}

static int
open_once(void **state)
{
	(void)state;
	json_read_open();
	return 0;
}

/* Reads from memory that ends with the text and is gone afterwards. */
static enum json_error
read_bytes(const void *text, size_t len, struct json_request *r)
{
	enum json_error error;
	struct guard guard;

	guard_open(&guard, len + 1);
	error = json_read(guard_lay(&guard, text, len), len, r);
	guard_close(&guard);
	return error;
}

static void
expect_good(const char *text, enum json_request_kind kind,
    struct json_request *r)
{
	enum json_error error = read_bytes(text, strlen(text), r);

	if (error != JSON_ERROR_NONE)
		fail_msg("%s: error %d", text, (int)error);
	assert_int_equal(r->kind, kind);
}

static void
expect_bytes(const char *text, size_t len, enum json_error expected)
{
	struct json_request r;
	enum json_error error = read_bytes(text, len, &r);

	if (error != expected)
		fail_msg("%.*s: error %d, not %d", (int)len, text, (int)error,
		    (int)expected);
	json_request_clear(&r);
}

static void
expect_error(const char *text, enum json_error expected)
{
	expect_bytes(text, strlen(text), expected);
}

static void
assert_slice(struct slice s, const char *text, size_t len)
{
	assert_int_equal(s.len, len);
	if (len > 0)
		assert_memory_equal(s.at, text, len);
}

/*
 * Requests.
 */

static void
messages_are_read(void **state)
{
	struct json_request r;

	(void)state;
	expect_good("{\"type\":\"message\",\"text\":\"hello\"}",
	    JSON_REQUEST_MESSAGE, &r);
	assert_slice(r.text, "hello", 5);
	assert_slice(r.id, "", 0);
	assert_false(r.is_action);
	json_request_clear(&r);
	expect_good(" { \"action\" : true , \"id\" : \"x-1\" ,\r\n\t\"text\" :"
	    " \"\" , \"type\" : \"message\" } ", JSON_REQUEST_MESSAGE, &r);
	assert_slice(r.text, "", 0);
	assert_slice(r.id, "x-1", 3);
	assert_true(r.is_action);
	json_request_clear(&r);
	expect_good("{\"type\":\"message\",\"text\":\"t\",\"action\":false}",
	    JSON_REQUEST_MESSAGE, &r);
	assert_false(r.is_action);
	json_request_clear(&r);
}

static void
texts_hold_whatever_json_lets_them(void **state)
{
	struct json_request r;

	(void)state;
	expect_good("{\"type\":\"message\",\"text\":"
	    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\\u20AC\\ud83d\\ude00"
	    "\xc3\xa4[{1.5e3,\"}", JSON_REQUEST_MESSAGE, &r);
	assert_slice(r.text, "\"\\/\b\f\n\r\t\0\x1f\xe2\x82\xac"
	    "\xf0\x9f\x98\x80\xc3\xa4[{1.5e3,", 27);
	json_request_clear(&r);
}

static void
whispers_have_one_name_or_several(void **state)
{
	struct json_request r;

	(void)state;
	expect_good("{\"type\":\"whisper\",\"to\":\"a\",\"text\":\"t\"}",
	    JSON_REQUEST_WHISPER, &r);
	assert_int_equal(r.name_count, 1);
	assert_slice(r.names[0], "a", 1);
	assert_slice(r.text, "t", 1);
	json_request_clear(&r);
	expect_good("{\"type\":\"whisper\",\"to\":[\"1\",\"2\",\"3\",\"4\","
	    "\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\","
	    "\"14\",\"15\",\"b c\"],\"text\":\"\"}", JSON_REQUEST_WHISPER,
	    &r);
	assert_int_equal(r.name_count, JSON_NAMES_MAX);
	assert_slice(r.names[0], "1", 1);
	assert_slice(r.names[15], "b c", 3);
	json_request_clear(&r);
}

static void
the_rest_is_read(void **state)
{
	struct json_request r;

	(void)state;
	expect_good("{\"type\":\"nick\",\"name\":\"a,b\\u0000\"}",
	    JSON_REQUEST_NICK, &r);
	assert_slice(r.name, "a,b", 4);
	json_request_clear(&r);
	expect_good("{\"type\":\"nick\",\"name\":\"\"}", JSON_REQUEST_NICK,
	    &r);
	json_request_clear(&r);
	expect_good("{\"type\":\"who\"}", JSON_REQUEST_WHO, &r);
	assert_slice(r.name, "", 0);
	json_request_clear(&r);
	expect_good("{\"type\":\"who\",\"after\":\"z\"}", JSON_REQUEST_WHO,
	    &r);
	assert_slice(r.name, "z", 1);
	json_request_clear(&r);
	expect_good("{\"type\":\"join\",\"room\":\"lab-1.a\"}",
	    JSON_REQUEST_JOIN, &r);
	assert_slice(r.room, "lab-1.a", 7);
	json_request_clear(&r);
	expect_good("{\"type\":\"join\",\"room\":\"\"}", JSON_REQUEST_JOIN,
	    &r);
	assert_slice(r.room, "", 0);
	json_request_clear(&r);
	expect_good("{\"type\":\"rooms\"}", JSON_REQUEST_ROOMS, &r);
	json_request_clear(&r);
	expect_good("{\"type\":\"ping\",\"id\":\"p\"}", JSON_REQUEST_PING, &r);
	assert_slice(r.id, "p", 1);
	json_request_clear(&r);
}

static void
history_has_bounds_or_none(void **state)
{
	struct json_request r;

	(void)state;
	expect_good("{\"type\":\"history\"}", JSON_REQUEST_HISTORY, &r);
	assert_int_equal(r.before, 0);
	assert_int_equal(r.count, JSON_HISTORY_MAX);
	json_request_clear(&r);
	expect_good("{\"type\":\"history\",\"before\":9223372036854775807,"
	    "\"count\":1}", JSON_REQUEST_HISTORY, &r);
	assert_true(r.before == INT64_MAX);
	assert_int_equal(r.count, 1);
	json_request_clear(&r);
	expect_good("{\"type\":\"history\",\"before\":1,\"count\":100}",
	    JSON_REQUEST_HISTORY, &r);
	assert_int_equal(r.before, 1);
	assert_int_equal(r.count, 100);
	json_request_clear(&r);
}

static void
unknown_members_are_passed_over(void **state)
{
	struct json_request r;

	(void)state;
	expect_good("{\"\":null,\"a\":[[],{},{\"type\":\"x\"}],"
	    "\"type\":\"rooms\",\"text\":7,\"to\":true,\"n\":-12}",
	    JSON_REQUEST_ROOMS, &r);
	json_request_clear(&r);
}

/*
 * Errors.
 */

static void
what_is_not_json_is_refused(void **state)
{
	static const char *const texts[] = {
		"", " ", "hello", "Dr. No", "{", "}", "{]", "{}}", "{} {}",
		"{\"type\":\"rooms\",}", "{\"type\"}", "{type:1}",
		"{'type':'rooms'}", "[1,]", "\"", "\"a", "\"\\x\"", "\"\\u12\"",
		"\"\n\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"",
		"01", "+1", "-", "0x10", ".5", "NaN", "nul", "truex",
		"{\"a\\u0000b\":1}", "\xef\xbb\xbf{}", "\xff", "{}\\"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		expect_error(texts[i], JSON_ERROR_NOT_JSON);
	expect_bytes("{}\0", 3, JSON_ERROR_NOT_JSON);
	expect_bytes("{\"type\":\"message\",\"text\":\"\0\"}", 29,
	    JSON_ERROR_NOT_JSON);
}

static void
members_are_there_once(void **state)
{
	(void)state;
	expect_error("{\"type\":\"rooms\",\"type\":\"rooms\"}",
	    JSON_ERROR_TWICE);
	expect_error("{\"type\":\"rooms\",\"t\\u0079pe\":1}",
	    JSON_ERROR_TWICE);
	expect_error("{\"type\":\"rooms\",\"x\":{\"\":1,\"\":2}}",
	    JSON_ERROR_TWICE);
}

static void
numbers_are_whole_and_fit(void **state)
{
	static const char *const numbers[] = {
		"1.0", "0.5", "-1.5", "1e3", "1E400", "1e", "0e0",
		"9223372036854775808", "-9223372036854775809",
		"123456789012345678901234567890"
	};
	char text[100];

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		snprintf(text, sizeof(text), "{\"type\":\"rooms\",\"x\":%s}",
		    numbers[i]);
		expect_error(text, JSON_ERROR_BAD_NUMBER);
	}
	expect_error("-9223372036854775808", JSON_ERROR_NO_OBJECT);
}

static void
a_request_is_an_object_with_a_type(void **state)
{
	(void)state;
	expect_error("[]", JSON_ERROR_NO_OBJECT);
	expect_error("1", JSON_ERROR_NO_OBJECT);
	expect_error("null", JSON_ERROR_NO_OBJECT);
	expect_error("\"type\"", JSON_ERROR_NO_OBJECT);
	expect_error("[{\"type\":\"rooms\"}]", JSON_ERROR_NO_OBJECT);
	expect_error("{}", JSON_ERROR_NO_TYPE);
	expect_error("{\"Type\":\"rooms\"}", JSON_ERROR_NO_TYPE);
	expect_error("{\"type\":null}", JSON_ERROR_NO_TYPE);
	expect_error("{\"type\":[\"rooms\"]}", JSON_ERROR_NO_TYPE);
	expect_error("{\"type\":\"\"}", JSON_ERROR_UNKNOWN_TYPE);
	expect_error("{\"type\":\"Rooms\"}", JSON_ERROR_UNKNOWN_TYPE);
	expect_error("{\"type\":\"rooms \"}", JSON_ERROR_UNKNOWN_TYPE);
	expect_error("{\"type\":\"rooms\\u0000\"}", JSON_ERROR_UNKNOWN_TYPE);
	expect_error("{\"type\":\"welcome\"}", JSON_ERROR_UNKNOWN_TYPE);
}

static void
members_have_their_form(void **state)
{
	static const struct {
		const char *members;
		enum json_error error;
	} rows[] = {
		{ "rooms\",\"id\":\"\"", JSON_ERROR_BAD_ID },
		{ "rooms\",\"id\":1", JSON_ERROR_BAD_ID },
		{ "rooms\",\"id\":null", JSON_ERROR_BAD_ID },
		{ "message\"", JSON_ERROR_BAD_TEXT },
		{ "message\",\"text\":1", JSON_ERROR_BAD_TEXT },
		{ "message\",\"text\":null", JSON_ERROR_BAD_TEXT },
		{ "message\",\"text\":\"\",\"action\":1",
		    JSON_ERROR_BAD_ACTION },
		{ "message\",\"text\":\"\",\"action\":null",
		    JSON_ERROR_BAD_ACTION },
		{ "whisper\",\"text\":\"\"", JSON_ERROR_BAD_TO },
		{ "whisper\",\"text\":\"\",\"to\":1", JSON_ERROR_BAD_TO },
		{ "whisper\",\"text\":\"\",\"to\":\"\"", JSON_ERROR_BAD_TO },
		{ "whisper\",\"text\":\"\",\"to\":\"a,b\"",
		    JSON_ERROR_BAD_TO },
		{ "whisper\",\"text\":\"\",\"to\":\"a\\u0000\"",
		    JSON_ERROR_BAD_TO },
		{ "whisper\",\"text\":\"\",\"to\":[]", JSON_ERROR_BAD_TO },
		{ "whisper\",\"text\":\"\",\"to\":{}", JSON_ERROR_BAD_TO },
		{ "whisper\",\"text\":\"\",\"to\":[\"a\",[\"b\"]]",
		    JSON_ERROR_BAD_TO },
		{ "whisper\",\"text\":\"\",\"to\":[\"a\",\"\"]",
		    JSON_ERROR_BAD_TO },
		{ "whisper\",\"text\":\"\",\"to\":[\"1\",\"2\",\"3\",\"4\","
		    "\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\","
		    "\"13\",\"14\",\"15\",\"16\",\"17\"]",
		    JSON_ERROR_BAD_TO },
		{ "whisper\",\"to\":\"a\"", JSON_ERROR_BAD_TEXT },
		{ "nick\"", JSON_ERROR_BAD_NAME },
		{ "nick\",\"name\":1", JSON_ERROR_BAD_NAME },
		{ "who\",\"after\":1", JSON_ERROR_BAD_AFTER },
		{ "who\",\"after\":\"\"", JSON_ERROR_BAD_AFTER },
		{ "join\"", JSON_ERROR_BAD_ROOM },
		{ "join\",\"room\":null", JSON_ERROR_BAD_ROOM },
		{ "join\",\"room\":\"a b\"", JSON_ERROR_ROOM_INVALID },
		{ "join\",\"room\":\"..\"", JSON_ERROR_ROOM_INVALID },
		{ "join\",\"room\":\"a\\u0000\"", JSON_ERROR_ROOM_INVALID },
		{ "history\",\"before\":0", JSON_ERROR_BAD_BEFORE },
		{ "history\",\"before\":-1", JSON_ERROR_BAD_BEFORE },
		{ "history\",\"before\":\"9\"", JSON_ERROR_BAD_BEFORE },
		{ "history\",\"count\":0", JSON_ERROR_BAD_COUNT },
		{ "history\",\"count\":101", JSON_ERROR_BAD_COUNT },
		{ "history\",\"count\":true", JSON_ERROR_BAD_COUNT },
		{ "history\",\"count\":null", JSON_ERROR_BAD_COUNT }
	};
	char text[300];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "{\"type\":\"%s}",
		    rows[i].members);
		expect_error(text, rows[i].error);
	}
}

/* `before`, a name of so many bytes, `after`. */
static void
expect_long(const char *before, size_t len, const char *after,
    enum json_error error)
{
	char text[1000];

	snprintf(text, sizeof(text), "%s%0*d%s", before, (int)len, 0, after);
	expect_error(text, error);
}

static void
lengths_have_bounds(void **state)
{
	static const char whisper[] =
	    "{\"type\":\"whisper\",\"text\":\"\",\"to\":\"";
	static const char who[] = "{\"type\":\"who\",\"after\":\"";
	static const char nick[] = "{\"type\":\"nick\",\"name\":\"";
	static const char room[] = "{\"type\":\"join\",\"room\":\"";
	static const char id[] = "{\"type\":\"ping\",\"id\":\"";

	(void)state;
	expect_long(id, 64, "\"}", JSON_ERROR_NONE);
	expect_long(id, 65, "\"}", JSON_ERROR_BAD_ID);
	expect_long(whisper, 255, "\"}", JSON_ERROR_NONE);
	expect_long(whisper, 256, "\"}", JSON_ERROR_BAD_TO);
	expect_long(who, 255, "\"}", JSON_ERROR_NONE);
	expect_long(who, 256, "\"}", JSON_ERROR_BAD_AFTER);
	expect_long(nick, 512, "\"}", JSON_ERROR_NONE);
	expect_long(nick, 513, "\"}", JSON_ERROR_NAME_TOO_LONG);
	expect_long(room, 64, "\"}", JSON_ERROR_NONE);
	expect_long(room, 65, "\"}", JSON_ERROR_ROOM_INVALID);
}

static void
an_error_has_the_id_of_its_request(void **state)
{
	static const char *const texts[] = {
		"{\"id\":\"x\"}", "{\"type\":\"no\",\"id\":\"x\"}",
		"{\"type\":\"message\",\"id\":\"x\"}"
	};
	struct json_request r;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_not_equal(read_bytes(texts[i], strlen(texts[i]),
		    &r), JSON_ERROR_NONE);
		assert_slice(r.id, "x", 1);
		json_request_clear(&r);
		assert_slice(r.id, "", 0);
		json_request_clear(&r);
	}
	assert_int_equal(read_bytes("{\"id\":\"x\"", 9, &r),
	    JSON_ERROR_NOT_JSON);
	assert_slice(r.id, "", 0);
	json_request_clear(&r);
}

/*
 * Size.
 */

/* `head`, then `piece` so many times with `between`, then `tail`; a # opening
 * the piece stands for a key that no other piece has. */
static char *
repeat(const char *head, const char *piece, const char *between, size_t count,
    const char *tail)
{
	size_t size = strlen(head) + strlen(tail) + 1 +
	    count * (strlen(piece) + strlen(between) + 8);
	char *text = malloc(size), *at = text;

	assert_non_null(text);
	at += snprintf(at, size, "%s", head);
	for (size_t i = 0; i < count; i++) {
		at += snprintf(at, size - (size_t)(at - text), "%s",
		    i > 0 ? between : "");
		if (piece[0] == '#')
			at += snprintf(at, size - (size_t)(at - text),
			    "\"%zu\"%s", i, piece + 1);
		else
			at += snprintf(at, size - (size_t)(at - text), "%s",
			    piece);
	}
	snprintf(at, size - (size_t)(at - text), "%s", tail);
	return text;
}

static void
expect_repeated(const char *head, const char *piece, const char *between,
    size_t count, const char *tail, enum json_error error)
{
	char *text = repeat(head, piece, between, count, tail);

	expect_error(text, error);
	free(text);
}

static void
depth_is_bounded(void **state)
{
	char text[100];

	(void)state;
	memset(text, '[', 50);
	memset(text + 50, ']', 50);
	expect_bytes(text + 50 - JSON_DEPTH_MAX, 2 * JSON_DEPTH_MAX,
	    JSON_ERROR_NO_OBJECT);
	expect_bytes(text + 49 - JSON_DEPTH_MAX, 2 * JSON_DEPTH_MAX + 2,
	    JSON_ERROR_TOO_DEEP);
	expect_bytes(text + 49 - JSON_DEPTH_MAX, JSON_DEPTH_MAX + 1,
	    JSON_ERROR_TOO_DEEP);
	/* Side by side is not deep, and in a string is nothing. */
	expect_repeated("[", "[]", ",", 100, "]", JSON_ERROR_NO_OBJECT);
	expect_repeated("\"\\\"", "[{\\\\", "", 100, "\"",
	    JSON_ERROR_NO_OBJECT);
	expect_repeated("", "]", "", 100, "", JSON_ERROR_NOT_JSON);
	expect_repeated("", "{\"a\":", "", 100, "", JSON_ERROR_TOO_DEEP);
}

static void
values_are_counted(void **state)
{
	const size_t most = JSON_VALUES_MAX;

	(void)state;
	/* The array itself is one. */
	expect_repeated("[", "1", ",", most - 1, "]", JSON_ERROR_NO_OBJECT);
	expect_repeated("[", "1", ",", most, "]", JSON_ERROR_TOO_MANY);
	expect_repeated("\"", "1", ",", 2 * most, "\"",
	    JSON_ERROR_NO_OBJECT);
}

/* What takes most memory for each value or byte stays within what is had for
 * it: json_memory aborts where it does not. */
static void
memory_is_enough_for_the_worst(void **state)
{
	/* Here a buffer that doubles is largest for what is in it. */
	const size_t doubling = 65536, most = JSON_VALUES_MAX;
	char *text = malloc(doubling + 70);

	(void)state;
	expect_repeated("[", "{}", ",", most / 2 - 1, "]",
	    JSON_ERROR_NO_OBJECT);
	expect_repeated("[", "[]", ",", most / 2 - 1, "]",
	    JSON_ERROR_NO_OBJECT);
	expect_repeated("[", "[1]", ",", most / 2 - 1, "]",
	    JSON_ERROR_NO_OBJECT);
	expect_repeated("[", "\"\"", ",", most - 1, "]", JSON_ERROR_NO_OBJECT);
	expect_repeated("{", "#:1", ",", most - 1, "}", JSON_ERROR_NO_TYPE);
	expect_repeated("{", "#:\"\"", ",", most - 1, "}",
	    JSON_ERROR_NO_TYPE);
	expect_repeated("{", "#:{}", ",", most / 2 - 1, "}",
	    JSON_ERROR_NO_TYPE);
	expect_repeated("{", "#:{\"a\":[]}", ",", most / 3 - 1, "}",
	    JSON_ERROR_NO_TYPE);
	for (size_t len = doubling - 70; len < doubling + 70; len++) {
		memset(text, 'a', len);
		text[0] = text[len - 1] = '"';
		expect_bytes(text, len, JSON_ERROR_NO_OBJECT);
		text[0] = '{';
		text[1] = '"';
		memcpy(text + len - 4, "\":0}", 4);
		expect_bytes(text, len, JSON_ERROR_NO_TYPE);
	}
	for (size_t len = 1; len < 300; len++) {
		memset(text, '9', len);
		expect_bytes(text, len, len < 19 ? JSON_ERROR_NO_OBJECT :
		    JSON_ERROR_BAD_NUMBER);
	}
	free(text);
}

static void
no_memory_is_nobodys_error(void **state)
{
	static const char text[] = "{\"type\":\"rooms\",\"id\":\"x\"}";
	struct json_request r;

	(void)state;
	has_memory = false;
	assert_int_equal(json_read((const uint8_t *)text, strlen(text), &r),
	    JSON_ERROR_MEMORY);
	has_memory = true;
	assert_slice(r.id, "", 0);
	json_request_clear(&r);
	expect_good(text, JSON_REQUEST_ROOMS, &r);
	json_request_clear(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_read),
		cmocka_unit_test(texts_hold_whatever_json_lets_them),
		cmocka_unit_test(whispers_have_one_name_or_several),
		cmocka_unit_test(the_rest_is_read),
		cmocka_unit_test(history_has_bounds_or_none),
		cmocka_unit_test(unknown_members_are_passed_over),
		cmocka_unit_test(what_is_not_json_is_refused),
		cmocka_unit_test(members_are_there_once),
		cmocka_unit_test(numbers_are_whole_and_fit),
		cmocka_unit_test(a_request_is_an_object_with_a_type),
		cmocka_unit_test(members_have_their_form),
		cmocka_unit_test(lengths_have_bounds),
		cmocka_unit_test(an_error_has_the_id_of_its_request),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(values_are_counted),
		cmocka_unit_test(memory_is_enough_for_the_worst),
		cmocka_unit_test(no_memory_is_nobodys_error),
	};

	return cmocka_run_group_tests(tests, open_once, NULL);
}
