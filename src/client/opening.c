/*
 * opening - see opening.h.
 *
 * What ends it is the last thing that any function here does, so that a hook
 * may free it.
 */
#include "config.h"

#include "client/opening.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "client/dial.h"
#include "client/stream.h"
#include "ws/url.h"
#include "ws/upgrade.h"

#define TIME_S		20	/* from the start to the 101 */
#define READ_SIZE	4096
#define PROTOCOLS_MAX	256
#define COOKIE_MAX	160
#define REASON_MAX	160	/* of a refusal; what is longer is a page */

struct opening {
	struct event_base *base;
	struct connection_request request;
	const struct opening_hooks *hooks;
	void *arg;
	struct dial *dial;
	struct stream *stream;
	bool is_asked;		/* TLS is done, the request is written */
	struct event *readable, *writable, *timer;
	struct buf in, out;
	char key[UPGRADE_KEY_SIZE];
	char target[URL_TARGET + 64];
	char protocols[PROTOCOLS_MAX];
	char cookie[COOKIE_MAX];
};

static void
fail(struct opening *o, enum connection_outcome outcome, const char *why)
{
	struct connection_end end = { .outcome = outcome };

	snprintf(end.why, sizeof(end.why), "%s", why);
	o->hooks->on_failure(o->arg, &end);
}

/* ---- the request ---- */

static void
flush_output(struct opening *o)
{
	enum stream_result result = STREAM_OK;
	size_t len;

	while (result == STREAM_OK && buf_len(&o->out) > 0) {
		result = stream_write(o->stream, buf_head(&o->out),
		    buf_len(&o->out), &len);
		buf_consume(&o->out, len);
	}
	if (result == STREAM_WANT_WRITE)
		event_add(o->writable, NULL);
	else if (result != STREAM_OK && result != STREAM_WANT_READ)
		fail(o, CONNECTION_UNREACHABLE, stream_error(o->stream));
}

static void
ask(struct opening *o)
{
	struct upgrade_request request = {
		.target = o->target, .authority = o->request.url->authority,
		.protocols = o->protocols, .cookie = o->cookie
	};
	size_t size = sizeof(o->target) + sizeof(o->protocols) +
	    sizeof(o->cookie) + URL_HOST + 512;
	uint8_t nonce[UPGRADE_NONCE];
	uint8_t *at = buf_reserve(&o->out, size);

	if (at == NULL || RAND_bytes(nonce, sizeof(nonce)) != 1) {
		fail(o, CONNECTION_UNREACHABLE, "out of memory");
		return;
	}
	upgrade_key_write(nonce, o->key);
	buf_commit(&o->out, upgrade_request_write((char *)at, size, &request,
	    o->key));
	o->is_asked = true;
	flush_output(o);
}

static void
shake(struct opening *o)
{
	switch (stream_shake(o->stream)) {
	case STREAM_OK:
		ask(o);
		break;
	case STREAM_WANT_READ:
		break;
	case STREAM_WANT_WRITE:
		event_add(o->writable, NULL);
		break;
	case STREAM_UNTRUSTED:
		fail(o, CONNECTION_UNTRUSTED, stream_error(o->stream));
		break;
	case STREAM_END:
		fail(o, CONNECTION_UNREACHABLE,
		    "the server ended the TLS handshake");
		break;
	case STREAM_FAILED:
		fail(o, CONNECTION_UNREACHABLE, stream_error(o->stream));
		break;
	}
}

/* ---- the answer ---- */

static void
succeed(struct opening *o, const struct upgrade_answer *answer)
{
	struct stream *stream = o->stream;
	struct slice rest = {
		(const char *)buf_head(&o->in) + answer->length,
		buf_len(&o->in) - answer->length
	};

	o->stream = NULL;
	event_del(o->readable);
	event_del(o->timer);
	o->hooks->on_open(o->arg, stream, answer->protocol, answer->session,
	    rest);
}

