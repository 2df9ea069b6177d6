/*
 * inetd - who was started by a super-server for one connection, until it is a
 * worker.
 *
 * Runs in that process.  Comes to the running server through its socket
 * `attach`, gets what the parent's own children are born with, hands the
 * connection over, which the parent counts as any other, and executes itself
 * as a worker, which gets it back.  Who cannot be taken in is told 503.
 */
#ifndef INETD_INETD_H
#define INETD_INETD_H

#include <stdbool.h>

#include "ipc/peer.h"

/* The descriptor is no socket, is one that listens, or a connection. */
enum inetd_kind { INETD_NOTHING, INETD_LISTENS, INETD_CONNECTED };

enum inetd_kind inetd_kind_of(int fd);

/* Where a super-server has put the socket on standard error, too, what is
 * written there would go to the client: then it goes to syslog. */
void inetd_keep_log_apart(int fd);

/* Serves the connection `fd` in the server that listens at `path`, as if it
 * had come by its listener `listener` ("": by none, plain HTTP).  Returns an
 * exit code when that cannot be; else does not return. */
int inetd_run(int fd, const char *path, const char *listener,
    bool speaks_tls);

/* Answers 503 (only the end where TLS is spoken), and logs why. */
void inetd_turn_away(int fd, bool speaks_tls, const char *why);

/* What it hears, for the test that holds it against the catalogue. */
peer_handler *const *inetd_handlers(void);

#endif
