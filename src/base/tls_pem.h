/*
 * tls_pem - PEM texts put into an OpenSSL context.
 *
 * The parent does it to find out whether a file is good, a worker to serve
 * from it: what the one lets pass the other cannot stumble over.
 */
#ifndef BASE_TLS_PEM_H
#define BASE_TLS_PEM_H

#include <openssl/ssl.h>

#include "base/tls_image.h"

enum tls_pem {
	TLS_PEM_GOOD,
	TLS_PEM_NO_CERTIFICATE,		/* the text has none, or a bad one */
	TLS_PEM_NO_KEY,			/* the key's text has none */
	TLS_PEM_PASSPHRASE,		/* the key is encrypted */
	TLS_PEM_MISMATCH,		/* key and certificate are not a pair */
	TLS_PEM_REFUSED			/* too weak, or of an unknown kind */
};

/* Puts a TLS_CERTIFICATE with its chain and key into the context, or makes a
 * TLS_CLIENT_CA who the context believes about clients.  OpenSSL's errors are
 * left in its queue. */
enum tls_pem tls_pem_use(SSL_CTX *, const struct tls_part *)
    __attribute__((warn_unused_result));

#endif
