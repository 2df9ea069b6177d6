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

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/logger.h"
#include "base/memory.h"
#include "base/metrics.h"
#include "worker/client.h"
#include "worker/tls.h"
#include "worker/worker.h"
#include "ws/proxy.h"

#define RECORD_PLAIN	SSL3_RT_MAX_PLAIN_LENGTH	/* 16 KiB */
#define RECORD_MAX	(SSL3_RT_HEADER_LENGTH + SSL3_RT_MAX_ENCRYPTED_LENGTH)

/* What came, with the rest of a record before it, decrypts to no more than
 * the receive buffer takes. */
#define CIPHER_MAX	(WORKER_RECEIVE - RECORD_MAX)

#define REST_MAX	(4 * RECORD_MAX) /* then the peer does not read */
#define SSL_BYTES	(14 * 1024)	/* of OpenSSL, idle (design.md) */
#define CONTROLS_MAX	32		/* messages of TLS in one read */
#define KEY_RECORDS	(UINT32_C(1) << 24) /* RFC 8446, 5.5 */

enum session_state { NEW, HANDSHAKE, OPEN, ENDING, DEAD };

struct tls_session {
	SSL *ssl;		/* from HANDSHAKE to ENDING */
	struct buf rest;	/* encrypted, not taken by the socket */
	uint32_t records;	/* written under the key in use */
	uint16_t listener;
	uint8_t state;
};

/* Awaits the PROXY header. */
struct preface {
	struct proxy parser;
	struct buf held;	/* what came of it so far */
};

struct wire {
	struct tls *tls;
	BIO_METHOD *method;
	BIO *bio;		/* of all sessions, one at a time */
	uint8_t cipher[CIPHER_MAX];
	const uint8_t *in;	/* what of it OpenSSL has not read yet */
	size_t in_len;
	bool is_starved;	/* it asked for more than there was */
	struct buf flight;	/* what OpenSSL wrote */
	uint8_t record[RECORD_PLAIN];	/* gathered, to be encrypted */
};

/*
 * The BIO: memory of the worker.
 */

static int
bio_read(BIO *bio, char *to, size_t size, size_t *len_out)
{
	struct wire *wire = BIO_get_data(bio);
	size_t len = size < wire->in_len ? size : wire->in_len;

	BIO_clear_retry_flags(bio);
	*len_out = len;
	if (len == 0) {
		wire->is_starved = true;
		BIO_set_retry_read(bio);
		return 0;
	}
	memcpy(to, wire->in, len);
	wire->in += len;
	wire->in_len -= len;
	return 1;
}

static int
bio_write(BIO *bio, const char *bytes, size_t len, size_t *len_out)
{
	struct wire *wire = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	*len_out = len;
	return buf_append(&wire->flight, bytes, len);
}

static long
bio_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

static bool
make_bio(struct wire *wire)
{
	wire->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK |
	    BIO_get_new_index(), "wire");
	if (wire->method == NULL ||
	    BIO_meth_set_read_ex(wire->method, bio_read) != 1 ||
	    BIO_meth_set_write_ex(wire->method, bio_write) != 1 ||
	    BIO_meth_set_ctrl(wire->method, bio_control) != 1)
		return false;
	wire->bio = BIO_new(wire->method);
	if (wire->bio == NULL)
		return false;
	BIO_set_data(wire->bio, wire);
	BIO_set_init(wire->bio, 1);
	return true;
}

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
	if (wire->tls != NULL && make_bio(wire))
		return wire;
	tls_free(wire->tls);
	BIO_meth_free(wire->method);
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
	c->tls = calloc(1, sizeof(*c->tls));
	if (c->tls == NULL)
		return false;
	c->tls->listener = c->listener;
	return true;
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
session_free_ssl(struct tls_session *s)
{
	if (s->ssl == NULL)
		return;
	SSL_free(s->ssl);
	s->ssl = NULL;
	memory_remove(SSL_BYTES);
}

static void
session_free(struct client *c)
{
	if (c->tls == NULL)
		return;
	session_free_ssl(c->tls);
	buf_clear(&c->tls->rest);
	free(c->tls);
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
	    (c->tls == NULL || c->tls->state == OPEN);
}

