/*
 * batch - what one turn brings one room, in each form that its members take.
 *
 * In each form the frames lie one behind the other, and for each frame there
 * is the position of its record, so that a client whose socket takes only a
 * part finishes the frame it is in and goes on in the log behind it.
 *
 *	bytes   | frame | frame | frame |
 *	        ^       ^       ^       ^
 *	marks   0       1       2       end
 *
 * In the worker; filled and sent by delivery.c and catchup.c.
 */
#ifndef WORKER_BATCH_H
#define WORKER_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "worker/form.h"

struct audience;
struct compress;

struct mark {
	size_t offset;		/* of the frame */
	uint64_t position;	/* of its record */
};

struct rendering {
	struct buf bytes;
	struct mark *marks;
	size_t mark_count, mark_capacity;
	uint64_t base;		/* the audience's `rendered` at its start */
};

struct batch {
	struct batch *next;
	struct audience *audience;
	uint64_t end;		/* log position behind the last record */
	struct rendering forms[FORMS];
};

struct batch *batch_new(void) __attribute__((warn_unused_result));
void batch_free(struct batch *);	/* NULL is fine */
/* Empties it; memory that is out of proportion is given back. */
void batch_reset(struct batch *);

/* Appends what the record at `position` is in a dialect, in every form of it
 * that `in_form` counts somebody for; below `min_size` it is not compressed.
 * A second line of a record is one with the first.  False: no memory, the
 * batch is spoilt. */
bool batch_append(struct batch *, struct compress *,
    const uint32_t in_form[FORMS], enum dialect, uint64_t position,
    const struct buf *line, size_t min_size)
    __attribute__((warn_unused_result));
/* Takes back what was appended of the records from `position` on, also when
 * that failed. */
void batch_cut(struct batch *, uint64_t position);
/* How long it is in its longest form. */
size_t batch_size(const struct batch *);

/* The first frame that begins at `offset` or behind it; NULL: none. */
const struct mark *batch_find_mark(const struct rendering *, size_t offset);
/* The frame that has the byte at `offset`; NULL: there is none. */
const struct mark *batch_find_frame(const struct rendering *, size_t offset);
/* How many frames begin there or behind it. */
size_t batch_count_from(const struct rendering *, size_t offset);

#endif
