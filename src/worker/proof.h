/*
 * proof - up to where a client has had its room's messages for certain.
 *
 * Runs in the worker.  A ping to a client with a seat carries the room and
 * the number of the last message that stands before it on the wire; the pong
 * that brings it back proves that all of them have arrived, which is told the
 * broker.  Who comes back and does not say what it had is told everything
 * behind that.
 */
#ifndef WORKER_PROOF_H
#define WORKER_PROOF_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/messages.h"
#include "worker/client.h"
#include "worker/worker.h"

/* The payload of a ping that is to stand behind what the client has been
 * given; returns its length, 0 when there is nothing to prove. */
size_t proof_write(const struct client *, uint8_t out[IPC_PROOF]);
/* The payload of a pong, which may be anything. */
void proof_take(struct worker *, struct client *, const uint8_t *payload,
    size_t len);

#endif