bool
wire_is_waiting(const struct client *c)
{
	return c->tls != NULL && buf_len(&c->tls->rest) > 0;
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
	struct buf *rest = &c->tls->rest;
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

/* Sends what OpenSSL has written; the rest of it waits.  False: broken. */
static bool
session_send_flight(struct worker *w, struct client *c)
{
	struct buf *flight = &w->wire->flight, *rest = &c->tls->rest;
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

/* Keys wear out; long before, new ones are taken. */
static bool
session_count_record(struct tls_session *s)
{
	if (++s->records < KEY_RECORDS || SSL_version(s->ssl) <
	    TLS1_3_VERSION)
		return true;
	s->records = 0;
	return SSL_key_update(s->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1;
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
	size_t len, done;

	if (!session_send_rest(w, c))
		return false;
	/* To a session that has failed there is nothing to say. */
	if (s->state != OPEN)
		return true;
	for (;;) {
		bytes = gather(w->wire, iov, count, *taken_out, &len);
		if (len == 0 || buf_len(&s->rest) > 0)
			return true;
		ERR_clear_error();
		if (SSL_write_ex(s->ssl, bytes, len, &done) != 1 ||
		    done != len || !session_count_record(s) ||
		    !session_send_flight(w, c)) {
			/* What is in it must not go to the next client. */
			buf_reset(&w->wire->flight);
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

	if (s != NULL && s->state == OPEN) {
		ERR_clear_error();
		(void)SSL_shutdown(s->ssl);
		s->state = ENDING;
		(void)session_send_flight(w, c);
	}
	/* What is broken shows when it is read. */
	if (s != NULL && session_send_rest(w, c) && buf_len(&s->rest) > 0)
		return false;
	(void)shutdown(c->fd, SHUT_WR);
	if (s != NULL) {
		session_free_ssl(s);
		s->state = DEAD;
	}
	return true;
}

/*
 * A session's input.
 */

static const char *
session_error(const struct tls_session *s)
{
	long verified = SSL_get_verify_result(s->ssl);
	const char *why;

	if (verified != X509_V_OK)
		return X509_verify_cert_error_string(verified);
	why = ERR_reason_error_string(ERR_peek_error());
	return why == NULL ? "unknown" : why;
}

/* Its alert is in the flight. */
static void
session_fail(struct tls_session *s, struct wire_input *in, const char *why)
{
	in->state = WIRE_FAILED;
	in->error = why;
	session_free_ssl(s);
	s->state = ENDING;
}

/* The keys of the exchange have done their work, and OpenSSL would keep them
 * as long as the connection.  Its own references stay, to empty keys. */
static void
wipe_exchange(SSL *ssl)
{
	EVP_PKEY *key;

	if (SSL_get_tmp_key(ssl, &key) == 1) {
		(void)EVP_PKEY_set_type(key, EVP_PKEY_X25519);
		EVP_PKEY_free(key);
	}
	if (SSL_get_peer_tmp_key(ssl, &key) == 1) {
		(void)EVP_PKEY_set_type(key, EVP_PKEY_X25519);
		EVP_PKEY_free(key);
	}
}

static void
session_shake(struct client *c, struct wire_input *in)
{
	struct tls_session *s = c->tls;
	int result;

	ERR_clear_error();
	result = SSL_do_handshake(s->ssl);
	if (result == 1) {
		s->state = OPEN;
		wipe_exchange(s->ssl);
		if (logger_is_on(LOGGER_DEBUG))
			logger_write_connection(LOGGER_DEBUG, c->connection,
			    "TLS", "version=%s cipher=%s resumed=%s",
			    SSL_get_version(s->ssl),
			    SSL_get_cipher_name(s->ssl),
			    SSL_session_reused(s->ssl) ? "yes" : "no");
	} else if (SSL_get_error(s->ssl, result) != SSL_ERROR_WANT_READ) {
		session_fail(s, in, session_error(s));
	}
}

/* Until OpenSSL has asked for more than there is: then it holds nothing but
 * the beginning of a record. */
static void
session_read(struct worker *w, struct tls_session *s, struct wire_input *in)
{
	size_t n;

	while (s->state == OPEN && in->state == WIRE_OPEN) {
		assert(in->len < WORKER_RECEIVE);
		w->wire->is_starved = false;
		ERR_clear_error();
		if (SSL_read_ex(s->ssl, in->bytes + in->len,
		    WORKER_RECEIVE - in->len, &n) == 1) {
			in->len += n;
			continue;
		}
		switch (SSL_get_error(s->ssl, 0)) {
		case SSL_ERROR_WANT_READ:
			if (w->wire->is_starved)
				return;
			if (++in->controls > CONTROLS_MAX)
				session_fail(s, in, "too many messages");
			break;
		case SSL_ERROR_ZERO_RETURN:
			in->state = WIRE_ENDED;
			break;
		default:
			session_fail(s, in, session_error(s));
			break;
		}
	}
}

/* The first byte says what is spoken; false: not TLS, or no memory. */
static bool
session_begin(struct wire *wire, struct client *c, uint8_t first,
    struct wire_input *in)
{
	struct tls_session *s = c->tls;

	if (first != WIRE_TLS_BYTE) {
		in->state = ((first | 0x20) >= 'a' && (first | 0x20) <= 'z') ?
		    WIRE_HTTP : WIRE_ALIEN;
		session_free(c);
		return false;
	}
	s->ssl = tls_start(wire->tls, s->listener);
	if (s->ssl == NULL) {
		in->state = WIRE_BROKEN;
		return false;
	}
	memory_add(SSL_BYTES);
	BIO_up_ref(wire->bio);
	SSL_set_bio(s->ssl, wire->bio, wire->bio);
	s->state = HANDSHAKE;
	return true;
}

static void
session_receive(struct worker *w, struct client *c, struct wire_input *in)
{
	struct wire *wire = w->wire;
	struct tls_session *s = c->tls;
	size_t len = socket_receive(c, wire->cipher, CIPHER_MAX, in);

	if (len == 0 || s->state == ENDING || s->state == DEAD)
		return;
	if (s->state == NEW && !session_begin(wire, c, wire->cipher[0], in))
		return;
	wire->in = wire->cipher;
	wire->in_len = len;
	if (s->state == HANDSHAKE)
		session_shake(c, in);
	if (s->state == OPEN)
		session_read(w, s, in);
	wire->in_len = 0;
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
