/*
 * attach - the socket by which processes that a super-server has started come
 * to be workers.
 *
 * A part of the parent.  Owns who has come until he offers his connection
 * (inetd/inetd.h); from then on he is a worker, which is singles.c's.
 */
#ifndef PARENT_ATTACH_H
#define PARENT_ATTACH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ipc/peer.h"

struct parent;
struct attach;

/* A process that wants to become a worker; all three descriptors are the
 * taker's. */
struct attach_offer {
	pid_t pid;
	int pidfd;
	int channel;			/* to it */
	int connection;			/* that it was started for */
	const char *listener;		/* whose it is; "": none's */
	uint64_t reloads;		/* of the parent when it was given its
					 * descriptors */
};

/* Opens the socket that the settings name; NULL: they name none, or an error
 * with errno. */
struct attach *attach_open(struct parent *);
/* Nobody comes any more. */
void attach_free(struct attach *);

/* At the end of a turn: frees those who are gone. */
void attach_end_turn(struct attach *);
/* Once a second: turns away who does not say why he came, and goes on when
 * there were no descriptors. */
void attach_watch(struct attach *, uint64_t now_ms);

/* What it hears, for the test that holds it against the catalogue. */
peer_handler *const *attach_handlers(void);

#endif
