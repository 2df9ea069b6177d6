/*
 * dialogue - what a JSON client asks for.
 *
 * Runs in the worker.  The form of requests is json_read.c's, that of what is
 * answered at once json_write.c's; what the broker answers is response.c's,
 * and what becomes a record event.c's to tell.
 */
#ifndef WORKER_DIALOGUE_H
#define WORKER_DIALOGUE_H

#include <stddef.h>
#include <stdint.h>

#include "worker/client.h"
#include "worker/worker.h"

/* A text message of a client who speaks JSON. */
void dialogue_request(struct worker *, struct client *, const uint8_t *text,
    size_t len);

#endif
