/*
 * intake - see intake.h.
 *
 * Bytes are decoded where the socket put them, in the worker's borrowed
 * buffer; only what cannot be used yet moves into the client's own.
 */
#include "config.h"

#include "worker/intake.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/logger.h"
#include "base/metrics.h"
#include "base/netaddr.h"
#include "base/rate.h"
#include "worker/answer.h"
#include "worker/budget.h"
#include "worker/compress.h"
#include "worker/counts.h"
#include "worker/deadline.h"
#include "worker/dialogue.h"
#include "worker/output.h"
#include "worker/proof.h"
#include "worker/render.h"
#include "worker/slowdown.h"
#include "worker/speech.h"
#include "worker/wire.h"
#include "ws/forwarded.h"

static size_t intake_decode(struct worker *, struct client *, uint8_t *,
    size_t);
static size_t intake_decode_head(struct worker *, struct client *, uint8_t *,
    size_t);
static size_t intake_decode_frames(struct worker *, struct client *,
    uint8_t *, size_t);

/* An idle connection holds no memory for input. */
static void
intake_trim(struct worker *w, struct client *c)
{
	struct client_input *in = c->input;

	if (in == NULL || c->state == CLIENT_HEAD || in->body_len > 0 ||
	    c->has_pong || buf_len(&in->held) > 0 ||
	    buf_len(&in->message) > 0 || client_is_waiting(c) ||
	    !frame_decoder_is_idle(&in->decoder) ||
	    (c->has_takeover && in->inflater != NULL))
		return;
	client_free_input(w, c);
}

/* Decodes what is here; what is not used waits in `held`. */
static void
intake_take(struct worker *w, struct client *c, uint8_t *data, size_t len)
{
	struct client_input *in;
	size_t used;

	if (c->input != NULL && buf_len(&c->input->held) > 0) {
		in = c->input;
		if (!buf_append(&in->held, data, len)) {
			client_drop(w, c, CLOSE_SERVER_FAULT);
			return;
		}
		used = intake_decode(w, c, buf_head(&in->held),
		    buf_len(&in->held));
		buf_consume(&in->held, used);
	} else {
		used = intake_decode(w, c, data, len);
		if (used < len && c->state != CLIENT_GONE &&
		    ((in = client_input(c)) == NULL ||
		    !buf_append(&in->held, data + used, len - used)))
			client_drop(w, c, CLOSE_SERVER_FAULT);
	}
	if (c->state == CLIENT_GONE)
		return;
	intake_trim(w, c);
	client_poll(w, c);
	if (c->input != NULL)
		client_schedule(w, c);
}

/* Ends a connection that HTTP has not begun on, in good order and without an
 * answer of ours. */
static void
intake_hang_up(struct worker *w, struct client *c, enum refusal refusal,
    const char *error)
{
	c->has_failed = refusal_is_failure(refusal);
	incident_refused(&w->incidents, c, refusal, NULL, error, w->now_ms);
	client_enter(w, c, CLIENT_ANSWERED);
	client_finish(w, c);
	client_poll(w, c);
	client_schedule(w, c);
}

/* The peer has ended its side, and all that it sent is decoded, or waits:
 * only TLS tells of the end together with what is before it. */
static void
intake_end_side(struct worker *w, struct client *c)
{
	c->is_ended = true;
	if (!client_is_waiting(c)) {
		/* Who has only ended his side still gets his answer. */
		if (!c->is_blocked && client_flush(w, c))
			(void)wire_end(w, c);
		if (c->state != CLIENT_ANSWERED || !c->is_blocked)
			client_drop(w, c, CLOSE_RESET);
	}
	client_poll(w, c);
}

