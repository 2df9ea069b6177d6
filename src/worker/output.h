/*
 * output - what a client is sent: queued during a turn, sent at its end.
 *
 * Runs in the worker.  Owns the way of a client's output, the list of those
 * who have some, and what a socket is watched for; how bytes reach the socket
 * is wire.c's, what a room is told delivery.c's.  A call that fails for memory
 * drops the client.
 */
#ifndef WORKER_OUTPUT_H
#define WORKER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "worker/client.h"
#include "worker/worker.h"
#include "ws/frame.h"

/* Its output, made when there is none; NULL: no memory. */
struct client_output *client_output(struct client *)
    __attribute__((warn_unused_result));
void client_free_output(struct client *);
/* Frees the output of who is owed nothing any more. */
void client_trim_output(struct client *);
/* Bytes of its own that wait. */
size_t client_owed(const struct client *);
/* Puts bytes behind those, and no more than that.  False: no memory. */
bool client_append(struct client *, const void *bytes, size_t len)
    __attribute__((warn_unused_result));

/* Lets it finish a frame of which `sent` bytes have left, and takes the hold on
 * it; the client has an output, and is owed nothing. */
void client_owe_remnant(struct client *, struct remnant *, size_t sent);

/* Queues bytes behind what it has to send; they leave when the turn ends. */
bool client_queue(struct worker *, struct client *, const void *bytes,
    size_t len);
/* The same for a whole message, in the client's form. */
void client_queue_message(struct worker *, struct client *,
    enum frame_opcode, const uint8_t *data, size_t len);
/* A line that the client alone is told; who takes nothing, and has been told
 * more than his backlog, is closed. */
void client_tell(struct worker *, struct client *, const struct buf *line);
/* The same, when the line is `good`; else there was no memory for it, and the
 * client is closed. */
void client_answer(struct worker *, struct client *, bool good,
    const struct buf *line);
/* When much waits for the client, sends it; while its socket does not take
 * that, nothing more is read from him. */
void client_throttle(struct worker *, struct client *);
/* Sends its output.  False: the socket took less than all, or it is gone. */
bool client_flush(struct worker *, struct client *);
/* Sends its output and then `bytes`, in one call; returns how many of `bytes`
 * left.  The caller keeps the rest or tells where to go on. */
size_t client_send(struct worker *, struct client *, const uint8_t *bytes,
    size_t len);
/* Puts the client on the list of those that client_flush_all serves. */
void client_mark_dirty(struct worker *, struct client *);
/* The end of a turn: flushes who has output. */
void client_flush_all(struct worker *);
/* The one place that changes is_blocked: such clients are counted. */
void client_set_blocked(struct worker *, struct client *, bool is_blocked);
/* Something waits for the socket: is_blocked, with what follows from it. */
void client_block(struct worker *, struct client *);
/* Has the socket watched for what the client's state can use. */
void client_poll(struct worker *, struct client *);

#endif
