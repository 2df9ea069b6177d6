/*
 * dialogue - see dialogue.h.
 */
#include "config.h"

#include "worker/dialogue.h"

#include "worker/history.h"
#include "worker/json_read.h"
#include "worker/json_write.h"
#include "worker/output.h"
#include "worker/seat.h"

#define BAD_JSON_MAX	10	/* in a row, and one more is too many */

static struct slice
slice_of(const struct buf *b)
{
	return (struct slice){ (const char *)buf_head(b), buf_len(b) };
}

static bool
append_slice(struct buf *b, struct slice s)
{
	return s.len == 0 || buf_append(b, s.at, s.len);
}

static void
say(struct worker *w, struct client *c, const struct json_request *r)
{
	const uint8_t id_len = (uint8_t)r->id.len;
	uint32_t flags = r->is_action ? IPC_ACTION : 0;
	struct buf tail;

	if (id_len == 0) {
		client_ask(w, c, IPC_SAY, flags, r->text);
		return;
	}
	buf_init(&tail);
	if (!buf_append(&tail, &id_len, 1) || !append_slice(&tail, r->id) ||
	    !append_slice(&tail, r->text))
		client_close(w, c, CLOSE_SERVER_FAULT);
	else
		client_ask(w, c, IPC_SAY, flags | IPC_ID, slice_of(&tail));
	buf_clear(&tail);
}

/* Names with a comma between, which is in none of them, a NUL, the text. */
static bool
write_whisper(struct buf *tail, const struct json_request *r)
{
	for (size_t i = 0; i < r->name_count; i++)
		if ((i > 0 && !buf_append(tail, ",", 1)) ||
		    !append_slice(tail, r->names[i]))
			return false;
	return buf_append(tail, "", 1) && append_slice(tail, r->text);
}

static void
whisper(struct worker *w, struct client *c, const struct json_request *r)
{
	struct buf tail;

	buf_init(&tail);
	if (write_whisper(&tail, r))
		client_ask(w, c, IPC_WHISPER, 0, slice_of(&tail));
	else
		client_close(w, c, CLOSE_SERVER_FAULT);
	buf_clear(&tail);
}

static void
tell_error(struct worker *w, struct client *c, enum json_error error,
    struct slice id)
{
	struct buf line;

	buf_init(&line);
	client_answer(w, c, json_write_error(&line, error, id), &line);
	buf_clear(&line);
}

static void
tell_pong(struct worker *w, struct client *c, struct slice id)
{
	struct buf line;

	buf_init(&line);
	client_answer(w, c, json_write_pong(&line, id), &line);
	buf_clear(&line);
}

static void
request_run(struct worker *w, struct client *c, const struct json_request *r)
{
	switch (r->kind) {
	case JSON_REQUEST_MESSAGE:
		say(w, c, r);
		break;
	case JSON_REQUEST_WHISPER:
		whisper(w, c, r);
		break;
	case JSON_REQUEST_NICK:
		client_ask(w, c, IPC_NICK, 0, r->name);
		break;
	case JSON_REQUEST_WHO:
		client_ask(w, c, IPC_WHO, 0, r->name);
		break;
	case JSON_REQUEST_JOIN:
		client_ask(w, c, IPC_MOVE, 0, r->room);
		break;
	case JSON_REQUEST_ROOMS:
		if (w->settings->routes[c->route].list_rooms)
			client_ask(w, c, IPC_ROOMS, 0, r->name);
		else
			tell_error(w, c, JSON_ERROR_ROOMS_HIDDEN, r->id);
		break;
	case JSON_REQUEST_HISTORY:
		history_ask(w, c, r->before, r->count);
		break;
	case JSON_REQUEST_PING:
		tell_pong(w, c, r->id);
		break;
	case JSON_REQUEST_KINDS:
		break;
	}
}

/* Who sends what is no JSON again and again is no client of ours. */
static bool
is_hopeless(struct client *c, enum json_error error)
{
	if (!json_error_is_bad_json(error))
		c->seat->bad_json = 0;
	else
		c->seat->bad_json++;
	return c->seat->bad_json > BAD_JSON_MAX;
}

void
dialogue_request(struct worker *w, struct client *c, const uint8_t *text,
    size_t len)
{
	struct json_request request;
	enum json_error error = json_read(text, len, &request);

	if (error == JSON_ERROR_MEMORY)
		client_close(w, c, CLOSE_SERVER_FAULT);
	else if (is_hopeless(c, error))
		client_close(w, c, CLOSE_POLICY);
	else if (error != JSON_ERROR_NONE)
		tell_error(w, c, error, request.id);
	else
		request_run(w, c, &request);
	json_request_clear(&request);
}
