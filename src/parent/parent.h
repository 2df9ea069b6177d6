/*
 * parent - the process that the supervisor sees.
 *
 * Binds, accepts, passes each connection to a worker, starts and watches the
 * children and ends them.  Reads no byte from a client.
 */
#ifndef PARENT_PARENT_H
#define PARENT_PARENT_H

#include "ipc/peer.h"

struct activation;
struct conf_sources;
struct settings;

/* Serves with these settings until a signal says stop, on the sockets passed,
 * too; another has it read the sources, borrowed until then, again.
 * `ready_fd` is told when it does (-1: none).  Returns the exit code: 0, or 1
 * when a second signal had the children killed.  Dies when it cannot start. */
int parent_run(const struct settings *, const struct conf_sources *,
    struct activation *, int ready_fd);

/* What the parent receives, for the test that compares it with the
 * catalogue. */
peer_handler *const *parent_handlers(void);

#endif