/* What follows when the socket or TLS has ended. */
static void
intake_end(struct worker *w, struct client *c, const struct wire_input *in)
{
	switch (in->state) {
	case WIRE_OPEN:
		return;
	case WIRE_ENDED:
		intake_end_side(w, c);
		return;
	case WIRE_BROKEN:
		break;
	case WIRE_FAILED:
		if (c->state == CLIENT_HEAD) {
			intake_hang_up(w, c, REFUSAL_TLS_HANDSHAKE, in->error);
			return;
		}
		logger_write_connection(LOGGER_DEBUG, c->connection,
		    "TLS failed", "error=\"%s\"", in->error);
		break;
	case WIRE_HTTP:
		intake_refuse(w, c, REFUSAL_PLAIN_ON_TLS_PORT);
		return;
	case WIRE_ALIEN:
		intake_hang_up(w, c, REFUSAL_NOT_TLS, NULL);
		return;
	case WIRE_UNTOLD:
		intake_hang_up(w, c, REFUSAL_PROXY_HEADER, in->error);
		return;
	}
	client_drop(w, c, CLOSE_RESET);
}

/* Messages of TLS itself cost as much as control frames, and count so. */
static void
intake_count_controls(struct worker *w, struct client *c, unsigned controls)
{
	const struct settings_limits *l = client_limits(w, c);

	while (controls-- > 0)
		if (rate_take(&c->control_us, w->now_ms, l->control_rate,
		    l->control_burst + 1)) {
			client_close(w, c, CLOSE_TOO_MANY_CONTROLS);
			return;
		}
}

void
intake_read(struct worker *w, struct client *c)
{
	struct wire_input in = wire_receive(w, c);

	if (wire_is_waiting(c))
		client_block(w, c);
	if (in.len > 0 && c->tls == NULL && c->state == CLIENT_HEAD &&
	    c->input == NULL && in.bytes[0] == WIRE_TLS_BYTE) {
		intake_hang_up(w, c, REFUSAL_TLS_ON_PLAIN_PORT, NULL);
		return;
	}
	if (in.len > 0) {
		c->heard_ms = w->now_ms;
		w->has_more = in.is_full;
		intake_take(w, c, in.bytes, in.len);
		w->has_more = false;
	}
	intake_count_controls(w, c, in.controls);
	if (c->state != CLIENT_GONE)
		intake_end(w, c, &in);
}

/* Goes on with what it held back. */
void
intake_resume(struct worker *w, struct client *c)
{
	static uint8_t nothing[1];

	if (client_is_waiting(c))
		return;
	intake_take(w, c, nothing, 0);
	if (c->is_ended && c->state != CLIENT_GONE)
		intake_end_side(w, c);
}

/* Returns how much of `data` is done with. */
static size_t
intake_decode(struct worker *w, struct client *c, uint8_t *data, size_t len)
{
	size_t at = 0;

	if (c->state == CLIENT_HEAD) {
		if (client_input(c) == NULL) {
			client_drop(w, c, CLOSE_SERVER_FAULT);
			return len;
		}
		at = intake_decode_head(w, c, data, len);
	}
	if ((c->state == CLIENT_OPEN || c->state == CLIENT_CLOSING) &&
	    !c->is_replied)
		return at + intake_decode_frames(w, c, data + at, len - at);
	/* Behind a refusal or a close frame nothing counts. */
	return c->state == CLIENT_HEAD ? at : len;
}

/*
 * Input: the head.
 */

void
intake_refuse(struct worker *w, struct client *c, enum refusal refusal)
{
	const struct head *head = c->input != NULL ? &c->input->head : NULL;

	c->has_failed = refusal_is_failure(refusal);
	incident_refused(&w->incidents, c, refusal, head, NULL, w->now_ms);
	if (w->settings->accept_then_close && head != NULL &&
	    head->wants_upgrade && refusal_close_code(refusal) != 0) {
		if (client_output(c) != NULL &&
		    answer_accept(head, &c->output->bytes))
			client_close_refused(w, c, refusal);
		else
			client_drop(w, c, CLOSE_SERVER_FAULT);
		return;
	}
	client_enter(w, c, CLIENT_ANSWERED);
	if (refusal_status(refusal) == 0 || (client_output(c) != NULL &&
	    answer_refusal(&c->output->bytes, refusal,
	    head != NULL && head->method == HTTP_HEAD)))
		client_finish(w, c);
	else
		client_drop(w, c, CLOSE_SERVER_FAULT);
}

