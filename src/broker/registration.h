/*
 * registration - what a new broker waits for: every live worker names its
 * connections, and all others are gone.
 *
 * In the broker; private to broker.c.
 *
 *	WAITING     until ATTACHED_ALL, and REGISTERED of every worker
 *	   |
 *	CLEARING    the members of the dead, and those that nobody named, leave,
 *	   |        in turns of LINK_TURN_MS: they may be all of a million
 *	   v
 *	SERVING     requests are heard
 */
#ifndef BROKER_REGISTRATION_H
#define BROKER_REGISTRATION_H

#include <stdbool.h>

#include "ipc/peer.h"

struct broker;

/* False: no memory. */
bool registration_open(struct broker *) __attribute__((warn_unused_result));

/* All live workers are attached: those that do not register within a second
 * are to be ended. */
void registration_begin(struct broker *);
/* A worker has registered, or is gone. */
void registration_look(struct broker *);
/* A turn's part of the clearing, if that is under way; serves when it is
 * done. */
void registration_go_on(struct broker *);

/* Their owner is the link. */
peer_handler registration_on_register, registration_on_registered;

#endif
