/*
 * completion - what Tab makes of the line so far.
 *
 * A pure module of wschat: a command at the line's beginning, elsewhere the
 * name of somebody in the room.
 */
#ifndef CLIENT_COMPLETION_H
#define CLIENT_COMPLETION_H

#include <stddef.h>

#include "client/names.h"

struct completion {
	size_t count;		/* candidates */
	char insert[256];	/* what all of them go on with; when there is
				   one alone, with what belongs behind it */
	char list[1024];	/* the candidates, as far as they fit */
};

/* `before`: the `len` bytes of the line before the cursor. */
void completion_find(struct completion *, const char *before, size_t len,
    const struct names *);

#endif
