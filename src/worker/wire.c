/*
 * wire - see wire.h.
 *
 *	socket --recv--> cipher --SSL_read--> w->receive --> intake
 *	out, batch --SSL_write--> flight --send--> socket
 *	                                   `--> session's rest
 *
 * Everything but the rest is the worker's and empty between two calls.
 */
#include "config.h"

#include "worker/wire.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/metrics.h"
#include "worker/client.h"
#include "worker/tls.h"
#include "worker/tls_bio.h"
#include "worker/tls_session.h"
#include "worker/worker.h"
#include "ws/proxy.h"

#define RECORD_PLAIN	SSL3_RT_MAX_PLAIN_LENGTH	/* 16 KiB */
#define RECORD_MAX	(SSL3_RT_HEADER_LENGTH + SSL3_RT_MAX_ENCRYPTED_LENGTH)

/* What came, with the rest of a record before it, decrypts to no more than
 * the receive buffer takes. */
#define CIPHER_MAX	(WORKER_RECEIVE - RECORD_MAX)

#define REST_MAX	(4 * RECORD_MAX) /* then the peer does not read */

/* Awaits the PROXY header. */
struct preface {
	struct proxy parser;
	struct buf held;	/* what came of it so far */
};

struct wire {
	struct tls *tls;
	struct tls_bio *bio;
	uint8_t cipher[CIPHER_MAX];
	uint8_t record[RECORD_PLAIN];	/* gathered, to be encrypted */
};

/*
 * Life.
 */

void
wire_prepare(void)
{
	tls_prepare();
}

struct wire *
wire_new(void)
{
	struct wire *wire = calloc(1, sizeof(*wire));

	if (wire == NULL)
		return NULL;
	wire->tls = tls_new();
	wire->bio = tls_bio_new();
	if (wire->tls != NULL && wire->bio != NULL)
		return wire;
	tls_free(wire->tls);
	tls_bio_free(wire->bio);
	free(wire);
	errno = ENOMEM;
	return NULL;
}

bool
wire_load(struct wire *wire, const struct settings *settings,
    const void *image)
{
	return tls_load(wire->tls, settings, image);
}

void
wire_add_ticket_key(struct wire *wire, const struct ipc_ticket_key *key)
{
	tls_add_ticket_key(wire->tls, key);
}

bool
wire_open(const struct worker *w, struct client *c)
{
	if (w->settings->listeners[c->listener].proxy_protocol) {
		c->preface = calloc(1, sizeof(*c->preface));
		if (c->preface == NULL)
			return false;
		proxy_init(&c->preface->parser);
	}
	if (!settings_speaks_tls(&w->settings->listeners[c->listener]) ||
	    w->wire == NULL || !tls_is_spoken(w->wire->tls, c->listener))
		return true;
	c->tls = tls_session_new();
	return c->tls != NULL;
}

static void
preface_free(struct client *c)
{
	if (c->preface == NULL)
		return;
	buf_clear(&c->preface->held);
	free(c->preface);
	c->preface = NULL;
}

static void
session_free(struct client *c)
{
	tls_session_free(c->tls);
	c->tls = NULL;
}

void
wire_close(struct client *c)
{
	preface_free(c);
	session_free(c);
}

bool
wire_is_ready(const struct client *c)
{
	return c->preface == NULL &&
	    (c->tls == NULL || tls_session_is_open(c->tls));
}

bool
wire_is_waiting(const struct client *c)
{
	return c->tls != NULL && buf_len(tls_session_rest(c->tls)) > 0;
}

/*
 * The socket.
 */

/* -1: broken; 0: it takes nothing now. */
static ssize_t
socket_send(struct worker *w, struct client *c, const struct iovec *iov,
    int count)
{
	const int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
	struct msghdr msg = {
		.msg_iov = (struct iovec *)(uintptr_t)iov,
		.msg_iovlen = (size_t)count
	};
	ssize_t n;

	/* One piece is the rule, and costs the kernel less to look at. */
	do
		n = count == 1 ?
		    send(c->fd, iov->iov_base, iov->iov_len, flags) :
		    sendmsg(c->fd, &msg, flags);
	while (n == -1 && errno == EINTR);
	if (n > 0)
		metrics_add(METRIC_BYTES_OUT, (uint64_t)n);
	if (n > 0 && c->output != NULL)
		c->output->progress_ms = w->now_ms;
	if (n == -1 && (errno == EAGAIN || errno == ENOBUFS ||
	    errno == ENOMEM))
		n = 0;
	return n;
}

