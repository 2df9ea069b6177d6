/*
 * helm - what an administrator has the whole server do.
 *
 * Runs in the parent.  The broker, to whom he speaks, passes it on (STEER),
 * and is told what came of it (STEERED).
 */
#ifndef PARENT_HELM_H
#define PARENT_HELM_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/messages.h"

struct parent;

/* What came of an order. */
struct helm_answer {
	uint64_t broker;		/* generation of who asked; 0: nobody */
	struct ipc_steered steered;
	char told[IPC_REASON];		/* for people, terminated */
};

/* Does it, and answers, when it is settled if need be.  False: no honest
 * broker asks for this. */
bool helm_steer(struct parent *, const struct ipc_steer *);
/* Answers an order that is settled now, if its broker lives. */
void helm_answer(struct parent *, const struct helm_answer *);

#endif
