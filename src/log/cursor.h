/*
 * cursor - a reader's place in the log.
 *
 * Used by workers (and whatever else reads); a pure module over a read-only
 * mapping.  The writer never waits for a reader, so the bytes under a cursor
 * can be overwritten while they are read.  The rule that makes this safe:
 * copy (rendering a frame is that copy), then ask cursor_is_intact with the
 * position where the copying began; when it says no, throw the copy away.
 *
 *	cursor_seek(&c, log, from);
 *	while (cursor_next(&c, end, &view))
 *		render(&view);            <- copies
 *	if (!cursor_is_intact(log, from)) <- fence, re-reads `first`
 *		overrun();
 */
#ifndef LOG_CURSOR_H
#define LOG_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "log/log.h"
#include "log/record.h"

struct cursor {
	const struct log *log;
	uint64_t position;	/* of the next record to read */
};

/* One record: a copy of the fixed part, whose lengths are checked to lie
 * inside the readable part, and the texts, lent from the ring. */
struct cursor_view {
	uint64_t position;
	struct record record;
	const uint8_t *name;
	const uint8_t *token;	/* RECORD_TOKEN_BYTES; NULL: none */
	const uint8_t *id;
	const uint8_t *text;	/* proper, behind all that */
	uint32_t text_len;
	uint8_t id_len;		/* 0: none */
	struct record_enter enter;	/* of ENTER */
};

/* Places the cursor; a position before `first` is an overrun: returns false
 * and the number of bytes lost, and stands at `first`. */
bool cursor_seek(struct cursor *, const struct log *, uint64_t position,
    uint64_t *lost_out);

/* Reads the record under the cursor and moves past it; `end` is a value of
 * log_committed the caller took before.  False at `end`, or when what stands
 * there is no record (then the reader was overrun: the position does not
 * move and cursor_is_intact will say so). */
bool cursor_next(struct cursor *, uint64_t end, struct cursor_view *view_out);

/* Whether all bytes from `position` on, read until now, were whole. */
bool cursor_is_intact(const struct log *, uint64_t position);

/* A room's history: follows `previous` from the room's `newest` record and
 * gives the positions of its last `most` messages (MESSAGE or KEPT, each seq
 * once) below sequence `before` (0: no bound), oldest first.  Returns how
 * many; stops at `first`, and never walks more than `steps` records. */
size_t cursor_history(const struct log *, uint64_t room, uint64_t newest,
    uint64_t before, uint64_t *positions_out, size_t most, size_t steps);

/* Reads the one record at a position (false: overrun, or no record). */
bool cursor_read(const struct log *, uint64_t position,
    struct cursor_view *view_out);

#endif
