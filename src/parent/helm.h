/*
 * helm - what an administrator has the whole server do.
 *
 * Runs in the parent.  The broker, to whom he speaks, passes it on (STEER),
 * and is told what came of it (STEERED).
 */
#ifndef PARENT_HELM_H
#define PARENT_HELM_H

#include <stdbool.h>

#include "ipc/messages.h"

struct parent;

/* Does it, and answers.  False: no honest broker asks for this. */
bool helm_steer(struct parent *, const struct ipc_steer *);

#endif
