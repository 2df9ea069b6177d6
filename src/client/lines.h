/*
 * lines - bytes in, lines out.
 *
 * A pure module of wschat: what comes through a pipe, cut where it is meant
 * to be.  A line ends with LF or CRLF, or with the input.
 */
#ifndef CLIENT_LINES_H
#define CLIENT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define LINES_MAX	(1 << 20)	/* bytes of a line */

enum lines_result {
	LINES_NONE,	/* none is whole; at the end: none is left */
	LINES_ONE,
	LINES_LONG	/* one was longer than LINES_MAX and is dropped */
};

struct lines {
	struct buf in;		/* append here what was read */
	uint64_t count;		/* lines given so far, dropped ones too */
	bool is_dropping;	/* the rest of a line that is too long */
};

void lines_init(struct lines *);
void lines_clear(struct lines *);

/* Takes the next line, without its end; lent until anything is appended.
 * `is_end`: no more is coming.  Call until LINES_NONE: what is left then is
 * shorter than LINES_MAX. */
enum lines_result lines_next(struct lines *, bool is_end,
    const uint8_t **line_out, size_t *len_out)
    __attribute__((warn_unused_result));

#endif
