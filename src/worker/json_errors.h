/*
 * json_errors - what the worker says to a JSON client that asks wrongly,
 * written once.
 *
 * One row is the enum, the stable code word for programs and the sentence for
 * people.  Several rows share a word.  What the broker refuses comes with its
 * own word and sentence (ipc/messages.h, REFUSED).
 */
#ifndef WORKER_JSON_ERRORS_H
#define WORKER_JSON_ERRORS_H

#include <stdbool.h>

/* Bounds that the sentences name. */
#define JSON_DEPTH_MAX		32	/* objects and arrays in each other */
#define JSON_VALUES_MAX		1024	/* of one request */
#define JSON_ID_MAX		64	/* bytes */
#define JSON_NAMES_MAX		16	/* of one whisper */
#define JSON_HISTORY_MAX	100	/* messages */

/* JSON_ERROR(name, code word, sentence) */
/* clang-format off */
#define JSON_ERRORS(JSON_ERROR) \
/* the text */ \
JSON_ERROR(NOT_JSON,      "bad-json",      "That is not JSON.") \
JSON_ERROR(TOO_DEEP,      "bad-json",      "The JSON is nested more than 32 levels deep.") \
JSON_ERROR(TOO_MANY,      "bad-json",      "The JSON has more than 1024 values.") \
JSON_ERROR(TWICE,         "bad-json",      "An object has a member twice.") \
JSON_ERROR(BAD_NUMBER,    "bad-json",      "A number is not a whole number that fits into 64 bits.") \
/* the request */ \
JSON_ERROR(NO_OBJECT,     "bad-object",    "A request is a JSON object.") \
JSON_ERROR(NO_TYPE,       "bad-object",    "A request has a \"type\", which is a string.") \
JSON_ERROR(UNKNOWN_TYPE,  "unknown-type",  "There is no request of that type.") \
/* its members */ \
JSON_ERROR(BAD_ID,        "bad-member",    "\"id\" is a string of 1 to 64 bytes.") \
JSON_ERROR(BAD_TEXT,      "bad-member",    "\"text\" is a string.") \
JSON_ERROR(BAD_ACTION,    "bad-member",    "\"action\" is true or false.") \
JSON_ERROR(BAD_TO,        "bad-member",    "\"to\" is a name, or an array of 1 to 16 names.") \
JSON_ERROR(BAD_NAME,      "bad-member",    "\"name\" is a string.") \
JSON_ERROR(BAD_AFTER,     "bad-member",    "\"after\" is a name.") \
JSON_ERROR(BAD_ROOM,      "bad-member",    "\"room\" is a string.") \
JSON_ERROR(BAD_BEFORE,    "bad-member",    "\"before\" is a whole number from 1 on.") \
JSON_ERROR(BAD_COUNT,     "bad-member",    "\"count\" is a whole number from 1 to 100.") \
/* what is asked for */ \
JSON_ERROR(NAME_TOO_LONG, "name-too-long", "A name has at most 32 characters.") \
JSON_ERROR(ROOM_INVALID,  "room-invalid",  "A room's name has 1 to 64 letters, digits, - _ and dots.") \
JSON_ERROR(ROOMS_HIDDEN,  "rooms-hidden",  "The rooms are not listed here.") \
JSON_ERROR(NOT_FOUND,     "not-found",     "Nobody in the room has that name.")
/* clang-format on */

enum json_error {
	JSON_ERROR_NONE,	/* good; has no row */
	JSON_ERROR_MEMORY,	/* the server's fault, not his; has no row */
#define JSON_ERROR(name, word, sentence) JSON_ERROR_##name,
	JSON_ERRORS(JSON_ERROR)
#undef JSON_ERROR
	JSON_ERRORS_COUNT
};

/* Of a row; lent for ever. */
const char *json_error_word(enum json_error);
const char *json_error_sentence(enum json_error);

/* Whether the text was none that a JSON client sends: "bad-json". */
bool json_error_is_bad_json(enum json_error);

#endif
