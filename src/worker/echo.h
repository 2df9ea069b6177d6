/*
 * echo - what a message gets on a route that is no chat: itself, or a line of
 * the route's format about it.
 *
 * Runs in the worker.  The form of the line is render.c's.
 */
#ifndef WORKER_ECHO_H
#define WORKER_ECHO_H

#include <stddef.h>
#include <stdint.h>

#include "worker/client.h"
#include "worker/worker.h"
#include "ws/frame.h"

/* Answers a message, and has the client wait who does not read his answers. */
void echo_message(struct worker *, struct client *, enum frame_opcode,
    const uint8_t *data, size_t len);

#endif
