/*
 * view - see view.h.
 */
#include "config.h"

#include "client/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/plain.h"

#define DIM	"\033[2m"
#define RED	"\033[31m"
#define PLAIN	"\033[0m"

/* A line under way. */
struct draft {
	const struct view *view;
	const json_t *event;
	struct buf *out;
	bool is_good;
};

typedef enum view_kind writer(struct draft *);

static writer write_message, write_join, write_leave, write_rename,
    write_presence, write_whisper, write_whispered, write_notice, write_lost,
    write_who, write_rooms, write_pong, write_error, write_welcome;

static const struct row {
	const char *type;
	writer *write;
} rows[] = {
	{ "message", write_message }, { "join", write_join },
	{ "leave", write_leave }, { "rename", write_rename },
	{ "presence", write_presence }, { "whisper", write_whisper },
	{ "whispered", write_whispered }, { "notice", write_notice },
	{ "lost", write_lost }, { "who", write_who },
	{ "rooms", write_rooms }, { "pong", write_pong },
	{ "error", write_error }, { "welcome", write_welcome },
};

#define ROWS	(sizeof(rows) / sizeof(rows[0]))

/* Readable on light and dark. */
static const char *const colours[] = {
	"\033[31m", "\033[32m", "\033[34m", "\033[35m", "\033[36m"
};

#define COLOURS	(sizeof(colours) / sizeof(colours[0]))

/* ---- parts of a line ---- */

static void
put(struct draft *d, const char *text)
{
	d->is_good &= buf_append(d->out, text, strlen(text));
}

static void
put_safe(struct draft *d, const char *text, size_t len)
{
	size_t safe = plain_length((const uint8_t *)text, len);
	uint8_t *to = buf_reserve(d->out, safe + 1);

	if (to == NULL)
		d->is_good = false;
	else
		buf_commit(d->out, plain_write(to, safe,
		    (const uint8_t *)text, len));
}

static void
put_value(struct draft *d, const json_t *value)
{
	if (json_is_string(value))
		put_safe(d, json_string_value(value),
		    json_string_length(value));
}

static void
put_member(struct draft *d, const char *key)
{
	put_value(d, json_object_get(d->event, key));
}

static void
put_number(struct draft *d, json_int_t number)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT, number);
	put(d, digits);
}

static json_int_t
number_of(const struct draft *d, const char *key)
{
	return json_integer_value(json_object_get(d->event, key));
}

static void
put_users(struct draft *d, json_int_t users)
{
	put_number(d, users);
	put(d, users == 1 ? " user" : " users");
}

static void
put_code(struct draft *d, const char *code)
{
	if (d->view->has_colour)
		put(d, code);
}

/* A member's name has the same colour as long as it lasts. */
static void
put_name(struct draft *d, const char *key)
{
	const char *name = json_string_value(json_object_get(d->event, key));
	uint32_t hash = 2166136261;	/* FNV-1a */

	for (const char *p = name; p != NULL && *p != '\0'; p++)
		hash = (hash ^ (uint8_t)*p) * 16777619;
	if (d->view->is_terminal)
		put_code(d, colours[hash % COLOURS]);
	put_member(d, key);
	if (d->view->is_terminal)
		put_code(d, PLAIN);
}

static void
put_clock(struct draft *d)
{
	json_t *member = json_object_get(d->event, "time");
	time_t seconds = (time_t)(clock_wall_us() / 1000000);
	char text[16];
	struct tm tm;

	if (!d->view->is_terminal)
		return;
	if (json_is_integer(member))
		seconds = (time_t)(json_integer_value(member) / 1000);
	if (localtime_r(&seconds, &tm) == NULL ||
	    strftime(text, sizeof(text), "%H:%M ", &tm) == 0)
		return;
	put_code(d, DIM);
	put(d, text);
	put_code(d, PLAIN);
}

static void
open_note(struct draft *d)
{
	if (!d->view->is_terminal)
		return;
	put_code(d, DIM);
	put(d, "-- ");
}

static enum view_kind
close_note(struct draft *d, enum view_kind kind)
{
	if (d->view->is_terminal)
		put_code(d, PLAIN);
	return kind;
}

static void
put_room(struct draft *d, const json_t *room)
{
	if (json_string_length(room) == 0)
		put(d, "the default room");
	else
		put_value(d, room);
}

/* ---- the events ---- */

static enum view_kind
write_message(struct draft *d)
{
	bool is_action = json_is_true(json_object_get(d->event, "action"));

	put_clock(d);
	if (is_action)
		put(d, "* ");
	else if (!d->view->is_terminal)
		put(d, "[");
	put_name(d, "from");
	put(d, is_action ? " " : d->view->is_terminal ? ": " : "]: ");
	put_member(d, "text");
	return VIEW_MESSAGE;
}

static enum view_kind
write_whisper(struct draft *d)
{
	put_clock(d);
	if (!d->view->is_terminal)
		put(d, "[server::whisper] from ");
	put_name(d, "from");
	put(d, d->view->is_terminal ? " whispers: " : ": ");
	put_member(d, "text");
	return VIEW_MESSAGE;
}

static void
put_list(struct draft *d, const char *key)
{
	json_t *list = json_object_get(d->event, key), *one;
	size_t i;

	json_array_foreach(list, i, one) {
		put(d, i > 0 ? ", " : "");
		put_value(d, one);
	}
}