/* The switch is queued: from here on it is a WebSocket. */
static void
intake_open(struct worker *w, struct client *c, const struct answer *answer)
{
	uint8_t tail[IPC_JOIN_TAIL];
	enum ipc_type type;
	uint32_t flags = 0;
	size_t len = 0;

	c->seat = answer->seat;
	if (c->seat != NULL)
		c->seat->pinged_ms = w->now_ms;
	c->route = (uint8_t)(answer->route - w->settings->routes);
	c->form = (uint8_t)form_make(answer->is_json ? DIALECT_JSON :
	    DIALECT_TEXT, answer->deflate.is_on ?
	    answer->deflate.server_bits : 0);
	if (answer->deflate.is_on) {
		c->inflate_bits = answer->deflate.client_bits;
		c->has_takeover = answer->deflate.client_takeover;
	}
	/* It was made before this was known. */
	client_init_decoder(c, &c->input->decoder);
	client_enter(w, c, CLIENT_OPEN);
	metrics_add(METRIC_HANDSHAKES + REFUSAL_NONE, 1);
	type = client_is_chat(w, c) ? IPC_JOIN : IPC_ATTACH;
	if (type == IPC_JOIN)
		len = seat_write_join(c->seat, answer->room, answer->room_len,
		    tail, &flags);
	if (!client_request(w, c, type, flags, tail, len)) {
		client_drop(w, c, CLOSE_SERVER_FAULT);
		return;
	}
	c->is_registered = true;
	c->is_joining = type == IPC_JOIN;
	/* A broker that serves answers in a moment, and that goes to the
	 * client in the same call; deadline.c bounds the moment. */
	if (!c->is_joining || !w->is_welcome)
		client_mark_dirty(w, c);
	logger_write_connection(LOGGER_DEBUG, c->connection, "open",
	    "route=%s", answer->route->path);
	client_schedule(w, c);
}

/* Behind proxies that are trusted the client is another than the peer.
 * Returns whether it came to the first of them by TLS. */
static bool
intake_find_client(const struct worker *w, struct client *c,
    const struct head *head)
{
	static const enum forwarded_field fields[] = {
		[SETTINGS_X_FORWARDED_FOR] = FORWARDED_X_FORWARDED_FOR,
		[SETTINGS_FORWARDED] = FORWARDED_RFC7239,
	};
	uint8_t address[NETADDR_BYTES];
	bool is_secure;

	is_secure = forwarded_find_client(head,
	    fields[w->settings->forwarded_by],
	    w->settings->trusted, w->settings->trusted_proxy_count,
	    c->address, address);
	if (memcmp(address, c->address, sizeof(address)) != 0) {
		memcpy(c->address, address, sizeof(address));
		c->port = 0;
	}
	return is_secure;
}

static size_t
intake_decode_head(struct worker *w, struct client *c, uint8_t *data,
    size_t len)
{
	const struct head_limits limits = {
		.bytes = w->settings->limits.head_size,
		.fields = (unsigned)w->settings->limits.head_fields
	};
	struct head *head = &c->input->head;
	struct answer answer;
	bool is_secure;

	switch (head_parse(head, (const char *)data, len, &limits)) {
	case HEAD_MORE:
		return 0;
	case HEAD_REFUSED:
		intake_refuse(w, c, head->refusal);
		return len;
	case HEAD_DONE:
		break;
	}
	is_secure = intake_find_client(w, c, head) || c->tls != NULL ||
	    c->is_tls_ahead;
	if (c->is_refused) {
		intake_refuse(w, c, REFUSAL_TOO_MANY_CONNECTIONS);
		return len;
	}
	if (client_output(c) == NULL || !answer_head(w, c, head, is_secure,
	    &c->output->bytes, &answer)) {
		client_drop(w, c, CLOSE_SERVER_FAULT);
		return len;
	}
	if (answer.refusal != REFUSAL_NONE) {
		intake_refuse(w, c, answer.refusal);
		return len;
	}
	if (answer.route != NULL) {
		len = head->length;
		intake_open(w, c, &answer);
		/* There may be a token in it. */
		OPENSSL_cleanse(data, len);
		return len;
	}
	client_enter(w, c, CLIENT_ANSWERED);
	metrics_add(METRIC_ANSWERS, 1);
	c->input->body = answer.body;
	c->input->body_len = answer.body_len;
	client_finish(w, c);
	return len;
}

