/*
 * speech - what a client says, as its server wants it: plain, or wrapped in
 * a dialect for the topic of its room.
 *
 * Runs in wschat-bench; load.c says when.
 */
#ifndef BENCH_SPEECH_H
#define BENCH_SPEECH_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/arguments.h"
#include "bench/link.h"

/* Asks to hear room `room`; for a dialect that is not the plain one.  Queues
 * at the link, as the next; false: as link_say. */
bool speech_join(const struct arguments *, unsigned room, struct link *)
    __attribute__((warn_unused_result));

/* One message to room `room`; borrows `text`. */
bool speech_say(const struct arguments *, unsigned room, struct link *,
    const char *text, size_t len) __attribute__((warn_unused_result));

#endif
