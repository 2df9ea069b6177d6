/*
 * tls_session - see tls_session.h.
 */
#include "config.h"

#include "worker/tls_session.h"

#include <assert.h>
#include <openssl/err.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/logger.h"
#include "base/memory.h"
#include "worker/tls_bio.h"

#define SSL_BYTES	(14 * 1024)	/* of OpenSSL, idle (design.md) */
#define CONTROLS_MAX	32		/* messages of TLS in one read */
#define KEY_RECORDS	(UINT32_C(1) << 24) /* RFC 8446, 5.5 */

enum session_state { NEW, HANDSHAKE, OPEN, ENDING, DEAD };

struct tls_session {
	SSL *ssl;		/* from HANDSHAKE to ENDING */
	struct buf rest;
	uint32_t records;	/* written under the key in use */
	uint8_t state;
};

/*
 * Life.
 */

struct tls_session *
tls_session_new(void)
{
	return calloc(1, sizeof(struct tls_session));
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

void
tls_session_free(struct tls_session *s)
{
	if (s == NULL)
		return;
	session_free_ssl(s);
	buf_clear(&s->rest);
	free(s);
}

void
tls_session_begin(struct tls_session *s, SSL *ssl, struct tls_bio *bio)
{
	assert(s->state == NEW);
	s->ssl = ssl;
	memory_add(SSL_BYTES);
	tls_bio_attach(bio, ssl);
	s->state = HANDSHAKE;
}

bool
tls_session_is_new(const struct tls_session *s)
{
	return s->state == NEW;
}

bool
tls_session_is_open(const struct tls_session *s)
{
	return s->state == OPEN;
}

bool
tls_session_is_over(const struct tls_session *s)
{
	return s->state == ENDING || s->state == DEAD;
}

struct buf *
tls_session_rest(struct tls_session *s)
{
	return &s->rest;
}

/*
 * Output.
 */

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

bool
tls_session_write(struct tls_session *s, const uint8_t *bytes, size_t len)
{
	size_t done;

	assert(s->state == OPEN);
	ERR_clear_error();
	return SSL_write_ex(s->ssl, bytes, len, &done) == 1 && done == len &&
	    session_count_record(s);
}

void
tls_session_end(struct tls_session *s)
{
	assert(s->state == OPEN);
	ERR_clear_error();
	(void)SSL_shutdown(s->ssl);
	s->state = ENDING;
}

void
tls_session_release(struct tls_session *s)
{
	session_free_ssl(s);
	s->state = DEAD;
}

/*
 * Input.
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
session_fail(struct tls_session *s, struct tls_plain *plain, const char *why)
{
	plain->error = why;
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
session_shake(struct tls_session *s, uint64_t connection,
    struct tls_plain *plain)
{
	int result;

	ERR_clear_error();
	result = SSL_do_handshake(s->ssl);
	if (result == 1) {
		s->state = OPEN;
		wipe_exchange(s->ssl);
		if (logger_is_on(LOGGER_DEBUG))
			logger_write_connection(LOGGER_DEBUG, connection,
			    "TLS", "version=%s cipher=%s resumed=%s",
			    SSL_get_version(s->ssl),
			    SSL_get_cipher_name(s->ssl),
			    SSL_session_reused(s->ssl) ? "yes" : "no");
	} else if (SSL_get_error(s->ssl, result) != SSL_ERROR_WANT_READ) {
		session_fail(s, plain, session_error(s));
	}
}

/* Until OpenSSL has asked for more than there is: then it holds nothing but
 * the beginning of a record. */
static void
session_decrypt(struct tls_session *s, const struct tls_bio *bio,
    struct tls_plain *plain)
{
	size_t n;

	while (s->state == OPEN && !plain->is_ended) {
		assert(plain->len < plain->size);
		ERR_clear_error();
		if (SSL_read_ex(s->ssl, plain->bytes + plain->len,
		    plain->size - plain->len, &n) == 1) {
			plain->len += n;
			continue;
		}
		switch (SSL_get_error(s->ssl, 0)) {
		case SSL_ERROR_WANT_READ:
			if (tls_bio_is_starved(bio))
				return;
			if (++plain->controls > CONTROLS_MAX)
				session_fail(s, plain, "too many messages");
			break;
		case SSL_ERROR_ZERO_RETURN:
			plain->is_ended = true;
			break;
		default:
			session_fail(s, plain, session_error(s));
			break;
		}
	}
}

void
tls_session_read(struct tls_session *s, struct tls_bio *bio,
    uint64_t connection, struct tls_plain *plain)
{
	if (s->state == HANDSHAKE)
		session_shake(s, connection, plain);
	if (s->state == OPEN)
		session_decrypt(s, bio, plain);
}