/*
 * Input: frames.
 */

static void
intake_say(struct worker *w, struct client *c, const uint8_t *text,
    size_t len)
{
	/* One message is one line; some clients end it as lines end. */
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len > 0 && text[len - 1] == '\r')
		len--;
	speech_line(w, c, text, len);
}

/* A text may have a format of the route's. */
static void
intake_answer_echo(struct worker *w, struct client *c,
    enum frame_opcode opcode, const uint8_t *data, size_t len)
{
	const struct settings_route *route = &w->settings->routes[c->route];
	struct buf line;

	if (opcode != FRAME_TEXT || strcmp(route->echo, "%t") == 0) {
		client_queue_message(w, c, opcode, data, len);
		return;
	}
	buf_init(&line);
	if (render_echo(&line, route, data, len))
		client_queue_message(w, c, opcode, buf_head(&line),
		    buf_len(&line));
	else
		client_drop(w, c, CLOSE_SERVER_FAULT);
	buf_clear(&line);
}

static void
intake_echo(struct worker *w, struct client *c, enum frame_opcode opcode,
    const uint8_t *data, size_t len)
{
	intake_answer_echo(w, c, opcode, data, len);
	client_throttle(w, c);
}

static void
on_message(struct worker *w, struct client *c,
    enum frame_opcode opcode, const uint8_t *data, size_t len)
{
	struct slowdown_pace pace = slowdown_pace(w, c);

	metrics_add(METRIC_RECEIVED, 1);
	if (!client_is_chat(w, c))
		intake_echo(w, c, opcode, data, len);
	else if (opcode == FRAME_TEXT && form_is_json(c->form))
		dialogue_request(w, c, data, len);
	else if (opcode == FRAME_TEXT)
		intake_say(w, c, data, len);
	if (!rate_take(&c->message_us, w->now_ms, pace.rate, pace.burst) ||
	    c->state != CLIENT_OPEN)
		return;
	counts_limit(METRICS_LIMIT_MESSAGE_RATE);
	if (client_input(c) == NULL)
		client_drop(w, c, CLOSE_SERVER_FAULT);
	else
		c->input->waits_rate = true;
}

/* Adds a piece to the message; CLOSE_NORMAL: go on. */
static enum close_reason
intake_collect(struct worker *w, struct client *c, struct client_input *in,
    const struct frame_piece *piece)
{
	enum close_reason why;

	if (!budget_allows(w, piece->len))
		return CLOSE_MEMORY;
	if (!piece->is_compressed)
		return buf_append(&in->message, piece->data, piece->len) ?
		    CLOSE_NORMAL : CLOSE_SERVER_FAULT;
	if (in->inflater == NULL)
		in->inflater = compress_lend(w->compress, c->inflate_bits);
	if (in->inflater == NULL)
		return CLOSE_SERVER_FAULT;
	why = inflater_feed(in->inflater, piece,
	    client_limits(w, c)->message_size, &in->message);
	if (piece->is_last && !c->has_takeover) {
		compress_return(w->compress, in->inflater);
		in->inflater = NULL;
	}
	return why;
}

static void
on_data(struct worker *w, struct client *c,
    const struct frame_piece *piece)
{
	struct client_input *in;
	enum close_reason why;

	if (c->state != CLIENT_OPEN)
		return;
	/* A read may end in the next message: that one has its own time. */
	if (piece->is_last && c->input != NULL)
		c->input->message_ms = 0;
	if (piece->is_first && piece->is_last && !piece->is_compressed) {
		on_message(w, c, piece->opcode, piece->data,
		    piece->len);
		return;
	}
	in = client_input(c);
	if (in == NULL) {
		client_drop(w, c, CLOSE_SERVER_FAULT);
		return;
	}
	why = intake_collect(w, c, in, piece);
	if (why != CLOSE_NORMAL) {
		client_close(w, c, why);
		return;
	}
	if (!piece->is_last)
		return;
	on_message(w, c, piece->opcode, buf_head(&in->message),
	    buf_len(&in->message));
	buf_clear(&in->message);
}

