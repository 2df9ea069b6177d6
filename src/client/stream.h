/*
 * stream - bytes to and from the server, in the clear or through TLS.
 *
 * Runs in wschat.  Never blocks and knows no event: results say what to wait
 * for.
 */
#ifndef CLIENT_STREAM_H
#define CLIENT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream;
struct trust;
struct url;

/* Whom wss:// believes: the system's authorities, or those of the file `ca`;
 * anybody with `is_insecure`.  NULL: why is in `error`. */
struct trust *trust_new(const char *ca, bool is_insecure, char *error,
    size_t size) __attribute__((warn_unused_result));
void trust_free(struct trust *);

enum stream_result {
	STREAM_OK,
	STREAM_WANT_READ,	/* again when the descriptor is readable */
	STREAM_WANT_WRITE,
	STREAM_END,		/* the peer is done, in good order or not */
	STREAM_FAILED,		/* see stream_error */
	STREAM_UNTRUSTED	/* the certificate will not do */
};

/* Takes the descriptor, also on failure; borrows the trust.  With TLS when
 * the URL says so.  NULL: no memory. */
struct stream *stream_new(int fd, const struct trust *, const struct url *)
    __attribute__((warn_unused_result));
void stream_free(struct stream *);

/* The TLS handshake: call until OK. */
enum stream_result stream_shake(struct stream *)
    __attribute__((warn_unused_result));
enum stream_result stream_read(struct stream *, uint8_t *, size_t size,
    size_t *len_out) __attribute__((warn_unused_result));
enum stream_result stream_write(struct stream *, const uint8_t *, size_t,
    size_t *len_out) __attribute__((warn_unused_result));
/* No more is written; best effort. */
void stream_shutdown(struct stream *);

int stream_fd(const struct stream *);
/* What went wrong, for people; lent. */
const char *stream_error(const struct stream *);

#endif
