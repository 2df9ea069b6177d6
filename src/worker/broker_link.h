/*
 * broker_link - the channel to the broker: requests out, answers and bells in.
 *
 * In the worker.  Brokers come and go; what one left undone the next is asked
 * again (outbox.h).  What an answer means to a client is response.c's.
 */
#ifndef WORKER_BROKER_LINK_H
#define WORKER_BROKER_LINK_H

#include <stdbool.h>

#include "ipc/peer.h"

struct worker;

/* Takes the channel `fd` to a new broker, in the place of the old one's, and
 * names the connections that are here.  Who has no memory to name them ends,
 * in this turn. */
void broker_link_attach(struct worker *, int fd);
/* Where there was no memory, no descriptor or no watch of the kernel's for
 * the channel it waits in w->attach_fd, since to end would cost all clients:
 * tried again once a turn. */
void broker_link_open(struct worker *);

/* Hands requests to the channel, as many as it should hold. */
void broker_link_send_requests(struct worker *);
/* What has its receipt leaves the outbox. */
void broker_link_release(struct worker *);

/* What a worker hears from the broker, for the test that holds it against the
 * catalogue. */
peer_handler *const *broker_link_handlers(void);

#endif
