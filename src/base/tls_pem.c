/*
 * tls_pem - see tls_pem.h.
 */
#include "config.h"

#include "base/tls_pem.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>

/* In place of OpenSSL's own, which asks at the terminal. */
static int
on_passphrase(char *to, int size, int writes, void *arg)
{
	bool *asked = arg;

	(void)to;
	(void)size;
	(void)writes;
	*asked = true;
	return -1;
}

static BIO *
open_text(const char *text, size_t len)
{
	return len > INT_MAX ? NULL : BIO_new_mem_buf(text, (int)len);
}

/* The next certificate; NULL: no more, or a bad one (`*is_bad_out`). */
static X509 *
read_certificate(BIO *text, bool *is_bad_out)
{
	bool asked = false;
	X509 *certificate;
	unsigned long error;

	certificate = PEM_read_bio_X509(text, NULL, on_passphrase, &asked);
	if (certificate != NULL)
		return certificate;
	error = ERR_peek_last_error();
	*is_bad_out = ERR_GET_LIB(error) != ERR_LIB_PEM ||
	    ERR_GET_REASON(error) != PEM_R_NO_START_LINE;
	return NULL;
}

static enum tls_pem
use_chain(SSL_CTX *context, BIO *text)
{
	bool is_bad = false;
	X509 *next = read_certificate(text, &is_bad);
	int used;

	if (next == NULL)
		return TLS_PEM_NO_CERTIFICATE;
	used = SSL_CTX_use_certificate(context, next);
	X509_free(next);
	if (used != 1)
		return TLS_PEM_REFUSED;
	while ((next = read_certificate(text, &is_bad)) != NULL)
		if (SSL_CTX_add0_chain_cert(context, next) != 1) {
			X509_free(next);
			return TLS_PEM_REFUSED;
		}
	return is_bad ? TLS_PEM_NO_CERTIFICATE : TLS_PEM_GOOD;
}

static enum tls_pem
use_key(SSL_CTX *context, BIO *text)
{
	enum tls_pem result = TLS_PEM_GOOD;
	bool asked = false;
	EVP_PKEY *key;

	key = PEM_read_bio_PrivateKey(text, NULL, on_passphrase, &asked);
	if (key == NULL)
		return asked ? TLS_PEM_PASSPHRASE : TLS_PEM_NO_KEY;
	if (X509_check_private_key(SSL_CTX_get0_certificate(context),
	    key) != 1)
		result = TLS_PEM_MISMATCH;
	else if (SSL_CTX_use_PrivateKey(context, key) != 1)
		result = TLS_PEM_REFUSED;
	EVP_PKEY_free(key);
	return result;
}

/* Believed about clients, and named to them when they are asked. */
static enum tls_pem
use_client_ca(SSL_CTX *context, BIO *text)
{
	X509_STORE *store = SSL_CTX_get_cert_store(context);
	enum tls_pem result = TLS_PEM_NO_CERTIFICATE;
	bool is_bad = false;
	X509 *next;

	while ((next = read_certificate(text, &is_bad)) != NULL) {
		result = X509_STORE_add_cert(store, next) == 1 &&
		    SSL_CTX_add_client_CA(context, next) == 1 ?
		    TLS_PEM_GOOD : TLS_PEM_REFUSED;
		X509_free(next);
		if (result != TLS_PEM_GOOD)
			return result;
	}
	return is_bad ? TLS_PEM_NO_CERTIFICATE : result;
}

enum tls_pem
tls_pem_use(SSL_CTX *context, const struct tls_part *part)
{
	BIO *text = open_text(part->text, part->text_len), *key = NULL;
	enum tls_pem result = TLS_PEM_REFUSED;

	ERR_clear_error();
	if (text == NULL)
		return result;
	if (part->kind == TLS_CLIENT_CA) {
		result = use_client_ca(context, text);
	} else {
		key = open_text(part->key, part->key_len);
		result = key == NULL ? TLS_PEM_REFUSED :
		    use_chain(context, text);
		if (result == TLS_PEM_GOOD)
			result = use_key(context, key);
	}
	BIO_free(key);
	BIO_free(text);
	return result;
}
