/*
 * intake - see intake.h.
 *
 * Bytes are decoded where the socket put them, in the worker's borrowed
 * buffer; only what cannot be used yet moves into the client's own.
 */
#include "config.h"

#include "worker/intake.h"

#include <string.h>

#include "base/logger.h"
#include "base/metrics.h"
#include "base/rate.h"
#include "worker/admission.h"
#include "worker/budget.h"
#include "worker/compress.h"
#include "worker/counts.h"
#include "worker/deadline.h"
#include "worker/dialogue.h"
#include "worker/echo.h"
#include "worker/output.h"
#include "worker/proof.h"
#include "worker/slowdown.h"
#include "worker/speech.h"
#include "worker/wire.h"

static size_t intake_decode(struct worker *, struct client *, uint8_t *,
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
			admission_hang_up(w, c, REFUSAL_TLS_HANDSHAKE,
			    in->error);
			return;
		}
		logger_write_connection(LOGGER_DEBUG, c->connection,
		    "TLS failed", "error=\"%s\"", in->error);
		break;
	case WIRE_HTTP:
		admission_refuse(w, c, REFUSAL_PLAIN_ON_TLS_PORT);
		return;
	case WIRE_ALIEN:
		admission_hang_up(w, c, REFUSAL_NOT_TLS, NULL);
		return;
	case WIRE_UNTOLD:
		admission_hang_up(w, c, REFUSAL_PROXY_HEADER, in->error);
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
		admission_hang_up(w, c, REFUSAL_TLS_ON_PLAIN_PORT, NULL);
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
		at = admission_read(w, c, data, len);
	}
	if ((c->state == CLIENT_OPEN || c->state == CLIENT_CLOSING) &&
	    !c->is_replied)
		return at + intake_decode_frames(w, c, data + at, len - at);
	/* Behind a refusal or a close frame nothing counts. */
	return c->state == CLIENT_HEAD ? at : len;
}

/*
 * Frames.
 */

static void
on_message(struct worker *w, struct client *c,
    enum frame_opcode opcode, const uint8_t *data, size_t len)
{
	struct slowdown_pace pace = slowdown_pace(w, c);

	metrics_add(METRIC_RECEIVED, 1);
	if (!client_is_chat(w, c))
		echo_message(w, c, opcode, data, len);
	else if (opcode == FRAME_TEXT && form_is_json(c->form))
		dialogue_request(w, c, data, len);
	else if (opcode == FRAME_TEXT)
		speech_line(w, c, data, len);
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
