/*
 * json_read - see json_read.h.
 */
#include "config.h"

#include "worker/json_read.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/settings.h"
#include "ipc/messages.h"
#include "worker/json_memory.h"

_Static_assert(JSON_NAMES_MAX * (JSON_NAME_MAX + 1) <= IPC_NAMES,
    "the broker takes every whisper");
_Static_assert(JSON_NAME_MAX <= IPC_NAME, "the broker takes every WHO");
_Static_assert(JSON_ID_MAX <= IPC_MESSAGE_ID, "the broker takes every id");

/*
 * Before parsing: how deep it goes, how many values there are.
 */

struct scan {
	size_t depth, values;
	bool is_in_string;
	bool is_in_number;	/* behind a digit */
	enum json_error error;
};

/* One byte in a string; how many bytes to go on by. */
static size_t
scan_string(struct scan *s, uint8_t byte)
{
	s->is_in_string = byte != '"';
	return byte == '\\' ? 2 : 1;
}

static void
scan_byte(struct scan *s, uint8_t byte)
{
	bool is_number = s->is_in_number;

	s->is_in_number = byte >= '0' && byte <= '9';
	switch (byte) {
	case '"':
		s->is_in_string = true;
		break;
	case '[':
	case '{':
		s->values++;
		if (++s->depth > JSON_DEPTH_MAX)
			s->error = JSON_ERROR_TOO_DEEP;
		break;
	case ']':
	case '}':
		/* One too many is for the parser to find. */
		s->depth -= s->depth > 0;
		break;
	case ',':
		s->values++;
		break;
	case '.':
	case 'e':
	case 'E':
		if (is_number)
			s->error = JSON_ERROR_BAD_NUMBER;
		break;
	}
	if (s->values > JSON_VALUES_MAX)
		s->error = JSON_ERROR_TOO_MANY;
}

/*
 * Says what has to be known before the text is parsed.  Up to the byte where
 * it stops being JSON this sees the same strings, brackets and numbers as the
 * parser, which goes no further.  No request has a fraction or an exponent;
 * they are refused here since newer Janssons have a strtod of their own that
 * keeps memory from one text to the next, which json_memory does not allow.
 */
static enum json_error
scan(const uint8_t *text, size_t len, size_t *values_out)
{
	struct scan s = { .values = 1, .error = JSON_ERROR_NONE };

	for (size_t i = 0; i < len && s.error == JSON_ERROR_NONE;) {
		if (s.is_in_string) {
			i += scan_string(&s, text[i]);
		} else {
			scan_byte(&s, text[i]);
			i++;
		}
	}
	*values_out = s.values;
	return s.error;
}

/*
 * Members.
 */

static struct slice
slice_of(const json_t *string)
{
	return (struct slice){ json_string_value(string),
	    json_string_length(string) };
}

/* A string, which has to be there. */
static bool
take_string(const json_t *object, const char *key, struct slice *out)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value))
		return false;
	*out = slice_of(value);
	return true;
}

/* A whole number from 1 to `most`; when it is not there `out` stays. */
static bool
take_number(const json_t *object, const char *key, uint64_t most,
    uint64_t *out)
{
	const json_t *value = json_object_get(object, key);
	json_int_t number = json_integer_value(value);

	if (value == NULL)
		return true;
	if (!json_is_integer(value) || number < 1 || (uint64_t)number > most)
		return false;
	*out = (uint64_t)number;
	return true;
}

static enum json_error
take_id(const json_t *object, struct json_request *r)
{
	struct slice id;

	if (json_object_get(object, "id") == NULL)
		return JSON_ERROR_NONE;
	if (!take_string(object, "id", &id) || id.len == 0 ||
	    id.len > JSON_ID_MAX)
		return JSON_ERROR_BAD_ID;
	r->id = id;
	return JSON_ERROR_NONE;
}

/* One more of those to whom something is whispered. */
static bool
add_name(struct json_request *r, const json_t *value)
{
	struct slice name;

	if (!json_is_string(value) || r->name_count == JSON_NAMES_MAX)
		return false;
	name = slice_of(value);
	if (name.len == 0 || name.len > JSON_NAME_MAX ||
	    memchr(name.at, ',', name.len) != NULL ||
	    memchr(name.at, '\0', name.len) != NULL)
		return false;
	r->names[r->name_count++] = name;
	return true;
}

/*
 * Requests, each by its word.
 */

static enum json_error
read_message(const json_t *object, struct json_request *r)
{
	const json_t *action = json_object_get(object, "action");

	if (!take_string(object, "text", &r->text))
		return JSON_ERROR_BAD_TEXT;
	if (action != NULL && !json_is_boolean(action))
		return JSON_ERROR_BAD_ACTION;
	r->is_action = json_is_true(action);
	return JSON_ERROR_NONE;
}

