/*
 * secure - TLS below a connection of wschat-bench.
 *
 * Reads and writes as recv() and send() on a socket that does not block; the
 * TLS handshake is part of the first ones.  Runs in wschat-bench and in the
 * crowd of the tests of faults.
 */
#ifndef BENCH_SECURE_H
#define BENCH_SECURE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct ssl_st;
struct ssl_ctx_st;

/* Believes the authorities in the file `ca`, or with NULL those of the
 * system; with `insecure` everybody.  Returns owned, for the life of the
 * process; NULL: *why_out says why, static text. */
struct ssl_ctx_st *secure_context(const char *ca, bool insecure,
    const char **why_out) __attribute__((warn_unused_result));

/* TLS over `fd`, which it borrows, to `host`, a name or an address.  Returns
 * owned; NULL: no memory. */
struct ssl_st *secure_new(struct ssl_ctx_st *, int fd, const char *host)
    __attribute__((warn_unused_result));
/* Says no goodbye.  NULL is fine. */
void secure_free(struct ssl_st *);

/* As recv() and send(): -1 with EAGAIN, also where the handshake waits for
 * the other direction; -1 with EPROTO for what TLS does not like; 0: end. */
ssize_t secure_recv(struct ssl_st *, void *, size_t);
ssize_t secure_send(struct ssl_st *, const void *, size_t);

/* Has it bytes that no event of the socket tells of?  They may be less than
 * secure_recv needs. */
bool secure_has_more(const struct ssl_st *);
/* Does it wait for the peer, so that a writable socket is of no use? */
bool secure_wants_read(const struct ssl_st *);

#endif
