/*
 * tls_session - a connection's TLS: plain bytes on one side, records on the
 * other.
 *
 *	NEW --> HANDSHAKE --> OPEN --> ENDING --> DEAD
 *
 * NEW has seen no byte: the first one says what is spoken.  ENDING has made
 * its close_notify, which may still wait for the socket; DEAD has no SSL
 * object any more.  Both discard what comes.  A failure leads from HANDSHAKE
 * and OPEN to ENDING, with an alert in place of close_notify.
 *
 * Runs in the worker.  No socket: what came is given to the worker's tls_bio
 * before a session is asked to read, and what that is to send lies in its
 * flight afterwards; wire.c moves both.
 */
#ifndef WORKER_TLS_SESSION_H
#define WORKER_TLS_SESSION_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct tls_bio;
struct tls_session;

/* NULL: no memory. */
struct tls_session *tls_session_new(void) __attribute__((warn_unused_result));
void tls_session_free(struct tls_session *);	/* NULL is fine */

/* From NEW to HANDSHAKE; takes the SSL. */
void tls_session_begin(struct tls_session *, SSL *, struct tls_bio *);

bool tls_session_is_new(const struct tls_session *);
bool tls_session_is_open(const struct tls_session *);
/* ENDING or DEAD. */
bool tls_session_is_over(const struct tls_session *);

/* What a session reads. */
struct tls_plain {
	uint8_t *bytes;		/* the caller's */
	size_t len, size;
	unsigned controls;	/* messages of TLS itself among them */
	bool is_ended;		/* behind the bytes the peer has ended */
	const char *error;	/* it failed: why; some words */
};

/* Goes on with the handshake, if there is one, and decrypts what follows.
 * `connection` is for the log.  All that was given is read unless it failed or
 * is ended, so `size` has to suffice for it. */
void tls_session_read(struct tls_session *, struct tls_bio *,
    uint64_t connection, struct tls_plain *);
/* Encrypts, while OPEN, no more bytes than a record takes.  False: broken, and
 * what is in the flight is not to be sent. */
bool tls_session_write(struct tls_session *, const uint8_t *bytes, size_t len)
    __attribute__((warn_unused_result));

/* From OPEN to ENDING; the close_notify is in the flight. */
void tls_session_end(struct tls_session *);
/* To DEAD, which keeps no memory of OpenSSL's. */
void tls_session_release(struct tls_session *);

/* Lends what the socket has not taken of earlier flights; the caller fills and
 * empties it. */
struct buf *tls_session_rest(struct tls_session *);

#endif
