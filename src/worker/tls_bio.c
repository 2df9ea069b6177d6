/*
 * tls_bio - see tls_bio.h.
 */
#include "config.h"

#include "worker/tls_bio.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

struct tls_bio {
	BIO_METHOD *method;
	BIO *bio;
	const uint8_t *in;	/* what OpenSSL has not read yet */
	size_t in_len;
	bool is_starved;
	struct buf flight;	/* what it wrote */
};

static int
on_read(BIO *bio, char *to, size_t size, size_t *len_out)
{
	struct tls_bio *b = BIO_get_data(bio);
	size_t len = size < b->in_len ? size : b->in_len;

	BIO_clear_retry_flags(bio);
	*len_out = len;
	if (len == 0) {
		b->is_starved = true;
		BIO_set_retry_read(bio);
		return 0;
	}
	memcpy(to, b->in, len);
	b->in += len;
	b->in_len -= len;
	return 1;
}

static int
on_write(BIO *bio, const char *bytes, size_t len, size_t *len_out)
{
	struct tls_bio *b = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	*len_out = len;
	return buf_append(&b->flight, bytes, len);
}

static long
on_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

static bool
tls_bio_make(struct tls_bio *b)
{
	b->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK |
	    BIO_get_new_index(), "tls_bio");
	if (b->method == NULL ||
	    BIO_meth_set_read_ex(b->method, on_read) != 1 ||
	    BIO_meth_set_write_ex(b->method, on_write) != 1 ||
	    BIO_meth_set_ctrl(b->method, on_control) != 1)
		return false;
	b->bio = BIO_new(b->method);
	if (b->bio == NULL)
		return false;
	BIO_set_data(b->bio, b);
	BIO_set_init(b->bio, 1);
	return true;
}

struct tls_bio *
tls_bio_new(void)
{
	struct tls_bio *b = calloc(1, sizeof(*b));

	if (b != NULL && !tls_bio_make(b)) {
		tls_bio_free(b);
		return NULL;
	}
	return b;
}

void
tls_bio_free(struct tls_bio *b)
{
	if (b == NULL)
		return;
	BIO_free(b->bio);
	BIO_meth_free(b->method);
	buf_clear(&b->flight);
	free(b);
}

void
tls_bio_attach(struct tls_bio *b, SSL *ssl)
{
	BIO_up_ref(b->bio);
	SSL_set_bio(ssl, b->bio, b->bio);
}

void
tls_bio_give(struct tls_bio *b, const uint8_t *bytes, size_t len)
{
	b->in = bytes;
	b->in_len = len;
	b->is_starved = false;
}

bool
tls_bio_is_starved(const struct tls_bio *b)
{
	return b->is_starved;
}

struct buf *
tls_bio_flight(struct tls_bio *b)
{
	return &b->flight;
}
