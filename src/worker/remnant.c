/*
 * remnant - see remnant.h.
 */
#include "config.h"

#include "worker/remnant.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define FRONT	256		/* bytes that tell two kinds of line apart */

/* Who is told something of his own behind a record has a longer frame of it;
 * and a line that is no record's stands where the next record will. */
static bool
is_same(const struct remnant *r, uint64_t position, uint8_t form,
    const uint8_t *frame, size_t len)
{
	return r->position == position && r->form == form && r->len == len &&
	    memcmp(r->bytes, frame, len < FRONT ? len : FRONT) == 0;
}

struct remnant *
remnant_share(struct remnant **recent, uint64_t position, uint8_t form,
    const uint8_t *frame, size_t len)
{
	struct remnant *r = *recent;

	if (r == NULL || !is_same(r, position, form, frame, len)) {
		r = malloc(sizeof(*r) + len);
		if (r == NULL)
			return NULL;
		memory_add(len);
		*r = (struct remnant){
			.position = position, .users = 1, .form = form,
			.len = len
		};
		memcpy(r->bytes, frame, len);
		remnant_release(*recent);
		*recent = r;
	}
	r->users++;
	return r;
}

void
remnant_release(struct remnant *r)
{
	if (r == NULL || --r->users > 0)
		return;
	memory_remove(r->len);
	free(r);
}

void
remnant_trim(struct remnant **recent)
{
	if (*recent == NULL || (*recent)->users > 1)
		return;
	remnant_release(*recent);
	*recent = NULL;
}
