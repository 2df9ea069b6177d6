/*
 * speech - what a text client says and what it alone is told: lines that are
 * commands are carried out, and the broker's answers become lines.
 *
 * Runs in the worker.  The form of commands is command.c's, that of answers
 * aside.c's; what an own record in the log tells is event.c's to say.
 */
#ifndef WORKER_SPEECH_H
#define WORKER_SPEECH_H

#include "ipc/ipc.h"
#include "worker/client.h"
#include "worker/worker.h"

/* A whole line without its end. */
void speech_line(struct worker *, struct client *, const uint8_t *line,
    size_t len);

/* REFUSED, LISTED, WHISPERED.  False: not of an honest broker. */
void speech_on_refused(struct worker *, const struct ipc_message *);
bool speech_on_listed(struct worker *, const struct ipc_message *)
    __attribute__((warn_unused_result));
bool speech_on_whispered(struct worker *, const struct ipc_message *)
    __attribute__((warn_unused_result));

#endif