static enum json_error
read_whisper(const json_t *object, struct json_request *r)
{
	const json_t *to = json_object_get(object, "to");
	size_t count = json_array_size(to);

	if (!json_is_array(to) && !add_name(r, to))
		return JSON_ERROR_BAD_TO;
	for (size_t i = 0; i < count; i++) {
		if (!add_name(r, json_array_get(to, i)))
			return JSON_ERROR_BAD_TO;
	}
	if (r->name_count == 0)
		return JSON_ERROR_BAD_TO;
	return take_string(object, "text", &r->text) ? JSON_ERROR_NONE :
	    JSON_ERROR_BAD_TEXT;
}

static enum json_error
read_nick(const json_t *object, struct json_request *r)
{
	if (!take_string(object, "name", &r->name))
		return JSON_ERROR_BAD_NAME;
	return r->name.len <= IPC_NAME ? JSON_ERROR_NONE :
	    JSON_ERROR_NAME_TOO_LONG;
}

static enum json_error
read_who(const json_t *object, struct json_request *r)
{
	if (json_object_get(object, "after") == NULL)
		return JSON_ERROR_NONE;
	if (!take_string(object, "after", &r->name) || r->name.len == 0 ||
	    r->name.len > JSON_NAME_MAX)
		return JSON_ERROR_BAD_AFTER;
	return JSON_ERROR_NONE;
}

static enum json_error
read_join(const json_t *object, struct json_request *r)
{
	if (!take_string(object, "room", &r->room))
		return JSON_ERROR_BAD_ROOM;
	if (r->room.len > 0 &&
	    !settings_room_is_valid(r->room.at, r->room.len))
		return JSON_ERROR_ROOM_INVALID;
	return JSON_ERROR_NONE;
}

static enum json_error
read_history(const json_t *object, struct json_request *r)
{
	uint64_t count = JSON_HISTORY_MAX;

	if (!take_number(object, "before", INT64_MAX, &r->before))
		return JSON_ERROR_BAD_BEFORE;
	if (!take_number(object, "count", JSON_HISTORY_MAX, &count))
		return JSON_ERROR_BAD_COUNT;
	r->count = (unsigned)count;
	return JSON_ERROR_NONE;
}

static enum json_error
read_rooms(const json_t *object, struct json_request *r)
{
	(void)object;
	(void)r;
	return JSON_ERROR_NONE;
}

static enum json_error
read_ping(const json_t *object, struct json_request *r)
{
	(void)object;
	(void)r;
	return JSON_ERROR_NONE;
}

static const struct {
	const char *word;
	enum json_error (*read)(const json_t *, struct json_request *);
} requests[JSON_REQUEST_KINDS] = {
#define JSON_REQUEST(name, word) \
	[JSON_REQUEST_##name] = { #word, read_##word },
	JSON_REQUESTS(JSON_REQUEST)
#undef JSON_REQUEST
};

static enum json_error
read_request(const json_t *root, struct json_request *r)
{
	enum json_error error;
	struct slice type;
	unsigned kind;

	if (!json_is_object(root))
		return JSON_ERROR_NO_OBJECT;
	error = take_id(root, r);
	if (error != JSON_ERROR_NONE)
		return error;
	if (!take_string(root, "type", &type))
		return JSON_ERROR_NO_TYPE;
	for (kind = 0; kind < JSON_REQUEST_KINDS; kind++) {
		if (slice_is(type, requests[kind].word))
			break;
	}
	if (kind == JSON_REQUEST_KINDS)
		return JSON_ERROR_UNKNOWN_TYPE;
	r->kind = (enum json_request_kind)kind;
	return requests[kind].read(root, r);
}

/*
 * The text.
 */

static enum json_error
parse_error(const json_error_t *error)
{
	switch (json_error_code(error)) {
	case json_error_duplicate_key:
		return JSON_ERROR_TWICE;
	case json_error_numeric_overflow:
		return JSON_ERROR_BAD_NUMBER;
	default:
		return JSON_ERROR_NOT_JSON;
	}
}

enum json_error
json_read(const uint8_t *text, size_t len, struct json_request *out)
{
	enum json_error error;
	json_error_t why;
	json_t *root;
	size_t values;

	memset(out, 0, sizeof(*out));
	error = scan(text, len, &values);
	if (error != JSON_ERROR_NONE)
		return error;
	out->memory = json_memory_enter(len, values);
	if (out->memory == NULL)
		return JSON_ERROR_MEMORY;
	/* DECODE_ANY: what is JSON and no object has an error of its own. */
	root = json_loadb((const char *)text, len, JSON_REJECT_DUPLICATES |
	    JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
	json_memory_leave();
	/* The root is not given back: it goes with the memory. */
	return root != NULL ? read_request(root, out) : parse_error(&why);
}

void
json_read_open(void)
{
	json_memory_open();
}

void
json_request_clear(struct json_request *r)
{
	free(r->memory);
	memset(r, 0, sizeof(*r));
}
