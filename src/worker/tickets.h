/*
 * tickets - the keys of TLS session tickets, as a worker has them.
 *
 * All workers have the same two, from the parent: what one wrote another
 * opens, so a client resumes its session wherever its next connection lands,
 * also behind a worker's death.  The newest key writes, the one before it
 * still opens; an older one is gone, and with it what its tickets protected.
 * A ticket lasts no longer than the certificate that its client showed.
 *
 * Runs in the worker.
 */
#ifndef WORKER_TICKETS_H
#define WORKER_TICKETS_H

#include <openssl/ssl.h>
#include <stdint.h>

#include "ipc/messages.h"

struct tickets;

/* A ticket opens for at least this long, and for less than twice as long:
 * the parent's period of new keys. */
#define TICKETS_LIFE_S	(12 * 60 * 60)

/* Without a key; NULL: OpenSSL lacks a cipher, or no memory. */
struct tickets *tickets_new(void) __attribute__((warn_unused_result));
void tickets_free(struct tickets *);
/* The new key; what was the newest is now the one before it.  One that is
 * known changes nothing. */
void tickets_add(struct tickets *, const struct ipc_ticket_key *);

/* Has the context write and open its tickets with them; borrowed for as long
 * as the context lives. */
void tickets_serve(struct tickets *, SSL_CTX *);

#endif
