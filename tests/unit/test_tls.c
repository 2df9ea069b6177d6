/*
 * test_tls - certificates that are loaded while memory is short: all of them
 * hold as they should, or none does and the old ones go on.
 */
#include "config.h"

#include "worker/tls.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/tls_image.h"

#define STEP	13		/* there are thousands */

/* Counted down; the one at 1 gets nothing. */
static unsigned long fails_at;

void *__real_malloc(size_t);
void *__wrap_malloc(size_t);

void *
__wrap_malloc(size_t size)
{
	if (fails_at > 0 && --fails_at == 0)
		return NULL;
	return __real_malloc(size);
}

static void
add_pem(BIO *bio, char *text, size_t size, size_t *len_out)
{
	*len_out = (size_t)BIO_read(bio, text, (int)size);
	assert_true(*len_out > 0 && *len_out < size);
	BIO_free(bio);
}

/* A certificate for the first listener. */
static uint8_t *
make_image(size_t *len_out)
{
	static char text[4096], private[4096];
	struct tls_part part = {
		.kind = TLS_CERTIFICATE, .text = text, .key = private
	};
	BIO *bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *made = X509_new();
	uint8_t *image;

	assert_int_equal(X509_set_pubkey(made, key), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(made), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(made), 3600));
	assert_int_not_equal(X509_sign(made, key, EVP_sha256()), 0);
	assert_int_equal(PEM_write_bio_X509(bio, made), 1);
	assert_int_equal(PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0,
	    NULL, NULL), 1);
	add_pem(bio, text, sizeof(text), &part.text_len);
	add_pem(key_bio, private, sizeof(private), &part.key_len);
	X509_free(made);
	EVP_PKEY_free(key);
	image = tls_image_make(&part, 1, len_out);
	assert_non_null(image);
	return image;
}

static void
pass_on(SSL *from, SSL *to)
{
	char bytes[16384];
	int n;

	while ((n = BIO_read(SSL_get_wbio(from), bytes, sizeof(bytes))) > 0)
		assert_int_equal(BIO_write(SSL_get_rbio(to), bytes, n), n);
}

static void
assert_served(const struct tls *tls)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *client = SSL_new(context), *server = tls_start(tls, 0);

	assert_non_null(server);
	SSL_set_connect_state(client);
	SSL_set_bio(client, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_bio(server, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	for (unsigned i = 0; i < 5; i++) {
		(void)SSL_do_handshake(client);
		pass_on(client, server);
		(void)SSL_do_handshake(server);
		pass_on(server, client);
	}
	assert_true(SSL_is_init_finished(client));
	assert_true(SSL_is_init_finished(server));
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(context);
}

/* OpenSSL makes a context without what it has no memory for: clients were
 * refused from such a reload on, until the next. */
static void
a_context_is_whole_or_not_used(void **state)
{
	static struct settings settings;
	struct tls *tls = tls_new();
	uint8_t *image;
	size_t len;
	bool has_failed = true;
	unsigned long n;

	(void)state;
	image = make_image(&len);
	assert_true(tls_image_is_whole(image, len));
	assert_true(tls_load(tls, &settings, image));
	assert_served(tls);
	for (n = 1; has_failed; n += STEP) {
		bool is_good;

		fails_at = n;
		is_good = tls_load(tls, &settings, image);
		has_failed = fails_at == 0;
		fails_at = 0;
		assert_int_equal(is_good, !has_failed);
		if (has_failed)
			assert_int_equal(errno, ENOMEM);
		if (n % 10 == 0)
			assert_served(tls);
	}
	assert_true(n > 100 * STEP);
	assert_served(tls);
	tls_free(tls);
	free(image);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_context_is_whole_or_not_used),
	};

	tls_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
