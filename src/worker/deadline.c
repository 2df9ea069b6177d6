/*
 * deadline - see deadline.h.
 */
#include "config.h"

#include "worker/deadline.h"

#include <string.h>

#include "base/rate.h"
#include "worker/admission.h"
#include "worker/counts.h"
#include "worker/incident.h"
#include "worker/intake.h"
#include "worker/output.h"
#include "worker/proof.h"
#include "worker/seat.h"
#include "worker/slowdown.h"
#include "worker/wire.h"

#define RECHECK_MS	250	/* of a deadline that cannot count yet */
#define ANSWER_RATE	1000	/* bytes/s, of who reads a response */
#define SWITCH_MS	100	/* then it leaves without a greeting */

/* Since when nothing has come, or no proof has been asked for: who has
 * something to prove is asked while it talks, too. */
static uint64_t
deadline_quiet_ms(const struct client *c)
{
	return seat_has_token(c->seat) && c->seat->pinged_ms < c->heard_ms ?
	    c->seat->pinged_ms : c->heard_ms;
}

/* Since when who reads a response has taken nothing. */
static uint64_t
deadline_progress_ms(const struct client *c)
{
	return c->output != NULL && c->output->progress_ms > c->since_ms ?
	    c->output->progress_ms : c->since_ms;
}

/* Whether its switch waits for what the broker says to its JOIN. */
static bool
deadline_holds_switch(const struct client *c)
{
	return c->is_joining && !c->is_dirty && !c->is_blocked &&
	    client_owed(c) > 0;
}

/* When who waits for his own rate, or for his address's, may go on. */
static uint64_t
deadline_rate_ms(const struct worker *w, const struct client *c)
{
	struct slowdown_pace pace = slowdown_pace(w, c);
	uint64_t free_us = rate_free_us(c->message_us, pace.rate, pace.burst);
	uint64_t free_ms = (free_us + 999) / 1000;

	return free_ms > c->input->slow_ms ? free_ms : c->input->slow_ms;
}

uint64_t
client_due(const struct worker *w, const struct client *c)
{
	const struct settings_limits *l = client_limits(w, c);
	const struct client_input *in = c->input;
	uint64_t due = UINT64_MAX;

#define EARLIER(limit, since) do {					\
		if ((limit) != 0 && (since) + (limit) < due)		\
			due = (since) + (limit);			\
	} while (0)
	switch ((enum client_state)c->state) {
	case CLIENT_HEAD:
		EARLIER(l->handshake_time_ms, c->since_ms);
		break;
	case CLIENT_ANSWERED:
		EARLIER(l->backlog_time_ms, deadline_progress_ms(c));
		/* Nor by the byte: what it takes buys it time. */
		EARLIER(l->backlog_time_ms, c->since_ms +
		    c->sent * 1000 / ANSWER_RATE);
		if (w->is_stopping)
			EARLIER(l->close_time_ms, c->since_ms);
		break;
	case CLIENT_OPEN:
		if (c->is_pinged)
			EARLIER(l->ping_timeout_ms, c->since_ms);
		else
			EARLIER(l->ping_interval_ms, deadline_quiet_ms(c));
		if (c->is_blocked)
			EARLIER(l->backlog_time_ms, c->output->progress_ms);
		if (in != NULL && in->message_ms != 0 && !in->waits_rate &&
		    !in->waits_out)
			EARLIER(l->message_time_ms, in->message_ms);
		if (in != NULL && in->waits_rate)
			EARLIER(1, deadline_rate_ms(w, c));
		if (deadline_holds_switch(c))
			EARLIER(SWITCH_MS, c->since_ms);
		break;
	case CLIENT_CLOSING:
	case CLIENT_LINGER:
		EARLIER(l->close_time_ms, c->since_ms);
		break;
	case CLIENT_GONE:
		break;
	}
#undef EARLIER
	return due;
}

void
client_schedule(struct worker *w, struct client *c)
{
	uint64_t due = client_due(w, c);

	/* The wheel does not take what is past. */
	if (due <= w->now_ms)
		due = w->now_ms + 1;
	if (due != UINT64_MAX &&
	    (c->deadline.at == NULL || due < c->deadline.due_ms))
		wheel_set(&w->wheel, &c->deadline, due);
}

static void
deadline_ping(struct worker *w, struct client *c)
{
	uint8_t frame[FRAME_HEADER_MAX + IPC_PROOF], proof[IPC_PROOF];
	size_t len, proof_len;

	if (c->seat != NULL)
		c->seat->pinged_ms = w->now_ms;
	/* A full socket is watched for its progress instead: whoever reads
	 * slowly has not been asked. */
	if (c->is_blocked) {
		c->heard_ms = w->now_ms;
		return;
	}
	c->is_pinged = true;
	c->since_ms = w->now_ms;
	proof_len = proof_write(c, proof);
	len = frame_header_write(frame, FRAME_PING, proof_len);
	memcpy(frame + len, proof, proof_len);
	(void)client_queue(w, c, frame, len + proof_len);
}