static void
on_ping(struct worker *w, struct client *c,
    const struct frame_piece *piece)
{
	uint8_t header[FRAME_HEADER_MAX];

	if (c->state != CLIENT_OPEN)
		return;
	/* Towards a full socket the newest pong is enough (5.5.3). */
	if (c->is_blocked) {
		if (client_input(c) == NULL) {
			client_drop(w, c, CLOSE_SERVER_FAULT);
			return;
		}
		memcpy(c->input->pong, piece->data, piece->len);
		c->input->pong_len = (uint8_t)piece->len;
		c->has_pong = true;
		return;
	}
	if (client_queue(w, c, header, frame_header_write(header, FRAME_PONG,
	    piece->len)))
		(void)client_queue(w, c, piece->data, piece->len);
}

static void
on_close_frame(struct worker *w, struct client *c,
    const struct frame_piece *piece)
{
	if (c->state == CLIENT_OPEN) {
		c->why = CLOSE_BY_PEER;
		c->peer_code = piece->close_code;
		client_queue_close(w, c, piece->close_code, NULL);
	}
	if (c->state != CLIENT_GONE)
		client_finish(w, c);
}

static void
on_control(struct worker *w, struct client *c,
    const struct frame_piece *piece)
{
	const struct settings_limits *l = client_limits(w, c);

	if (piece->opcode == FRAME_CLOSE) {
		on_close_frame(w, c, piece);
		return;
	}
	if (piece->opcode == FRAME_PONG) {
		c->is_pinged = false;
		proof_take(w, c, piece->data, piece->len);
		client_schedule(w, c);
	} else
		on_ping(w, c, piece);
	/* One more than the burst is one too many. */
	if (rate_take(&c->control_us, w->now_ms, l->control_rate,
	    l->control_burst + 1))
		client_close(w, c, CLOSE_TOO_MANY_CONTROLS);
}

/* The decoder of the frame under way, or a fresh one in `fresh`. */
static struct frame_decoder *
intake_decoder(struct client *c, struct frame_decoder *fresh)
{
	if (c->input != NULL)
		return &c->input->decoder;
	client_init_decoder(c, fresh);
	return fresh;
}

/* Whether the next frame may be decoded. */
static bool
intake_wants_frames(const struct client *c)
{
	return (c->state == CLIENT_OPEN || c->state == CLIENT_CLOSING) &&
	    !c->is_replied && !client_is_waiting(c);
}

static size_t
intake_decode_frames(struct worker *w, struct client *c, uint8_t *data,
    size_t len)
{
	const struct frame_limits *limits = &w->frame_limits[c->route];
	struct frame_decoder fresh, *d;
	struct frame_piece piece = { .kind = FRAME_NEED_MORE };
	size_t at = 0;

	slowdown_check(w, c);
	d = intake_decoder(c, &fresh);
	while (at < len && intake_wants_frames(c)) {
		at += frame_decode(d, limits, data + at, len - at, &piece);
		/* A handler that needs memory for input makes it here, so
		 * that there is one decoder. */
		if (d == &fresh && (piece.kind == FRAME_NEED_MORE ||
		    !frame_decoder_is_idle(d))) {
			if (client_input(c) == NULL) {
				client_drop(w, c, CLOSE_SERVER_FAULT);
				return len;
			}
			c->input->decoder = fresh;
			d = &c->input->decoder;
		}
		if (piece.kind == FRAME_DATA)
			on_data(w, c, &piece);
		else if (piece.kind == FRAME_CONTROL)
			on_control(w, c, &piece);
		else if (piece.kind == FRAME_ERROR) {
			if (c->state == CLIENT_OPEN)
				client_close(w, c, piece.why);
			else
				client_drop(w, c, piece.why);
		}
	}
	if (c->state == CLIENT_GONE || c->is_replied)
		return len;
	if (c->input != NULL) {
		if (frame_decoder_is_idle(&c->input->decoder))
			c->input->message_ms = 0;
		else if (c->input->message_ms == 0)
			c->input->message_ms = w->now_ms;
	}
	return at;
}
