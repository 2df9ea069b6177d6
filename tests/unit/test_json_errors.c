/*
 * test_json_errors: code words are those of the protocol, and sentences tell
 * the bounds that hold.
 */
#include "config.h"

#include "worker/json_errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
words_are_those_of_the_protocol(void **state)
{
	static const char *const words[] = {
		"bad-json", "bad-object", "unknown-type", "bad-member",
		"name-too-long", "room-invalid", "rooms-hidden", "not-found"
	};
	size_t count = sizeof(words) / sizeof(words[0]), i;

	(void)state;
	for (unsigned e = JSON_ERROR_MEMORY + 1; e < JSON_ERRORS_COUNT; e++) {
		for (i = 0; i < count; i++) {
			if (strcmp(json_error_word(e), words[i]) == 0)
				break;
		}
		assert_int_not_equal(i, count);
		assert_int_equal(json_error_is_bad_json(e), i == 0);
	}
	assert_false(json_error_is_bad_json(JSON_ERROR_NONE));
	assert_false(json_error_is_bad_json(JSON_ERROR_MEMORY));
}

static void
sentences_are_sentences(void **state)
{
	const char *sentence;

	(void)state;
	for (unsigned e = JSON_ERROR_MEMORY + 1; e < JSON_ERRORS_COUNT; e++) {
		sentence = json_error_sentence(e);
		assert_int_equal(sentence[strlen(sentence) - 1], '.');
	}
}

static void
assert_names(enum json_error error, int bound)
{
	char number[16];

	snprintf(number, sizeof(number), " %d ", bound);
	if (strstr(json_error_sentence(error), number) == NULL)
		fail_msg("%s", json_error_sentence(error));
}

static void
sentences_tell_the_bounds(void **state)
{
	char count[16];

	(void)state;
	assert_names(JSON_ERROR_TOO_DEEP, JSON_DEPTH_MAX);
	assert_names(JSON_ERROR_TOO_MANY, JSON_VALUES_MAX);
	assert_names(JSON_ERROR_BAD_ID, JSON_ID_MAX);
	assert_names(JSON_ERROR_BAD_TO, JSON_NAMES_MAX);
	snprintf(count, sizeof(count), " %d.", JSON_HISTORY_MAX);
	assert_non_null(strstr(json_error_sentence(JSON_ERROR_BAD_COUNT),
	    count));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_those_of_the_protocol),
		cmocka_unit_test(sentences_are_sentences),
		cmocka_unit_test(sentences_tell_the_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
