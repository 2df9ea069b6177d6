/*
 * remnant - a frame that has left in part, for all who have it in part.
 *
 * In the worker.  A frame is finished from memory, never from the log, which
 * may lose it meanwhile.  Those whose sockets took some of it share one copy,
 * whether they were sent it in the same turn or behind the others, so that a
 * long message costs its length once and not for each of them.  Used by
 * catchup.c, which knows the frames, and by output.c, which sends the rest.
 */
#ifndef WORKER_REMNANT_H
#define WORKER_REMNANT_H

#include <stddef.h>
#include <stdint.h>

struct remnant {
	uint64_t position;	/* of the record */
	uint32_t users;
	uint8_t form;
	size_t len;
	uint8_t bytes[];
};

/* The copy of the frame that a record is in a form, held once more for the
 * caller: `*recent` when it is of the same, else a new one, which takes its
 * place there.  Under other settings a record is another frame: then `*recent`
 * has to be released first.  NULL: no memory. */
struct remnant *remnant_share(struct remnant **recent, uint64_t position,
    uint8_t form, const uint8_t *frame, size_t len)
    __attribute__((warn_unused_result));
/* The last who lets go frees it.  NULL is fine. */
void remnant_release(struct remnant *);
/* Lets `*recent` go when nobody else holds it. */
void remnant_trim(struct remnant **recent);

#endif
