/*
 * stream - see stream.h.
 */
#include "config.h"

#include "client/stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "ws/url.h"

struct trust {
	SSL_CTX *context;
};

struct stream {
	int fd;
	SSL *ssl;		/* NULL: in the clear */
	char error[256];
};

/* OpenSSL's own words for the newest error. */
static const char *
tls_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	return reason != NULL ? reason : "TLS failed";
}

/* ---- whom to believe ---- */

struct trust *
trust_new(const char *ca, bool is_insecure, char *error, size_t size)
{
	struct trust *trust = calloc(1, sizeof(*trust));
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	int is_good = trust != NULL && context != NULL;

	if (is_good) {
		trust->context = context;
		SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
		SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
		    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
		SSL_CTX_set_verify(context, is_insecure ? SSL_VERIFY_NONE :
		    SSL_VERIFY_PEER, NULL);
		is_good = ca != NULL ?
		    SSL_CTX_load_verify_locations(context, ca, NULL) :
		    SSL_CTX_set_default_verify_paths(context);
	}
	if (is_good == 1)
		return trust;
	snprintf(error, size, "%s", tls_reason());
	SSL_CTX_free(context);
	free(trust);
	return NULL;
}

void
trust_free(struct trust *trust)
{
	if (trust == NULL)
		return;
	SSL_CTX_free(trust->context);
	free(trust);
}

/* ---- a stream ---- */

/* The certificate has to be of the name, or the address, of the URL. */
static bool
expect_host(SSL *ssl, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
		return true;
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, host) == 1 &&
	    SSL_set_tlsext_host_name(ssl, host) == 1;
}

struct stream *
stream_new(int fd, const struct trust *trust, const struct url *url)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		close(fd);
		return NULL;
	}
	s->fd = fd;
	if (!url->is_tls)
		return s;
	s->ssl = SSL_new(trust->context);
	if (s->ssl == NULL || !expect_host(s->ssl, url->host) ||
	    SSL_set_fd(s->ssl, fd) != 1) {
		stream_free(s);
		return NULL;
	}
	SSL_set_connect_state(s->ssl);
	return s;
}

void
stream_free(struct stream *s)
{
	if (s == NULL)
		return;
	SSL_free(s->ssl);
	close(s->fd);
	free(s);
}

int
stream_fd(const struct stream *s)
{
	return s->fd;
}

const char *
stream_error(const struct stream *s)
{
	return s->error;
}

static enum stream_result
fail(struct stream *s, const char *why)
{
	snprintf(s->error, sizeof(s->error), "%s", why);
	return STREAM_FAILED;
}

static enum stream_result
judge_errno(struct stream *s, enum stream_result wanted)
{
	if (errno == EAGAIN || errno == EINTR)
		return wanted;
	return fail(s, strerror(errno));
}

/* `saved`: errno of the call. */
static enum stream_result
judge_tls(struct stream *s, int result, int saved)
{
	switch (SSL_get_error(s->ssl, result)) {
	case SSL_ERROR_NONE:
		return STREAM_OK;
	case SSL_ERROR_WANT_READ:
		return STREAM_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return STREAM_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return STREAM_END;
	case SSL_ERROR_SYSCALL:
		if (saved == 0)
			return STREAM_END;
		return fail(s, strerror(saved));
	default:
		break;
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) ==
	    SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return STREAM_END;
	return fail(s, tls_reason());
}

enum stream_result
stream_shake(struct stream *s)
{
	enum stream_result judged;
	long verified;
	int result, saved;

	if (s->ssl == NULL)
		return STREAM_OK;
	ERR_clear_error();
	errno = 0;
	result = SSL_do_handshake(s->ssl);
	saved = errno;
	judged = judge_tls(s, result, saved);
	if (judged != STREAM_FAILED)
		return judged;
	verified = SSL_get_verify_result(s->ssl);
	if (verified == X509_V_OK)
		return STREAM_FAILED;
	fail(s, X509_verify_cert_error_string(verified));
	return STREAM_UNTRUSTED;
}

enum stream_result
stream_read(struct stream *s, uint8_t *data, size_t size, size_t *len_out)
{
	ssize_t len;
	int result;

	*len_out = 0;
	errno = 0;
	if (s->ssl != NULL) {
		ERR_clear_error();
		result = SSL_read_ex(s->ssl, data, size, len_out);
		return result == 1 ? STREAM_OK :
		    judge_tls(s, result, errno);
	}
	len = recv(s->fd, data, size, 0);
	if (len < 0)
		return judge_errno(s, STREAM_WANT_READ);
	*len_out = (size_t)len;
	return len == 0 ? STREAM_END : STREAM_OK;
}

enum stream_result
stream_write(struct stream *s, const uint8_t *data, size_t size,
    size_t *len_out)
{
	ssize_t len;
	int result;

	*len_out = 0;
	errno = 0;
	if (s->ssl != NULL) {
		ERR_clear_error();
		result = SSL_write_ex(s->ssl, data, size, len_out);
		return result == 1 ? STREAM_OK :
		    judge_tls(s, result, errno);
	}
	len = send(s->fd, data, size, MSG_NOSIGNAL);
	if (len < 0)
		return judge_errno(s, STREAM_WANT_WRITE);
	*len_out = (size_t)len;
	return STREAM_OK;
}

void
stream_shutdown(struct stream *s)
{
	if (s->ssl != NULL && SSL_is_init_finished(s->ssl)) {
		ERR_clear_error();
		(void)SSL_shutdown(s->ssl);
	}
	shutdown(s->fd, SHUT_WR);
}