/* The status, and where else or the first line of the text. */
static void
tell_refusal(struct opening *o, const struct upgrade_answer *answer)
{
	struct connection_end end = {
		.outcome = CONNECTION_REFUSED, .status = answer->status,
		.asked_ms = (uint64_t)answer->retry_after_s * 1000
	};
	const char *body = (const char *)buf_head(&o->in) + answer->length;
	size_t len = buf_len(&o->in) - answer->length;
	const char *line_end = len > 0 ? memchr(body, '\n', len) : NULL;
	struct slice more = answer->location;

	if (more.len == 0 && line_end != NULL)
		more = slice_trim((struct slice){ body,
		    (size_t)(line_end - body) });
	if (more.len > REASON_MAX)
		more.len = 0;
	snprintf(end.why, sizeof(end.why), "HTTP status %u%s%.*s",
	    answer->status, more.len > 0 ? ": " : "", (int)more.len,
	    more.len > 0 ? more.at : "");
	o->hooks->on_failure(o->arg, &end);
}

static void
judge_answer(struct opening *o)
{
	struct upgrade_answer answer;

	switch (upgrade_answer_parse((const char *)buf_head(&o->in),
	    buf_len(&o->in), o->key, o->protocols, &answer)) {
	case UPGRADE_MORE:
		break;
	case UPGRADE_DONE:
		succeed(o, &answer);
		break;
	case UPGRADE_REFUSED:
		tell_refusal(o, &answer);
		break;
	case UPGRADE_BAD:
		fail(o, CONNECTION_NOT_WEBSOCKET, answer.why);
		break;
	}
}

static void
read_answer(struct opening *o)
{
	enum stream_result result = STREAM_WANT_READ;
	uint8_t *at = buf_reserve(&o->in, READ_SIZE);
	size_t len = 0;

	if (at != NULL)
		result = stream_read(o->stream, at, READ_SIZE, &len);
	buf_commit(&o->in, len);
	if (len > 0)
		judge_answer(o);
	else if (at == NULL)
		fail(o, CONNECTION_UNREACHABLE, "out of memory");
	else if (result == STREAM_END)
		fail(o, CONNECTION_NOT_WEBSOCKET,
		    "the server ended the connection without an answer");
	else if (result == STREAM_FAILED)
		fail(o, CONNECTION_UNREACHABLE, stream_error(o->stream));
}

/* ---- events ---- */

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct opening *o = arg;

	(void)fd;
	(void)what;
	if (o->is_asked)
		read_answer(o);
	else
		shake(o);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct opening *o = arg;

	(void)fd;
	(void)what;
	if (o->is_asked)
		flush_output(o);
	else
		shake(o);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	fail(arg, CONNECTION_UNREACHABLE, "the server does not answer");
}

static void
on_dialled(void *arg, int fd, const char *why)
{
	struct opening *o = arg;

	if (fd < 0) {
		fail(o, CONNECTION_UNREACHABLE, why);
		return;
	}
	o->stream = stream_new(fd, o->request.trust, o->request.url);
	if (o->stream != NULL) {
		o->readable = event_new(o->base, fd, EV_READ | EV_PERSIST,
		    on_readable, o);
		o->writable = event_new(o->base, fd, EV_WRITE, on_writable,
		    o);
	}
	if (o->readable == NULL || o->writable == NULL ||
	    event_add(o->readable, NULL) != 0) {
		fail(o, CONNECTION_UNREACHABLE, "out of memory");
		return;
	}
	shake(o);
}

struct opening *
opening_new(struct event_base *base,
    const struct connection_request *request,
    const struct opening_hooks *hooks, void *arg)
{
	struct opening *o = calloc(1, sizeof(*o));
	struct timeval time = { TIME_S, 0 };

	if (o == NULL)
		return NULL;
	o->base = base;
	o->request = *request;
	o->hooks = hooks;
	o->arg = arg;
	buf_init(&o->in);
	buf_init(&o->out);
	snprintf(o->target, sizeof(o->target), "%s", request->target);
	snprintf(o->protocols, sizeof(o->protocols), "%s",
	    request->protocols);
	snprintf(o->cookie, sizeof(o->cookie), "%s", request->cookie);
	o->timer = event_new(base, -1, 0, on_timer, o);
	o->dial = dial_new(base, request->url, on_dialled, o);
	if (o->timer == NULL || o->dial == NULL ||
	    event_add(o->timer, &time) != 0) {
		opening_free(o);
		return NULL;
	}
	return o;
}

static void
free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

void
opening_free(struct opening *o)
{
	if (o == NULL)
		return;
	dial_free(o->dial);
	free_event(o->readable);
	free_event(o->writable);
	free_event(o->timer);
	stream_free(o->stream);
	buf_clear(&o->in);
	buf_clear(&o->out);
	explicit_bzero(o->protocols, sizeof(o->protocols));
	free(o);
}