static enum view_kind
write_whispered(struct draft *d)
{
	size_t lost = json_array_size(json_object_get(d->event, "lost"));
	size_t to = json_array_size(json_object_get(d->event, "to"));

	open_note(d);
	if (to > 0) {
		put(d, "whispered to ");
		put_list(d, "to");
		put(d, ": ");
		put_member(d, "text");
	}
	if (lost > 0) {
		put(d, to > 0 ? " (not found: " : "not found: ");
		put_list(d, "lost");
		put(d, to > 0 ? ")" : "");
	}
	return close_note(d, lost > 0 ? VIEW_FAULT : VIEW_NOTICE);
}

static enum view_kind
write_coming(struct draft *d, const char *what)
{
	open_note(d);
	put_member(d, "name");
	put(d, what);
	put_users(d, number_of(d, "users"));
	return close_note(d, VIEW_PRESENCE);
}

static enum view_kind
write_join(struct draft *d)
{
	return write_coming(d, " joined, ");
}

static enum view_kind
write_leave(struct draft *d)
{
	return write_coming(d, " left, ");
}

static enum view_kind
write_rename(struct draft *d)
{
	open_note(d);
	put_member(d, "from");
	put(d, " is now ");
	put_member(d, "to");
	return close_note(d, VIEW_PRESENCE);
}

static enum view_kind
write_presence(struct draft *d)
{
	open_note(d);
	put_users(d, number_of(d, "users"));
	return close_note(d, VIEW_PRESENCE);
}

static enum view_kind
write_notice(struct draft *d)
{
	open_note(d);
	put_member(d, "text");
	return close_note(d, VIEW_NOTICE);
}

static enum view_kind
write_lost(struct draft *d)
{
	json_int_t from = number_of(d, "from"), to = number_of(d, "to");

	open_note(d);
	put(d, "lost: ");
	put_number(d, (json_int_t)((uint64_t)to - (uint64_t)from + 1));
	put(d, to == from ? " message" : " messages");
	return close_note(d, VIEW_FAULT);
}

static void
put_more(struct draft *d)
{
	if (number_of(d, "more") <= 0)
		return;
	put(d, ", and ");
	put_number(d, number_of(d, "more"));
	put(d, " more");
}

static enum view_kind
write_who(struct draft *d)
{
	json_t *list = json_object_get(d->event, "users"), *one;
	size_t i;

	open_note(d);
	put(d, "here: ");
	json_array_foreach(list, i, one) {
		put(d, i > 0 ? ", " : "");
		put_value(d, json_object_get(one, "name"));
		if (json_is_true(json_object_get(one, "away")))
			put(d, " (away)");
	}
	put_more(d);
	return close_note(d, VIEW_NOTICE);
}

static enum view_kind
write_rooms(struct draft *d)
{
	json_t *list = json_object_get(d->event, "rooms"), *one;
	size_t i;

	open_note(d);
	put(d, "rooms: ");
	json_array_foreach(list, i, one) {
		put(d, i > 0 ? ", " : "");
		put_room(d, json_object_get(one, "name"));
		put(d, " (");
		put_number(d, json_integer_value(json_object_get(one,
		    "users")));
		put(d, ")");
	}
	put_more(d);
	return close_note(d, VIEW_NOTICE);
}

static enum view_kind
write_pong(struct draft *d)
{
	open_note(d);
	put(d, "the server is there");
	return close_note(d, VIEW_NOTICE);
}

static enum view_kind
write_error(struct draft *d)
{
	if (d->view->is_terminal) {
		put_code(d, RED);
		put(d, "!! ");
	}
	put_member(d, "text");
	return close_note(d, VIEW_FAULT);
}

static enum view_kind
write_welcome(struct draft *d)
{
	open_note(d);
	put(d, "you are ");
	put_member(d, "name");
	put(d, ", in ");
	put_room(d, json_object_get(d->event, "room"));
	put(d, " with ");
	put_users(d, number_of(d, "users"));
	return close_note(d, VIEW_NOTICE);
}

/* ---- whole lines ---- */

/* Ends the text with a NUL that is not counted. */
static bool
finish(struct draft *d)
{
	uint8_t *end = buf_reserve(d->out, 1);

	if (end == NULL || !d->is_good)
		return false;
	*end = '\0';
	return true;
}

enum view_kind
view_event(const struct view *view, const json_t *event, struct buf *out)
{
	const char *type = json_string_value(json_object_get(event, "type"));
	struct draft d = { view, event, out, true };
	enum view_kind kind;
	size_t i;

	for (i = 0; type != NULL && i < ROWS; i++) {
		if (strcmp(rows[i].type, type) != 0)
			continue;
		kind = rows[i].write(&d);
		return finish(&d) ? kind : VIEW_NOTHING;
	}
	return VIEW_NOTHING;
}

bool
view_text(const char *text, size_t len, struct buf *out)
{
	struct draft d = { NULL, NULL, out, true };

	put_safe(&d, text, len);
	return finish(&d);
}

bool
view_note(const struct view *view, const char *text, struct buf *out)
{
	struct draft d = { view, NULL, out, true };

	open_note(&d);
	put_safe(&d, text, strlen(text));
	close_note(&d, VIEW_NOTICE);
	return finish(&d);
}

bool
view_json(const json_t *event, struct buf *out)
{
	struct draft d = { NULL, event, out, true };
	char *text = json_dumps(event, JSON_COMPACT | JSON_ENSURE_ASCII), *at;
	size_t len;

	if (text == NULL)
		return false;
	/* The one control byte that JSON lets pass as it is. */
	for (at = text; *at != '\0'; at += len) {
		len = strcspn(at, "\177");
		d.is_good &= buf_append(out, at, len);
		if (at[len] != '\0') {
			put(&d, "\\u007f");
			len++;
		}
	}
	free(text);
	return finish(&d);
}
