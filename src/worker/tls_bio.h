/*
 * tls_bio - the memory that OpenSSL reads from and writes into.
 *
 * Runs in the worker.  One for all of its sessions, which use it one at a
 * time: what came for a session is given before it is asked to read, and what
 * it has written meanwhile, its flight, is taken before another one's turn.
 */
#ifndef WORKER_TLS_BIO_H
#define WORKER_TLS_BIO_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct tls_bio;

/* NULL: no memory. */
struct tls_bio *tls_bio_new(void) __attribute__((warn_unused_result));
void tls_bio_free(struct tls_bio *);	/* NULL is fine; no session has it */
/* Has the session read and write here; it holds a reference of its own. */
void tls_bio_attach(struct tls_bio *, SSL *);

/* What is to be read next; borrowed until it is read or nothing is given in
 * its place. */
void tls_bio_give(struct tls_bio *, const uint8_t *bytes, size_t len);
/* Whether more has been asked for than was given last. */
bool tls_bio_is_starved(const struct tls_bio *);

/* Lends what was written, to be emptied by whoever sends it. */
struct buf *tls_bio_flight(struct tls_bio *);

#endif