static bool
is_over(uint64_t now_ms, uint64_t since_ms, uint64_t limit_ms)
{
	return limit_ms != 0 && now_ms >= since_ms + limit_ms;
}

static void
deadline_refuse_head(struct worker *w, struct client *c)
{
	if (wire_is_ready(c)) {
		admission_refuse(w, c, REFUSAL_HANDSHAKE_TIMEOUT);
		return;
	}
	counts_limit(METRICS_LIMIT_HANDSHAKE_TIME);
	/* In the middle of TLS's own handshake nothing can be said. */
	c->has_failed = c->preface == NULL;
	incident_refused(&w->incidents, c, c->preface != NULL ?
	    REFUSAL_PROXY_HEADER : REFUSAL_TLS_HANDSHAKE, NULL,
	    "took too long", w->now_ms);
	client_drop(w, c, CLOSE_TIMEOUT);
}

/* While we did not read, it was not its fault; and browsers connect for a
 * request that they may not have, and say nothing. */
static void
deadline_check_head(struct worker *w, struct client *c)
{
	bool is_idle = c->input == NULL && wire_is_ready(c);
	bool was_heard = !is_idle && !w->is_choked && is_over(w->now_ms,
	    w->unchoked_ms, client_limits(w, c)->handshake_time_ms);

	deadline_refuse_head(w, c);
	c->has_failed = c->has_failed && was_heard;
}

static void
deadline_check_open(struct worker *w, struct client *c)
{
	const struct settings_limits *l = client_limits(w, c);
	struct client_input *in = c->input;

	if (deadline_holds_switch(c) &&
	    is_over(w->now_ms, c->since_ms, SWITCH_MS)) {
		client_mark_dirty(w, c);
		return;
	}
	/* Nobody makes progress while we look at no socket. */
	if (c->is_blocked && !w->is_choked &&
	    is_over(w->now_ms, c->output->progress_ms,
	    l->backlog_time_ms) &&
	    is_over(w->now_ms, w->unchoked_ms, l->backlog_time_ms)) {
		client_close(w, c, CLOSE_BACKLOG);
		return;
	}
	if (in != NULL && in->waits_rate) {
		/* Its pongs may be among what was not read. */
		c->heard_ms = w->now_ms;
		c->is_pinged = false;
		in->message_ms = in->message_ms == 0 ? 0 : w->now_ms;
		if (deadline_rate_ms(w, c) <= w->now_ms) {
			in->waits_rate = false;
			intake_resume(w, c);
		}
		return;
	}
	if (in != NULL && in->message_ms != 0 && !in->waits_out &&
	    is_over(w->now_ms, in->message_ms, l->message_time_ms)) {
		client_close(w, c, CLOSE_MESSAGE_TIMEOUT);
		return;
	}
	/* While we did not read, nobody could be heard. */
	if (w->is_choked || (in != NULL && in->waits_out) || (c->is_pinged &&
	    !is_over(w->now_ms, w->unchoked_ms, l->ping_timeout_ms)))
		return;
	if (c->is_pinged && c->heard_ms > c->since_ms)
		c->is_pinged = false;
	if (c->is_pinged && is_over(w->now_ms, c->since_ms,
	    l->ping_timeout_ms))
		client_close(w, c, CLOSE_PING_TIMEOUT);
	else if (!c->is_pinged &&
	    is_over(w->now_ms, deadline_quiet_ms(c), l->ping_interval_ms))
		deadline_ping(w, c);
}

void
deadline_passed(struct worker *w, struct client *c)
{
	if (client_due(w, c) <= w->now_ms) {
		switch ((enum client_state)c->state) {
		case CLIENT_HEAD:
			deadline_check_head(w, c);
			break;
		case CLIENT_OPEN:
			deadline_check_open(w, c);
			break;
		case CLIENT_ANSWERED:
		case CLIENT_CLOSING:
		case CLIENT_LINGER:
			counts_limit(METRICS_LIMIT_CLOSE_TIME);
			client_drop(w, c, CLOSE_TIMEOUT);
			break;
		case CLIENT_GONE:
			break;
		}
	}
	if (c->state == CLIENT_GONE)
		return;
	if (client_due(w, c) <= w->now_ms)	/* not to be judged now */
		wheel_set(&w->wheel, &c->deadline, w->now_ms + RECHECK_MS);
	else
		client_schedule(w, c);
}
