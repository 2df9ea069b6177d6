/*
 * admission - see admission.h.
 */
#include "config.h"

#include "worker/admission.h"

#include <openssl/crypto.h>
#include <string.h>

#include "base/logger.h"
#include "base/metrics.h"
#include "base/netaddr.h"
#include "worker/answer.h"
#include "worker/deadline.h"
#include "worker/form.h"
#include "worker/incident.h"
#include "worker/output.h"
#include "worker/seat.h"
#include "ws/forwarded.h"

void
admission_refuse(struct worker *w, struct client *c, enum refusal refusal)
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

void
admission_hang_up(struct worker *w, struct client *c, enum refusal refusal,
    const char *error)
{
	c->has_failed = refusal_is_failure(refusal);
	incident_refused(&w->incidents, c, refusal, NULL, error, w->now_ms);
	client_enter(w, c, CLIENT_ANSWERED);
	client_finish(w, c);
	client_poll(w, c);
	client_schedule(w, c);
}

/* The switch is queued: from here on it is a WebSocket. */
static void
admission_open(struct worker *w, struct client *c, const struct answer *answer)
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
admission_find_client(const struct worker *w, struct client *c,
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

size_t
admission_read(struct worker *w, struct client *c, uint8_t *data, size_t len)
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
		admission_refuse(w, c, head->refusal);
		return len;
	case HEAD_DONE:
		break;
	}
	is_secure = admission_find_client(w, c, head) || c->tls != NULL ||
	    c->is_tls_ahead;
	if (c->is_refused) {
		admission_refuse(w, c, REFUSAL_TOO_MANY_CONNECTIONS);
		return len;
	}
	if (client_output(c) == NULL || !answer_head(w, c, head, is_secure,
	    &c->output->bytes, &answer)) {
		client_drop(w, c, CLOSE_SERVER_FAULT);
		return len;
	}
	if (answer.refusal != REFUSAL_NONE) {
		admission_refuse(w, c, answer.refusal);
		return len;
	}
	if (answer.route != NULL) {
		len = head->length;
		admission_open(w, c, &answer);
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
