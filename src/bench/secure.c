/*
 * secure - see secure.h.
 */
#include "config.h"

#include "bench/secure.h"

#include <errno.h>
#include <limits.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct ssl_ctx_st *
secure_context(const char *ca, bool insecure, const char **why_out)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (context != NULL) {
		SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
		/* A buffer that grew may have moved. */
		SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
		    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
		    SSL_MODE_RELEASE_BUFFERS);
		/* All records that are here by one read, as with recv(). */
		SSL_CTX_set_read_ahead(context, 1);
		SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
		SSL_CTX_set_verify(context, insecure ? SSL_VERIFY_NONE :
		    SSL_VERIFY_PEER, NULL);
		if ((ca != NULL ? SSL_CTX_load_verify_locations(context, ca,
		    NULL) : SSL_CTX_set_default_verify_paths(context)) == 1)
			return context;
	}
	*why_out = ERR_reason_error_string(ERR_peek_last_error());
	if (*why_out == NULL)
		*why_out = "no authorities";
	SSL_CTX_free(context);
	return NULL;
}

/* The certificate has to be of the name, or the address, that was asked. */
static bool
expect_host(SSL *tls, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(tls);

	if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
		return true;
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(tls, host) == 1 &&
	    SSL_set_tlsext_host_name(tls, host) == 1;
}

struct ssl_st *
secure_new(struct ssl_ctx_st *context, int fd, const char *host)
{
	SSL *tls = SSL_new(context);

	if (tls == NULL || !expect_host(tls, host) ||
	    SSL_set_fd(tls, fd) != 1) {
		SSL_free(tls);
		return NULL;
	}
	SSL_set_connect_state(tls);
	return tls;
}

void
secure_free(struct ssl_st *tls)
{
	SSL_free(tls);
}

/* Turns a result that is not positive into that of a system call. */
static ssize_t
judge(SSL *tls, int result)
{
	int saved = errno;

	switch (SSL_get_error(tls, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		errno = saved != 0 ? saved : ECONNRESET;
		return -1;
	default:
		ERR_clear_error();
		errno = EPROTO;
		return -1;
	}
}

ssize_t
secure_recv(struct ssl_st *tls, void *bytes, size_t len)
{
	int n;

	ERR_clear_error();
	n = SSL_read(tls, bytes, len < INT_MAX ? (int)len : INT_MAX);
	return n > 0 ? n : judge(tls, n);
}

ssize_t
secure_send(struct ssl_st *tls, const void *bytes, size_t len)
{
	int n;

	ERR_clear_error();
	n = SSL_write(tls, bytes, len < INT_MAX ? (int)len : INT_MAX);
	return n > 0 ? n : judge(tls, n);
}

bool
secure_has_more(const struct ssl_st *tls)
{
	return SSL_has_pending(tls) == 1;
}

bool
secure_wants_read(const struct ssl_st *tls)
{
	return SSL_want_read(tls);
}