/* Takes the PROXY header, or what came of it, off the front of `bytes`;
 * returns how many are left there. */
static size_t
preface_take(struct client *c, uint8_t *bytes, size_t len,
    struct wire_input *in)
{
	struct preface *p = c->preface;
	size_t held = buf_len(&p->held), left;

	if (!buf_append(&p->held, bytes, len)) {
		in->state = WIRE_BROKEN;
		return 0;
	}
	switch (proxy_parse(&p->parser, buf_head(&p->held),
	    buf_len(&p->held))) {
	case PROXY_MORE:	/* of no more than PROXY_HEADER_MAX */
		return 0;
	case PROXY_REFUSED:
		in->state = WIRE_UNTOLD;
		in->error = p->parser.why;
		wire_close(c);
		return 0;
	case PROXY_DONE:
		break;
	}
	if (!p->parser.is_local) {
		memcpy(c->address, p->parser.address, sizeof(c->address));
		c->port = p->parser.port;
		c->is_tls_ahead = p->parser.is_tls;
	}
	left = held + len - p->parser.length;
	memmove(bytes, bytes + len - left, left);
	preface_free(c);
	return left;
}

/* Reads once into `to`; returns how much, 0 with the state set. */
static size_t
socket_receive(struct client *c, uint8_t *to, size_t size,
    struct wire_input *in)
{
	ssize_t n;

	do
		n = recv(c->fd, to, size, MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	if (n > 0)
		metrics_add(METRIC_BYTES_IN, (uint64_t)n);
	in->is_full = n > 0 && (size_t)n == size;
	if (n > 0 && c->preface != NULL)
		return preface_take(c, to, (size_t)n, in);
	if (n > 0)
		return (size_t)n;
	if (n == 0)
		in->state = WIRE_ENDED;
	else if (errno != EAGAIN && errno != ENOBUFS && errno != ENOMEM)
		in->state = WIRE_BROKEN;
	return 0;
}

/*
 * A session's output.
 */

/* What waited before; false: broken. */
static bool
session_send_rest(struct worker *w, struct client *c)
{
	struct buf *rest = tls_session_rest(c->tls);
	struct iovec iov = {
		.iov_base = buf_head(rest), .iov_len = buf_len(rest)
	};
	ssize_t n;

	if (iov.iov_len == 0)
		return true;
	n = socket_send(w, c, &iov, 1);
	if (n == -1)
		return false;
	buf_consume(rest, (size_t)n);
	if (buf_len(rest) == 0)
		buf_clear(rest);
	return true;
}

/* Sends what the session has written; the rest of it waits.  False: broken. */
static bool
session_send_flight(struct worker *w, struct client *c)
{
	struct buf *flight = tls_bio_flight(w->wire->bio);
	struct buf *rest = tls_session_rest(c->tls);
	struct iovec iov = {
		.iov_base = buf_head(flight), .iov_len = buf_len(flight)
	};
	ssize_t n = 0;
	bool is_good;

	if (iov.iov_len == 0)
		return true;
	if (buf_len(rest) == 0)
		n = socket_send(w, c, &iov, 1);
	is_good = n != -1 && buf_len(rest) + iov.iov_len <= REST_MAX &&
	    buf_append(rest, buf_head(flight) + n, iov.iov_len - (size_t)n);
	buf_reset(flight);
	return is_good;
}

/* The bytes of `iov` from `at` on, as many as a record takes: where they lie
 * when one piece has them all, else gathered. */
static const uint8_t *
gather(struct wire *wire, const struct iovec *iov, int count, size_t at,
    size_t *len_out)
{
	const uint8_t *only = NULL;
	size_t len = 0;

	for (int i = 0; i < count && len < RECORD_PLAIN; i++) {
		size_t part = iov[i].iov_len;
		const uint8_t *from = iov[i].iov_base;

		if (at >= part) {
			at -= part;
			continue;
		}
		from += at;
		part -= at;
		at = 0;
		if (part > RECORD_PLAIN - len)
			part = RECORD_PLAIN - len;
		if (only != NULL && len > 0)
			memcpy(wire->record, only, len);
		only = len == 0 ? from : NULL;
		if (only == NULL)
			memcpy(wire->record + len, from, part);
		len += part;
	}
	*len_out = len;
	return only != NULL ? only : wire->record;
}

/* One record, one call of the socket, until it does not take all. */
static bool
session_send(struct worker *w, struct client *c, const struct iovec *iov,
    int count, size_t *taken_out)
{
	struct tls_session *s = c->tls;
	const uint8_t *bytes;
	size_t len;

	if (!session_send_rest(w, c))
		return false;
	/* To a session that has failed there is nothing to say. */
	if (!tls_session_is_open(s))
		return true;
	for (;;) {
		bytes = gather(w->wire, iov, count, *taken_out, &len);
		if (len == 0 || buf_len(tls_session_rest(s)) > 0)
			return true;
		if (!tls_session_write(s, bytes, len) ||
		    !session_send_flight(w, c)) {
			/* What is in it must not go to the next client. */
			buf_reset(tls_bio_flight(w->wire->bio));
			return false;
		}
		*taken_out += len;
	}
}

bool
wire_send(struct worker *w, struct client *c, const struct iovec *iov,
    int count, size_t *taken_out)
{
	ssize_t n;

	*taken_out = 0;
	if (c->tls != NULL)
		return session_send(w, c, iov, count, taken_out);
	n = socket_send(w, c, iov, count);
	if (n == -1)
		return false;
	*taken_out = (size_t)n;
	return true;
}

/*
 * A session's end.
 */

bool
wire_end(struct worker *w, struct client *c)
{
	struct tls_session *s = c->tls;

	if (s != NULL && tls_session_is_open(s)) {
		tls_session_end(s);
		(void)session_send_flight(w, c);
	}
	/* What is broken shows when it is read. */
	if (s != NULL && session_send_rest(w, c) &&
	    buf_len(tls_session_rest(s)) > 0)
		return false;
	(void)shutdown(c->fd, SHUT_WR);
	if (s != NULL)
		tls_session_release(s);
	return true;
}

/*
 * A session's input.
 */

/* The first byte says what is spoken; false: not TLS, or no memory. */
static bool
session_begin(struct wire *wire, struct client *c, uint8_t first,
    struct wire_input *in)
{
	SSL *ssl;

