/*
 * line - a line for a text client, put together from pieces.
 *
 * A pure module of the worker, for answers: it remembers the first failure,
 * so that who writes a line asks once, at its end.  What is foreign goes
 * through _add_safe or _add_name.
 */
#ifndef WORKER_LINE_H
#define WORKER_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ws/slice.h"

#define LINE_NAME_MAX	128	/* bytes: 32 characters of 4 */

struct line {
	struct buf *buf;	/* lent */
	size_t before;		/* bytes that waited in it */
	bool is_good;
};

/* Begins with "[server::WORD] ". */
struct line line_begin(struct buf *, const char *word);

void line_add(struct line *, const char *ours);
void line_add_number(struct line *, uint64_t);
void line_add_safe(struct line *, struct slice);
/* At most LINE_NAME_MAX bytes of it, whole characters, then U+2026. */
void line_add_name(struct line *, struct slice);

/* False: no memory, and the buffer is as it was. */
bool line_end(struct line *) __attribute__((warn_unused_result));

#endif
