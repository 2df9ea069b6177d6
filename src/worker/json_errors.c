/*
 * json_errors - the table of json_errors.h, looked up.
 *
 * A pure module of the worker.
 */
#include "config.h"

#include "worker/json_errors.h"

#include <assert.h>
#include <string.h>

static const struct {
	const char *word;
	const char *sentence;
} rows[JSON_ERRORS_COUNT] = {
#define JSON_ERROR(name, word, sentence) \
	[JSON_ERROR_##name] = { word, sentence },
	JSON_ERRORS(JSON_ERROR)
#undef JSON_ERROR
};

static void
check(enum json_error error)
{
	assert(error > JSON_ERROR_MEMORY && error < JSON_ERRORS_COUNT);
}

const char *
json_error_word(enum json_error error)
{
	check(error);
	return rows[error].word;
}

const char *
json_error_sentence(enum json_error error)
{
	check(error);
	return rows[error].sentence;
}

bool
json_error_is_bad_json(enum json_error error)
{
	return error > JSON_ERROR_MEMORY &&
	    strcmp(json_error_word(error), "bad-json") == 0;
}
