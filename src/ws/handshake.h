/*
 * handshake: the answers to the head of a request.
 *
 * Writes the 101 of RFC 6455 section 4.2.2 and the refusals. A pure module
 * of the worker; the head itself is read in head.h, the page and the health
 * checks are answered elsewhere.
 */
#ifndef WS_HANDSHAKE_H
#define WS_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ws/head.h"

#define HANDSHAKE_ACCEPT_SIZE 29          /* 28 characters and a NUL */
#define HANDSHAKE_REFUSAL_MAX 1024        /* bytes of any refusal */

/*
 * Field lines of every answer but 101, those of the page and of errors alike:
 * nothing from elsewhere, nothing inline, no frame around it, no guessing.
 */
#define HTTP_SECURITY_FIELDS \
	"Content-Security-Policy: default-src 'none'; script-src 'self'; " \
	"style-src 'self'; img-src 'self' data:; font-src 'self'; " \
	"manifest-src 'self'; connect-src 'self'; " \
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n" \
	"X-Content-Type-Options: nosniff\r\n" \
	"Referrer-Policy: no-referrer\r\n"

/*
 * Sec-WebSocket-Accept of RFC 6455 4.2.2 for a key, NUL-terminated. False
 * when the key has not 24 characters or the crypto library refuses SHA-1.
 */
bool handshake_accept_key(struct slice key,
    char out[static HANDSHAKE_ACCEPT_SIZE])
    __attribute__((warn_unused_result));

/*
 * Write a whole response and return its length, without a NUL. 0 when it
 * does not fit in `size` (256 bytes, the protocol, the extensions and the
 * fields, and HANDSHAKE_REFUSAL_MAX always do), or when the key cannot be
 * hashed. `protocol` of length 0: none chosen; `extensions` likewise.
 * `fields` are whole lines of ours, or "". The body of a
 * refusal, which must be one that has a status, is its text and a line feed;
 * the answer to a HEAD announces it and leaves it out.
 */
size_t handshake_switch_write(char *out, size_t size, struct slice key,
    struct slice protocol, struct slice extensions, const char *fields)
    __attribute__((warn_unused_result));
size_t handshake_refusal_write(char *out, size_t size, enum refusal,
    bool is_head) __attribute__((warn_unused_result));

/* The reason phrase of a status; "Error" for one that is not used here. */
const char *http_status_text(uint16_t status);

#endif
