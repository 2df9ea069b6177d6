/*
 * story - what the server tells a session, in order and once.
 *
 * Runs in wschat, over session_parts.h: one function for each event of
 * wschat.v1 that means something to the session itself.
 */
#include "config.h"

#include "client/session_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/call.h"
#include "client/connection.h"
#include "ws/slice.h"

typedef void handler(struct session *, json_t *event, size_t size);

static handler on_welcome, on_message, on_rename, on_ack, on_error,
    on_history, on_whatever;

/* What is not here is told as it comes; `held`: in its place behind a gap. */
static const struct row {
	const char *type;
	handler *handle;
	bool is_held;
} rows[] = {
	{ "welcome", on_welcome, false },
	{ "message", on_message, true },
	{ "rename", on_rename, true },
	{ "join", on_whatever, true },
	{ "leave", on_whatever, true },
	{ "presence", on_whatever, true },
	{ "ack", on_ack, false },
	{ "error", on_error, false },
	{ "history", on_history, false },
};

#define ROWS	(sizeof(rows) / sizeof(rows[0]))

static void tell(void *, json_t *);

static void
copy(char *out, size_t size, const json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));

	snprintf(out, size, "%s", text != NULL ? text : "");
}

static uint64_t
number_of(const json_t *event, const char *key)
{
	json_int_t number = json_integer_value(json_object_get(event, key));

	return number > 0 ? (uint64_t)number : 0;
}

static bool
is_text(const json_t *event, const char *key, const char *text)
{
	const char *value = json_string_value(json_object_get(event, key));

	return value != NULL && strcmp(value, text) == 0;
}

static void
take_token(struct session *s, const json_t *event)
{
	struct slice token = { NULL, 0 };
	const char *text;

	text = json_string_value(json_object_get(event, "resume"));
	if (text != NULL)
		token = (struct slice){ text, strlen(text) };
	s->token[0] = '\0';
	if (token.len <= SESSION_TOKEN && slice_is_token(token))
		snprintf(s->token, sizeof(s->token), "%s", text);
}

/* The room we are in is where we come back to. */
static void
take_room(struct session *s, const json_t *event)
{
	char old[URL_ROOM];

	memcpy(old, s->room, sizeof(old));
	copy(s->room, sizeof(s->room), event, "room");
	if (strcmp(old, s->room) != 0 &&
	    (s->room[0] == '\0' || url_room_is_good(s->room)))
		(void)url_set_room(&s->settings.url, old, s->room);
}

/* The first welcome: the path tells whether its end is a room. */
static void
take_first_room(struct session *s, const json_t *event)
{
	const char *slash = strrchr(s->settings.url.path, '/');

	copy(s->room, sizeof(s->room), event, "room");
	if (slash == NULL || strcmp(slash + 1, s->room) != 0)
		take_room(s, event);
}

static void
ask_gap(struct session *s)
{
	char *text = call_write(gap_ask(&s->gap));

	if (text != NULL)
		connection_say(s->connection, text, strlen(text));
	free(text);
}

/* Where the story goes on: returns whether something is missing. */
static bool
find_gap(struct session *s, const json_t *event, bool is_same_room)
{
	uint64_t seq = number_of(event, "seq");
	bool is_same_epoch = is_text(event, "epoch", s->epoch);
	bool is_first = !s->was_welcome;
	uint64_t after = seq;

	if (is_first) {
		if (s->settings.has_since)
			after = s->settings.since;
	} else if (is_same_epoch && is_same_room) {
		after = s->last_seq;
	} else {
		s->has_lost = true;
		s->hooks->on_note(s->arg, "what was said meanwhile is lost");
	}
	s->last_seq = after < seq ? after : seq;
	return gap_open(&s->gap, s->last_seq, seq,
	    is_first && s->settings.since == 0);
}

/* A member anew: the name is asked for again, and what was missed. */
static void
begin_anew(struct session *s, const json_t *event, bool is_same_room)
{
	const char *wanted = s->settings.name;
	json_t *ask = NULL;

	if (s->was_welcome)
		memcpy(s->former, s->name, sizeof(s->former));
	if (s->was_welcome && s->has_chosen_name)
		wanted = s->former;
	copy(s->name, sizeof(s->name), event, "name");
	if (s->was_welcome)
		s->hooks->on_note(s->arg, "the server has forgotten this "
		    "session: you are new here");
	if (wanted != NULL && strcmp(wanted, s->name) != 0)
		ask = call_nick(wanted);
	s->state = READY;
	if (ask != NULL && session_request(s, ask))
		s->state = NAMING;
	if (find_gap(s, event, is_same_room))
		ask_gap(s);
}

static void
on_moved(struct session *s, json_t *event)
{
	take_room(s, event);
	copy(s->name, sizeof(s->name), event, "name");
	s->last_seq = number_of(event, "seq");
	s->hooks->on_event(s->arg, event);
}

