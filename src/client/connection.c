/*
 * connection - see connection.h.
 *
 * An end is noted where it is met and told from the loop, so that no hook
 * finds its connection freed under its feet.
 */
#include "config.h"

#include "client/connection.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "base/buf.h"
#include "base/clock.h"
#include "client/backoff.h"
#include "client/opening.h"
#include "client/stream.h"
#include "ws/frame.h"

#define SILENCE_MS	30000	/* then we ask whether anybody is there */
#define ANSWER_MS	20000	/* and wait so long for any byte */
#define CLOSING_MS	5000
#define DRAINING_MS	2000
#define READ_SIZE	16384
#define READS_MAX	32	/* of one turn of the loop */

enum phase {
	OPENING,
	OPEN,
	CLOSING,	/* our close frame is out, the peer's is not here */
	DRAINING,	/* it is over, and the peer shall read why */
	ENDED
};

struct connection {
	struct event_base *base;
	const struct connection_hooks *hooks;
	void *arg;
	enum phase phase;
	bool is_paused;
	bool is_asking;		/* a ping of ours has no answer yet */
	uint64_t heard_ms;	/* when the last byte came */
	struct opening *opening;
	struct stream *stream;
	struct event *readable, *writable, *timer, *ender;
	struct frame_decoder decoder;
	struct buf in;		/* of a message that is not whole */
	struct buf out;
	struct connection_end end;
};

static void end_with(struct connection *, enum connection_outcome,
    const char *why);
static void send_frame(struct connection *, enum frame_opcode,
    const void *, size_t);
static void take_input(struct connection *, uint8_t *, size_t);
static void flush_output(struct connection *);
static void on_readable(evutil_socket_t, short, void *);

/* ---- time ---- */

static void
set_timer(struct connection *c, uint64_t ms)
{
	struct timeval time = { (time_t)(ms / 1000),
	    (suseconds_t)(ms % 1000 * 1000) };

	event_add(c->timer, &time);
}

static void
check_silence(struct connection *c)
{
	uint64_t silence = clock_ms() - c->heard_ms;

	if (c->is_paused || silence < SILENCE_MS) {
		set_timer(c, c->is_paused ? SILENCE_MS :
		    SILENCE_MS - silence);
	} else if (!c->is_asking) {
		c->is_asking = true;
		send_frame(c, FRAME_PING, "are you there?", 14);
		set_timer(c, ANSWER_MS);
	} else {
		end_with(c, CONNECTION_LOST, "the server does not answer");
	}
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;

	(void)fd;
	(void)what;
	switch (c->phase) {
	case OPEN:
		check_silence(c);
		break;
	case CLOSING:
	case DRAINING:
		end_with(c, c->end.outcome, NULL);
		break;
	case OPENING:
	case ENDED:
		break;
	}
}

/* ---- the end ---- */

static void
on_ender(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;

	(void)fd;
	(void)what;
	c->hooks->on_end(c->arg, &c->end);
}

/* `why` NULL: what was noted before holds. */
static void
end_with(struct connection *c, enum connection_outcome outcome,
    const char *why)
{
	if (c->phase == ENDED)
		return;
	c->phase = ENDED;
	if (why != NULL) {
		c->end.outcome = outcome;
		snprintf(c->end.why, sizeof(c->end.why), "%s", why);
	}
	opening_free(c->opening);
	c->opening = NULL;
	event_del(c->timer);
	if (c->readable != NULL)
		event_del(c->readable);
	if (c->writable != NULL)
		event_del(c->writable);
	if (c->stream != NULL)
		stream_shutdown(c->stream);
	event_active(c->ender, EV_TIMEOUT, 0);
}

/* Ends it once the peer had the time to read what was sent: a socket closed
 * with bytes unread takes back what the peer has not read. */
static void
drain(struct connection *c)
{
	flush_output(c);
	if (c->phase == ENDED)
		return;
	c->phase = DRAINING;
	if (buf_len(&c->out) == 0)
		stream_shutdown(c->stream);
	set_timer(c, DRAINING_MS);
}

/* The server broke a rule: it is told, and that was it. */
static void
refuse(struct connection *c, enum close_reason why)
{
	uint8_t frame[FRAME_CONTROL_MAX];
	size_t len = frame_close_write(frame, close_code(why),
	    close_text(why));

	send_frame(c, FRAME_CLOSE, frame + 2, len - 2);
	c->end.outcome = CONNECTION_BROKEN;
	snprintf(c->end.why, sizeof(c->end.why),
	    "the server broke the rules: %s", close_text(why));
	drain(c);
}

/* ---- output ---- */

