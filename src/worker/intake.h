/*
 * intake - what a client sends: from bytes to messages.
 *
 * Runs in the worker.  Reads the socket, has the head answered (admission.c),
 * decodes the frames, and hands each message to what its client speaks:
 * speech.c, dialogue.c or echo.c.
 */
#ifndef WORKER_INTAKE_H
#define WORKER_INTAKE_H

#include "worker/client.h"
#include "worker/worker.h"

/* The socket has something to read. */
void intake_read(struct worker *, struct client *);
/* Goes on with what was held back, when nothing is waited for any more
 * (client_is_waiting); `input` is there. */
void intake_resume(struct worker *, struct client *);

#endif
