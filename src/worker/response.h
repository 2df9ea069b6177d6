/*
 * response - what the broker answers to a client and what is whispered to it,
 * in the client's dialect and in its place.
 *
 * Runs in the worker.  Lines are aside.c's to write, JSON is json_write.c's;
 * an answer that belongs behind a position of the log waits in waiting.c.
 * What was granted has no answer but its record, which is event.c's.
 */
#ifndef WORKER_RESPONSE_H
#define WORKER_RESPONSE_H

#include <stdbool.h>

#include "ipc/ipc.h"
#include "worker/worker.h"

/* REFUSED, ACKED, LISTED, WHISPERED.  False: not of an honest broker. */
void response_on_refused(struct worker *, const struct ipc_message *);
void response_on_acked(struct worker *, const struct ipc_message *);
bool response_on_listed(struct worker *, const struct ipc_message *)
    __attribute__((warn_unused_result));
bool response_on_whispered(struct worker *, const struct ipc_message *)
    __attribute__((warn_unused_result));

#endif