static void
send_frame(struct connection *c, enum frame_opcode opcode, const void *data,
    size_t len)
{
	uint8_t key[4], *at;
	size_t head;

	if (c->phase != OPEN)
		return;
	at = buf_reserve(&c->out, FRAME_HEADER_MASKED_MAX + len);
	if (at == NULL || RAND_bytes(key, sizeof(key)) != 1) {
		end_with(c, CONNECTION_LOST, "out of memory");
		return;
	}
	head = frame_header_write_masked(at, opcode, len, key);
	if (len > 0)
		memcpy(at + head, data, len);
	frame_mask(at + head, len, key, 0);
	buf_commit(&c->out, head + len);
	if (c->writable != NULL)
		event_add(c->writable, NULL);
}

static void
flush_output(struct connection *c)
{
	enum stream_result result = STREAM_OK;
	size_t len;

	while (result == STREAM_OK && buf_len(&c->out) > 0) {
		result = stream_write(c->stream, buf_head(&c->out),
		    buf_len(&c->out), &len);
		buf_consume(&c->out, len);
	}
	if (result == STREAM_WANT_WRITE)
		event_add(c->writable, NULL);
	else if (result == STREAM_FAILED)
		end_with(c, c->phase == DRAINING || c->phase == CLOSING ?
		    c->end.outcome : CONNECTION_LOST,
		    c->phase == OPEN ? stream_error(c->stream) : NULL);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;

	(void)fd;
	(void)what;
	flush_output(c);
}

/* ---- the opening ---- */

static void
on_open(void *arg, struct stream *stream, struct slice protocol,
    struct slice session, struct slice rest)
{
	struct connection *c = arg;
	struct buf first;

	c->stream = stream;
	c->readable = event_new(c->base, stream_fd(stream),
	    EV_READ | EV_PERSIST, on_readable, c);
	c->writable = event_new(c->base, stream_fd(stream), EV_WRITE,
	    on_writable, c);
	buf_init(&first);
	if (c->readable == NULL || c->writable == NULL ||
	    event_add(c->readable, NULL) != 0 ||
	    !buf_append(&first, rest.at, rest.len)) {
		end_with(c, CONNECTION_LOST, "out of memory");
		return;
	}
	frame_decoder_init(&c->decoder, FRAME_CLIENT, false);
	c->phase = OPEN;
	c->heard_ms = clock_ms();
	set_timer(c, SILENCE_MS);
	c->hooks->on_open(c->arg, protocol, session);
	if (buf_len(&first) > 0)
		take_input(c, buf_head(&first), buf_len(&first));
	buf_clear(&first);
	opening_free(c->opening);
	c->opening = NULL;
	/* TLS may hold bytes that the socket has given already. */
	if (c->phase != ENDED)
		event_active(c->readable, EV_READ, 0);
}

static void
on_failure(void *arg, const struct connection_end *end)
{
	struct connection *c = arg;

	if (c->phase == ENDED)
		return;
	c->end = *end;
	end_with(c, CONNECTION_LOST, NULL);
}

static const struct opening_hooks opening_hooks = { on_open, on_failure };

/* ---- messages ---- */

static void
take_data(struct connection *c, const struct frame_piece *piece)
{
	struct buf whole;

	if (!buf_append(&c->in, piece->data, piece->len)) {
		end_with(c, CONNECTION_LOST, "out of memory");
		return;
	}
	if (!piece->is_last)
		return;
	whole = c->in;
	buf_init(&c->in);
	if (piece->opcode == FRAME_TEXT)
		c->hooks->on_text(c->arg, buf_len(&whole) > 0 ?
		    (const char *)buf_head(&whole) : "", buf_len(&whole));
	else
		c->hooks->on_binary(c->arg, buf_len(&whole));
	buf_clear(&whole);
}

static void
take_close(struct connection *c, const struct frame_piece *piece)
{
	uint8_t code[2] = { (uint8_t)(piece->close_code >> 8),
	    (uint8_t)piece->close_code };

	c->end.outcome = CONNECTION_CLOSED;
	c->end.code = piece->close_code;
	c->end.asked_ms = backoff_asked_ms((const char *)piece->data,
	    piece->len);
	snprintf(c->end.why, sizeof(c->end.why), "%.*s", (int)piece->len,
	    piece->len > 0 ? (const char *)piece->data : "");
	if (c->phase == OPEN)
		send_frame(c, FRAME_CLOSE, code,
		    piece->close_code == FRAME_CODE_NONE ? 0 : 2);
	drain(c);
}

