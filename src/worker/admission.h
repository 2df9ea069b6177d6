/*
 * admission - what becomes of a connection before it is a WebSocket.
 *
 * Its request is answered: by the switch, from which on its frames are
 * intake.c's; by a page; or by a refusal.  Or it ends without an answer,
 * because it is none that could read one.
 *
 * Runs in the worker.  What an answer says is answer.c's.
 */
#ifndef WORKER_ADMISSION_H
#define WORKER_ADMISSION_H

#include <stddef.h>
#include <stdint.h>

#include "worker/client.h"
#include "worker/worker.h"
#include "ws/refusals.h"

/* Reads the head, of which all that came so far begins at `data`, and answers
 * it once it is whole; the client is in HEAD and has input.  Returns how many
 * bytes are done with, 0 when more are needed. */
size_t admission_read(struct worker *, struct client *, uint8_t *data,
    size_t len);
/* Answers the request under way with a refusal, and ends. */
void admission_refuse(struct worker *, struct client *, enum refusal);
/* Ends a connection that HTTP has not begun on, in good order and without an
 * answer of ours.  `error`, for the log: some words, or NULL. */
void admission_hang_up(struct worker *, struct client *, enum refusal,
    const char *error);

#endif
