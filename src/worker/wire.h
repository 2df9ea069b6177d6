/*
 * wire - a client's socket: the one place that reads and writes it.
 *
 * The rest of the worker sees plain bytes; here they are what they are, or
 * records of TLS, of which a connection's session (tls_session.h) makes plain
 * bytes and the reverse.  A session that has ended discards what comes.
 *
 * OpenSSL never touches the socket: it reads from the bytes that one recv()
 * brought and writes into a buffer of the worker, so that it is never left
 * half way through a record.  What the socket does not take waits in the
 * session; while something does, nothing more is encrypted.
 *
 * On a listener with the PROXY protocol a connection begins with that header,
 * in front of TLS, too: until it is whole nothing else is read.
 *
 * Runs in the worker.
 */
#ifndef WORKER_WIRE_H
#define WORKER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct client;
struct ipc_ticket_key;
struct settings;
struct wire;
struct worker;

/* What needs rights; see tls_prepare. */
void wire_prepare(void);
/* For all connections of the worker; NULL, with errno: no memory. */
struct wire *wire_new(void) __attribute__((warn_unused_result));
/* Takes the certificates from the image of base/tls_image.h, a whole one, for
 * those who come from now on.  False, with errno: all is as it was. */
bool wire_load(struct wire *, const struct settings *, const void *image)
    __attribute__((warn_unused_result));
void wire_add_ticket_key(struct wire *, const struct ipc_ticket_key *);

/* Sets `tls` and `preface` of a client by its listener; NULL when TLS is not
 * spoken there, and when no header is awaited.  False: no memory. */
bool wire_open(const struct worker *, struct client *)
    __attribute__((warn_unused_result));
/* Frees both; the socket is not touched. */
void wire_close(struct client *);

/*
 * Reading.
 */

/* A connection's first byte when it speaks TLS. */
#define WIRE_TLS_BYTE	0x16

enum wire_state {
	WIRE_OPEN,
	WIRE_ENDED,	/* behind the bytes the peer has ended its side */
	WIRE_BROKEN,	/* reset, or a socket's error: to be dropped */
	WIRE_FAILED,	/* TLS went wrong; the alert is due, then the end */
	WIRE_HTTP,	/* a letter in place of TLS: `tls` is NULL now */
	WIRE_ALIEN,	/* neither TLS nor a letter; likewise */
	WIRE_UNTOLD	/* no good PROXY header; likewise */
};

struct wire_input {
	uint8_t *bytes;		/* in the worker's receive buffer */
	size_t len;		/* may be 0 in every state */
	enum wire_state state;
	bool is_full;		/* there may be more in the socket */
	unsigned controls;	/* messages of TLS itself among them */
	const char *error;	/* FAILED, UNTOLD: why; some words */
};

/* Reads once, as much as fits, and leaves nothing behind that no event would
 * tell of.  Bytes may have become due for sending: see wire_is_waiting. */
struct wire_input wire_receive(struct worker *, struct client *);
/* Whether what it sends can be read and answered: neither a handshake nor
 * the PROXY header is under way. */
bool wire_is_ready(const struct client *);

/*
 * Writing.
 */

/* Sends what waits, then these bytes; `*taken_out` is how many of them need
 * not be given again.  False: broken, to be dropped.  Notes progress_ms when
 * the socket takes anything. */
bool wire_send(struct worker *, struct client *, const struct iovec *,
    int count, size_t *taken_out) __attribute__((warn_unused_result));
/* Whether bytes that count as sent wait for the socket. */
bool wire_is_waiting(const struct client *);
/* Ends our side, once nothing is to be sent; false: something still waits
 * for the socket, to be called again. */
bool wire_end(struct worker *, struct client *);

#endif
