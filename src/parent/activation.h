/*
 * activation - sockets that the supervisor opened for us.
 *
 * Runs in the parent, at start.  Knows what LISTEN_FDS, LISTEN_PID and
 * LISTEN_FDNAMES say (sd_listen_fds(3)), and which of the sockets a listener
 * is: by its number (fd:3), its name (fd:NAME) or its address.
 */
#ifndef PARENT_ACTIVATION_H
#define PARENT_ACTIVATION_H

#include <stdbool.h>

#include "base/settings.h"

struct endpoint;

#define ACTIVATION_FIRST	3	/* the first descriptor passed */

struct activation {
	int count;		/* ACTIVATION_FIRST and those behind it */
	struct {
		char name[SETTINGS_ADDRESS];	/* "": none */
		char address[SETTINGS_ADDRESS];	/* "127.0.0.1:8080"; what is
						 * no socket: "" */
		bool is_taken;
	} sockets[SETTINGS_LISTENERS];
};

/* Takes what the environment says and clears it there.  NULL, or what is
 * wrong; nothing passed to this process is not wrong. */
const char *activation_read(struct activation *)
    __attribute__((warn_unused_result));

/* Standard input is a socket that listens: it becomes the first of those
 * passed, by the name "inetd".  False, with errno: it cannot be. */
bool activation_add_stdin(struct activation *)
    __attribute__((warn_unused_result));

/* The descriptor that a listener is, which is then taken; -1: none.  For
 * fd:NAME that several have, and one that nobody has: -1, too. */
int activation_take(struct activation *, const struct endpoint *);

/* The number of one that no listener has taken; -1: all are. */
int activation_find_left(const struct activation *);

#endif