static void
on_welcome(struct session *s, json_t *event, size_t size)
{
	bool is_resumed = json_is_true(json_object_get(event, "resumed"));
	bool is_first = !s->was_welcome;
	bool is_same_room = is_first || is_text(event, "room", s->room);

	(void)size;
	if (json_is_true(json_object_get(event, "moved"))) {
		on_moved(s, event);
		return;
	}
	if (s->state != GREETING)
		return;
	if (is_first)
		take_first_room(s, event);
	else
		take_room(s, event);
	take_token(s, event);
	s->opened_ms = clock_ms();
	if (is_resumed && !is_first) {
		copy(s->name, sizeof(s->name), event, "name");
		if (!is_same_room)
			s->last_seq = 0;
		s->state = READY;
	} else {
		begin_anew(s, event, is_same_room);
	}
	copy(s->epoch, sizeof(s->epoch), event, "epoch");
	s->was_welcome = true;
	s->hooks->on_event(s->arg, event);
	session_proceed(s);
}

static void
on_message(struct session *s, json_t *event, size_t size)
{
	uint64_t seq = number_of(event, "seq");

	(void)size;
	if (seq != 0 && seq <= s->last_seq)
		return;		/* told already */
	if (seq != 0)
		s->last_seq = seq;
	s->hooks->on_event(s->arg, event);
	if (is_text(event, "from", s->name) ||
	    is_text(event, "from", s->former))
		session_acknowledge(s, event);
}

static void
on_rename(struct session *s, json_t *event, size_t size)
{
	(void)size;
	if (is_text(event, "from", s->name)) {
		copy(s->name, sizeof(s->name), event, "to");
		s->has_chosen_name = true;
		s->hooks->on_event(s->arg, event);
		if (s->state == NAMING) {
			s->state = READY;
			session_proceed(s);
		}
		return;
	}
	s->hooks->on_event(s->arg, event);
}

static void
on_ack(struct session *s, json_t *event, size_t size)
{
	(void)size;
	if (s->settings.wants_all)
		s->hooks->on_event(s->arg, event);
	session_acknowledge(s, event);
}

/* Nothing is said before all is told: it might have been said already. */
static void
tell_gap(struct session *s)
{
	s->is_telling = true;
	gap_tell(&s->gap, tell, s);
	s->is_telling = false;
	session_proceed(s);
}

static void
on_error(struct session *s, json_t *event, size_t size)
{
	bool had_id = json_object_get(event, "id") != NULL;
	char why[256];

	(void)size;
	s->hooks->on_event(s->arg, event);
	if (s->state == CLOSING || s->state == ENDED)
		return;
	if (had_id) {
		session_acknowledge(s, event);
		return;
	}
	if (s->state == NAMING && s->settings.must_have_name &&
	    s->former[0] == '\0') {
		copy(why, sizeof(why), event, "text");
		session_give_up(s, SESSION_REFUSED, why);
	} else if (s->state == NAMING) {
		s->state = READY;
		session_proceed(s);
	} else if (s->gap.is_open) {
		/* No history is to be had. */
		tell_gap(s);
	}
}

static void
on_history(struct session *s, json_t *event, size_t size)
{
	if (!s->gap.is_open) {
		if (s->settings.wants_all)
			s->hooks->on_event(s->arg, event);
		return;
	}
	if (gap_take(&s->gap, event, size)) {
		ask_gap(s);
		return;
	}
	tell_gap(s);
}

static void
on_whatever(struct session *s, json_t *event, size_t size)
{
	(void)size;
	if (is_text(event, "type", "lost"))
		s->has_lost = true;
	s->hooks->on_event(s->arg, event);
}

static const struct row *
find_row(const json_t *event)
{
	static const struct row other = { "", on_whatever, false };
	size_t i;

	for (i = 0; i < ROWS; i++)
		if (is_text(event, "type", rows[i].type))
			return &rows[i];
	return &other;
}

/* What a gap tells, each in its turn. */
static void
tell(void *arg, json_t *event)
{
	struct session *s = arg;

	if (s->state != ENDED)
		find_row(event)->handle(s, event, 0);
}

static void
take_event(struct session *s, json_t *event, size_t size)
{
	const struct row *row = find_row(event);
	bool is_own_name = row->handle == on_rename &&
	    is_text(event, "from", s->name);

	/* The name that NAMING waits for is ours alone. */
	if (s->gap.is_open && row->is_held && !is_own_name)
		gap_hold(&s->gap, event, size);
	else
		row->handle(s, event, size);
}

void
story_take(struct session *s, const char *text, size_t len)
{
	json_t *event = json_loadb(text, len, JSON_ALLOW_NUL, NULL);

	if (json_is_object(event))
		take_event(s, event, len);
	else
		session_give_up(s, SESSION_LOST, "the server sent what is "
		    "no event of " SESSION_PROTOCOL);
	json_decref(event);
}
