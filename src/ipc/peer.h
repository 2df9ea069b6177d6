/*
 * peer - one end of a channel between two of our processes.
 *
 * Owns a Unix stream socket, the bytes still to be sent over it and a frame
 * that has come in part.  Every process has one for each of its channels.
 * Sending only queues; what is queued leaves in one call when the loop turn
 * ends (peer_flush) and the socket takes it.
 */
#ifndef IPC_PEER_H
#define IPC_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/ipc.h"

struct event_base;
struct peer;

/* A handler returns false to end the peer (it broke a rule that only the
 * handler knows).  It may call peer_close, not peer_free. */
typedef bool peer_handler(void *owner, struct peer *,
    const struct ipc_message *);

struct peer_config {
	enum ipc_role self, other;
	peer_handler *const *handlers;	/* [IPC_TYPES]; NULL: not received */
	/* The channel is over: end of file, or `why` names the broken rule
	 * (NULL: end of file).  The socket is closed; free the peer later. */
	void (*on_end)(void *owner, struct peer *, const char *why);
	void *owner;
	size_t queue_max;		/* bytes; peer_send refuses beyond it.
					 * 0: no bound */
	size_t frame_max;		/* bytes; a longer message ends the
					 * peer.  0: the catalogue's bound */
};

/* Takes `fd` (made non-blocking).  NULL: no memory; fd is closed. */
struct peer *peer_new(struct event_base *, int fd,
    const struct peer_config *) __attribute__((warn_unused_result));
/* Closes the socket; on_end is not called. */
void peer_close(struct peer *);
/* Frees at once: not from a handler. */
void peer_free(struct peer *);
bool peer_is_open(const struct peer *);

/* Queues a message, which leaves when the events at hand are done, or with
 * peer_flush; `fd` (-1: none) is duplicated, the caller's stays his.  Without
 * a descriptor for the copy it leaves now.  False: no memory, over the bound,
 * or it could not leave; nothing was queued. */
bool peer_send(struct peer *, enum ipc_type, const void *payload,
    const void *tail, size_t tail_len, int fd)
    __attribute__((warn_unused_result));

/* Sends what is queued as far as the socket takes it, the rest later. */
void peer_flush(struct peer *);
/* Bytes queued and not yet taken by the socket. */
size_t peer_queued(const struct peer *);
/* Bytes that it has taken since the beginning. */
uint64_t peer_sent(const struct peer *);

/* Reads and handles what the socket holds, or a part of much, as the loop
 * does when there is something to read. */
void peer_poll(struct peer *);

/* Reads and handles everything the socket holds, until it would block or
 * ends, paused or not; for who must hear an old channel out before a new one
 * speaks. */
void peer_drain(struct peer *);

/* Stops and starts hearing the other side. */
void peer_pause(struct peer *, bool paused);

int peer_fd(const struct peer *);

#endif
