/*
 * tls - the TLS contexts of a worker: which certificate, which ciphers, who
 * is believed.
 *
 * Made from the parent's images, and without a file, as a reload brings
 * another when the worker may open none.  Runs in the worker; a connection's
 * session is tls_session's.
 */
#ifndef WORKER_TLS_H
#define WORKER_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/settings.h"
#include "ipc/messages.h"

struct tls;

/* Has OpenSSL load whatever it needs, before the worker gives up its rights.
 * Dies when that is not possible. */
void tls_prepare(void);

/* Without certificates; NULL: no memory. */
struct tls *tls_new(void) __attribute__((warn_unused_result));
void tls_free(struct tls *);	/* NULL is fine */

/* The contexts of the listeners that have a row in the image, for handshakes
 * that begin from now on; sessions keep theirs.  False, with errno: no memory,
 * or it is not what the parent made and tried; all is as it was. */
bool tls_load(struct tls *, const struct settings *, const void *image)
    __attribute__((warn_unused_result));

/* Whether TLS is spoken there; the index is the listener's. */
bool tls_is_spoken(const struct tls *, unsigned listener);
/* A server's end for a connection that came by such a listener, without
 * BIOs; owned by the caller.  NULL: no memory. */
SSL *tls_start(const struct tls *, unsigned listener)
    __attribute__((warn_unused_result));

/* The key of session tickets from now on, see worker/tickets.h. */
void tls_add_ticket_key(struct tls *, const struct ipc_ticket_key *);

#endif
