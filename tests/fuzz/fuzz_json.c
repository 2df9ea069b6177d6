/*
 * fuzz_json - src/worker/json_read.c and json_write.c.
 *
 * Input: a text.  It is read as a request, and Jansson alone has to find the
 * same.  Then the text itself is written as the strings of events, which have
 * to be JSON on one line and to read as the same strings; so do the strings
 * of the request.
 */
#include "config.h"

#include "worker/json_read.h"
#include "worker/json_write.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#define FLAGS	(JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL)

static bool
slice_is_string(struct slice s, const json_t *value)
{
	return json_is_string(value) && json_string_length(value) == s.len &&
	    (s.len == 0 || memcmp(json_string_value(value), s.at, s.len) == 0);
}

/* ---- what is written ---- */

/* The event in the buffer, which is emptied; NULL when it is no JSON.  Texts
 * that are not UTF-8 make none. */
static json_t *
event_take(struct buf *b, bool is_utf8)
{
	size_t len = buf_len(b);
	uint8_t *text = copy_exact(buf_head(b), len);
	json_t *root;

	for (size_t i = 0; i < len; i++) {
		must(text[i] >= 0x20);
		must(i + 2 >= len || text[i] != 0xe2 || text[i + 1] != 0x80 ||
		    (text[i + 2] & 0xfe) != 0xa8);
	}
	buf_reset(b);
	root = json_loadb((const char *)text, len, JSON_REJECT_DUPLICATES |
	    JSON_ALLOW_NUL, NULL);
	must((root != NULL) == is_utf8);
	free(text);
	return root;
}

static void
check_message(const json_t *event, const struct json_message *m)
{
	const json_t *id = json_object_get(event, "id");

	must(slice_is_string(m->from, json_object_get(event, "from")));
	must(slice_is_string(m->text, json_object_get(event, "text")));
	must(m->id.len > 0 ? slice_is_string(m->id, id) : id == NULL);
	must(json_is_true(json_object_get(event, "action")) == m->is_action);
	must((uint64_t)json_integer_value(json_object_get(event, "seq")) ==
	    m->seq);
	must((uint64_t)json_integer_value(json_object_get(event, "time")) ==
	    m->time_ms);
}

static void
write_message(const struct json_message *m, bool is_utf8)
{
	json_t *event, *list;
	struct buf b;

	buf_init(&b);
	must(json_write_message(&b, m));
	event = event_take(&b, is_utf8);
	if (event != NULL)
		check_message(event, m);
	json_decref(event);

	must(json_write_history_begin(&b) && json_write_history_add(&b, m) &&
	    json_write_history_add(&b, m) && json_write_history_end(&b, true));
	event = event_take(&b, is_utf8);
	list = json_object_get(event, "messages");
	must(json_array_size(list) == (is_utf8 ? 2 : 0));
	for (size_t i = 0; i < json_array_size(list); i++)
		check_message(json_array_get(list, i), m);
	json_decref(event);
	buf_clear(&b);
}

static void
write_names(const struct slice *names, size_t count, bool is_utf8)
{
	json_t *event, *to;
	struct buf b;

	buf_init(&b);
	must(json_write_whispered(&b, names, count, names, 1, names[0]));
	event = event_take(&b, is_utf8);
	to = json_object_get(event, "to");
	must(json_array_size(to) == (is_utf8 ? count : 0));
	for (size_t i = 0; i < json_array_size(to); i++)
		must(slice_is_string(names[i], json_array_get(to, i)));
	json_decref(event);

	must(json_write_who_begin(&b));
	for (size_t i = 0; i < count; i++)
		must(json_write_who_add(&b, names[i], i % 2 != 0));
	must(json_write_who_end(&b, 0));
	json_decref(event_take(&b, is_utf8));
	must(json_write_rename(&b, names[0], names[count - 1], 0));
	json_decref(event_take(&b, is_utf8));
	buf_clear(&b);
}

/* The text as it is, cut in two; its first bytes are the numbers. */
static void
write_text(struct input in)
{
	uint64_t seq = input_number(&in, 8) >> 1;
	size_t first = input_byte(&in);
	size_t cut = first % (in.len + 1);
	const char *text = copy_exact(in.at, in.len);
	struct slice names[2] = {
		{ text, cut }, { text + cut, in.len - cut }
	};
	struct json_message m = {
		.seq = seq, .time_ms = seq / 3, .is_action = seq % 2 != 0,
		.from = names[0], .text = names[1], .id = names[seq % 2]
	};
	bool is_utf8 =
	    utf8_slow((const uint8_t *)names[0].at, names[0].len) ==
	    UTF8_WHOLE &&
	    utf8_slow((const uint8_t *)names[1].at, names[1].len) ==
	    UTF8_WHOLE;

	write_message(&m, is_utf8);
	write_names(names, 2, is_utf8);
	free((void *)text);
}

/* ---- what is read ---- */

static void
check_names(const struct json_request *r, const json_t *to)
{
	must(r->name_count >= 1 && r->name_count <= JSON_NAMES_MAX);
	must(!json_is_array(to) || json_array_size(to) == r->name_count);
	for (size_t i = 0; i < r->name_count; i++) {
		must(r->names[i].len >= 1 && r->names[i].len <= JSON_NAME_MAX);
		must(memchr(r->names[i].at, ',', r->names[i].len) == NULL);
		must(memchr(r->names[i].at, '\0', r->names[i].len) == NULL);
		must(slice_is_string(r->names[i], json_is_array(to) ?
		    json_array_get(to, i) : to));
	}
	write_names(r->names, r->name_count, true);
}

static void
check_request(const struct json_request *r, const json_t *root)
{
	struct json_message m = { .from = r->name, .text = r->text,
	    .id = r->id, .is_action = r->is_action };

	must(r->id.len <= JSON_ID_MAX);
	must(r->id.len > 0 ?
	    slice_is_string(r->id, json_object_get(root, "id")) :
	    json_object_get(root, "id") == NULL);
	must(r->text.len == 0 ||
	    slice_is_string(r->text, json_object_get(root, "text")));
	must(r->room.len <= 64);
	must((r->kind == JSON_REQUEST_HISTORY) == (r->count > 0));
	must(r->count <= JSON_HISTORY_MAX);
	if (r->kind == JSON_REQUEST_WHISPER)
		check_names(r, json_object_get(root, "to"));
	else
		must(r->name_count == 0);
	write_message(&m, true);
}

static void
read_text(const struct input *in)
{
	uint8_t *text = copy_exact(in->at, in->len);
	enum json_error error;
	struct json_request r;
	json_t *root;

	error = json_read(text, in->len, &r);
	root = json_loadb((const char *)text, in->len, FLAGS, NULL);
	free(text);		/* the request does not need it */
	must(error != JSON_ERROR_MEMORY);
	/* Jansson minds neither fractions nor depth nor the values' number. */
	if (error == JSON_ERROR_NOT_JSON || error == JSON_ERROR_TWICE)
		must(root == NULL);
	if (error == JSON_ERROR_NONE || error >= JSON_ERROR_NO_OBJECT)
		must(root != NULL);
	if (root != NULL && error != JSON_ERROR_NONE &&
	    !json_error_is_bad_json(error))
		must(json_is_object(root) == (error != JSON_ERROR_NO_OBJECT));
	if (error == JSON_ERROR_NONE)
		check_request(&r, root);
	json_request_clear(&r);
	json_decref(root);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static bool is_open;
	struct input in = { data, len };

	if (!is_open)
		json_read_open();
	is_open = true;
	read_text(&in);
	write_text(in);
	return 0;
}
