/*
 * speech - what a text client says: lines that are commands are carried out.
 *
 * Runs in the worker.  The form of commands is command.c's, that of answers
 * aside.c's; what the broker answers is response.c's, and what an own record
 * in the log tells is event.c's to say.
 */
#ifndef WORKER_SPEECH_H
#define WORKER_SPEECH_H

#include "worker/client.h"
#include "worker/worker.h"

/* A text message of a client who speaks lines: one line, with its end or
 * without. */
void speech_line(struct worker *, struct client *, const uint8_t *line,
    size_t len);

#endif