	if (first != WIRE_TLS_BYTE) {
		in->state = ((first | 0x20) >= 'a' && (first | 0x20) <= 'z') ?
		    WIRE_HTTP : WIRE_ALIEN;
		session_free(c);
		return false;
	}
	ssl = tls_start(wire->tls, c->listener);
	if (ssl == NULL) {
		in->state = WIRE_BROKEN;
		return false;
	}
	tls_session_begin(c->tls, ssl, wire->bio);
	return true;
}

/* What the records that came hold, as the rest of the worker sees it. */
static void
session_decrypt(struct worker *w, struct client *c, size_t len,
    struct wire_input *in)
{
	struct wire *wire = w->wire;
	struct tls_plain plain = {
		.bytes = in->bytes, .size = WORKER_RECEIVE
	};

	tls_bio_give(wire->bio, wire->cipher, len);
	tls_session_read(c->tls, wire->bio, c->connection, &plain);
	tls_bio_give(wire->bio, NULL, 0);
	in->len = plain.len;
	in->controls = plain.controls;
	in->error = plain.error;
	if (plain.error != NULL)
		in->state = WIRE_FAILED;
	else if (plain.is_ended)
		in->state = WIRE_ENDED;
}

static void
session_receive(struct worker *w, struct client *c, struct wire_input *in)
{
	struct wire *wire = w->wire;
	size_t len = socket_receive(c, wire->cipher, CIPHER_MAX, in);

	if (len == 0 || tls_session_is_over(c->tls))
		return;
	if (tls_session_is_new(c->tls) &&
	    !session_begin(wire, c, wire->cipher[0], in))
		return;
	session_decrypt(w, c, len, in);
	if (!session_send_flight(w, c))
		in->state = WIRE_BROKEN;
}

struct wire_input
wire_receive(struct worker *w, struct client *c)
{
	struct wire_input in = { .bytes = w->receive, .state = WIRE_OPEN };

	if (c->tls != NULL)
		session_receive(w, c, &in);
	else
		in.len = socket_receive(c, w->receive, WORKER_RECEIVE, &in);
	return in;
}
