/*
 * intake - what a client sends: from bytes to requests.
 *
 * Runs in the worker.  Reads the socket, has the head answered, decodes the
 * frames, and turns messages into requests to the broker or into an echo.
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
/* Answers the request under way with a refusal, and ends. */
void intake_refuse(struct worker *, struct client *, enum refusal);

#endif