static void
take_control(struct connection *c, const struct frame_piece *piece)
{
	switch (piece->opcode) {
	case FRAME_PING:
		send_frame(c, FRAME_PONG, piece->data, piece->len);
		break;
	case FRAME_PONG:
		/* Ours of connection_ping is empty. */
		if (piece->len == 0)
			c->hooks->on_pong(c->arg);
		break;
	default:
		take_close(c, piece);
		break;
	}
}

static void
take_input(struct connection *c, uint8_t *data, size_t len)
{
	static const struct frame_limits limits = {
		.message_max = CONNECTION_MESSAGE_MAX
	};
	struct frame_piece piece;
	size_t used;

	while (c->phase == OPEN || c->phase == CLOSING) {
		used = frame_decode(&c->decoder, &limits, data, len, &piece);
		data += used;
		len -= used;
		if (piece.kind == FRAME_NEED_MORE)
			return;
		if (piece.kind == FRAME_DATA)
			take_data(c, &piece);
		else if (piece.kind == FRAME_CONTROL)
			take_control(c, &piece);
		else
			refuse(c, piece.why);
	}
}

/* ---- input ---- */

static void
take_bytes(struct connection *c, uint8_t *data, size_t len)
{
	c->heard_ms = clock_ms();
	c->is_asking = false;
	take_input(c, data, len);	/* DRAINING takes none */
}

static void
take_end(struct connection *c, const char *why)
{
	if (c->phase == DRAINING)
		end_with(c, c->end.outcome, NULL);
	else
		end_with(c, CONNECTION_LOST, why);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;
	uint8_t data[READ_SIZE];
	enum stream_result result = STREAM_OK;
	unsigned reads;
	size_t len;

	(void)fd;
	(void)what;
	for (reads = 0; reads < READS_MAX && !c->is_paused &&
	    c->phase != ENDED; reads++) {
		result = stream_read(c->stream, data, sizeof(data), &len);
		if (result != STREAM_OK)
			break;
		take_bytes(c, data, len);
	}
	if (c->phase == ENDED)
		return;
	if (result == STREAM_END)
		take_end(c, "the server ended the connection");
	else if (result == STREAM_FAILED)
		take_end(c, stream_error(c->stream));
	else if (result == STREAM_OK && !c->is_paused)
		event_active(c->readable, EV_READ, 0);	/* TLS may hold some */
}

/* ---- its life ---- */

struct connection *
connection_new(struct event_base *base,
    const struct connection_request *request,
    const struct connection_hooks *hooks, void *arg)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->base = base;
	c->hooks = hooks;
	c->arg = arg;
	buf_init(&c->in);
	buf_init(&c->out);
	c->timer = event_new(base, -1, 0, on_timer, c);
	c->ender = event_new(base, -1, 0, on_ender, c);
	c->opening = opening_new(base, request, &opening_hooks, c);
	if (c->timer == NULL || c->ender == NULL || c->opening == NULL) {
		connection_free(c);
		return NULL;
	}
	return c;
}

static void
free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

void
connection_free(struct connection *c)
{
	if (c == NULL)
		return;
	opening_free(c->opening);
	free_event(c->readable);
	free_event(c->writable);
	free_event(c->timer);
	free_event(c->ender);
	stream_free(c->stream);
	buf_clear(&c->in);
	buf_clear(&c->out);
	free(c);
}

void
connection_say(struct connection *c, const char *text, size_t len)
{
	send_frame(c, FRAME_TEXT, text, len);
}

void
connection_ping(struct connection *c)
{
	send_frame(c, FRAME_PING, NULL, 0);
}

size_t
connection_backlog(const struct connection *c)
{
	return buf_len(&c->out);
}

void
connection_close(struct connection *c, uint16_t code)
{
	uint8_t payload[2] = { (uint8_t)(code >> 8), (uint8_t)code };

	if (c->phase == OPENING) {
		end_with(c, CONNECTION_LOST, "closed");
		return;
	}
	if (c->phase != OPEN)
		return;
	send_frame(c, FRAME_CLOSE, payload, sizeof(payload));
	c->phase = c->phase == OPEN ? CLOSING : c->phase;
	c->end.outcome = CONNECTION_LOST;
	snprintf(c->end.why, sizeof(c->end.why),
	    "the server does not close");
	set_timer(c, CLOSING_MS);
}

void
connection_pause(struct connection *c, bool is_paused)
{
	c->is_paused = is_paused;
	if (c->readable == NULL || c->phase == ENDED)
		return;
	if (is_paused)
		event_del(c->readable);
	else if (event_add(c->readable, NULL) == 0)
		event_active(c->readable, EV_READ, 0);
}
