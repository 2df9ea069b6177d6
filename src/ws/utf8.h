/*
 * utf8: an incremental UTF-8 check (RFC 3629, Unicode table 3-7).
 *
 * A pure module for workers and clients. It judges text that arrives in
 * pieces of any size and refuses it at the first byte that cannot be part of
 * well-formed UTF-8, also in the middle of a code point. It keeps no text.
 */
#ifndef WS_UTF8_H
#define WS_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A value: copy it, keep it in a bigger struct, throw it away. */
struct utf8 {
	uint8_t need;       /* continuation bytes still due */
	uint8_t low, high;  /* bounds of the next byte while need > 0 */
};

void utf8_init(struct utf8 *);

/*
 * Judges the next `len` bytes, which are read and not kept. False at the
 * first byte that cannot continue what came before: a stray or missing
 * continuation, an overlong form, a surrogate, more than U+10FFFF. From then
 * on every byte is refused, until utf8_init.
 */
bool utf8_feed(struct utf8 *, const uint8_t *data, size_t len)
    __attribute__((warn_unused_result));

/* Whether all that was fed ends with a whole code point. */
bool utf8_is_complete(const struct utf8 *);

#endif
