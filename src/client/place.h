/*
 * place - where libedit has put the cursor.
 *
 * A pure module of wschat, but for the locale's idea of characters.  libedit
 * does not tell; this goes through the line as it does.
 */
#ifndef CLIENT_PLACE_H
#define CLIENT_PLACE_H

#include <stddef.h>

/* The row of the cursor, counted from that where the prompt begins, on a
 * terminal of `wide` columns: a prompt of ASCII, then `len` bytes of a line,
 * `before` of them before the cursor. */
unsigned place_row(size_t prompt_len, const char *line, size_t len,
    size_t before, unsigned wide);

#endif
