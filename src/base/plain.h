/*
 * plain - a text of somebody, made safe to show: one line, no terminal
 * control.
 *
 * Pure; workers render lines for text clients with it, and the terminal
 * client shows people nothing that has not passed it.  The input may change
 * under its hands (log/cursor.h): then the output is rubbish that the caller
 * throws away, but no byte is written outside of it.
 */
#ifndef BASE_PLAIN_H
#define BASE_PLAIN_H

#include <stddef.h>
#include <stdint.h>

/* Line breaks become U+2424, other C0 controls but tab their picture, C1 and
 * bidi controls U+FFFD.  UTF-8 in, UTF-8 out; bytes that are not UTF-8 pass.
 * _length says how long it gets, _write writes it, never more than `limit`
 * bytes. */
size_t plain_length(const uint8_t *text, size_t len);
size_t plain_write(uint8_t *out, size_t limit, const uint8_t *text,
    size_t len);

#endif
