/*
 * tls_image - certificates, keys and client CAs as one block of bytes.
 *
 * The parent reads the files of all listeners into this form
 * (parent/tls_files.c) and passes it in a sealed memory file to workers
 * alone, at their start and with each reload; they make their contexts from it
 * and unmap it then (worker/tls.c).
 *
 *	+--------+------------+---------------------------+
 *	| header | row[count] | texts, keys (PEM) ...     |
 *	+--------+------------+---------------------------+
 *
 * Offsets count from the image's start.  A listener's certificates stand in
 * the order of the configuration: the first is for who asks for no name, or
 * for one that none of them has.
 */
#ifndef BASE_TLS_IMAGE_H
#define BASE_TLS_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLS_IMAGE_MAGIC	UINT64_C(0x31736c7474686377)	/* "wchttls1" */

enum tls_kind {
	TLS_CERTIFICATE,	/* text: leaf, then its chain; key: its own */
	TLS_CLIENT_CA		/* text: who vouches for clients; no key */
};

struct tls_image_header {
	uint64_t magic;
	uint32_t count;		/* rows */
	uint32_t zero;
};

struct tls_image_row {
	uint32_t listener;	/* index in the settings */
	uint32_t kind;		/* enum tls_kind */
	uint64_t text_offset, text_len;
	uint64_t key_offset, key_len;
};

_Static_assert(sizeof(struct tls_image_header) == 16, "size");
_Static_assert(sizeof(struct tls_image_row) == 40, "size");

/* A row with its bytes, lent. */
struct tls_part {
	uint32_t listener;
	enum tls_kind kind;
	const char *text, *key;		/* PEM, not NUL-terminated */
	size_t text_len, key_len;
};

/* Makes the image of these parts, perhaps none; owned by the caller, who
 * wipes it.  NULL: no memory. */
uint8_t *tls_image_make(const struct tls_part *, size_t count,
    size_t *len_out) __attribute__((warn_unused_result));

/* Whether it is an image whose rows lie within it.  Only then: */
bool tls_image_is_whole(const void *image, size_t len)
    __attribute__((warn_unused_result));
uint32_t tls_image_count(const void *image);
/* Row `index`, below the count; its bytes are the image's. */
struct tls_part tls_image_part(const void *image, uint32_t index);

#endif
