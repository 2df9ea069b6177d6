/*
 * door - the way in: listeners, and the choice of a worker.
 *
 * Runs in the parent.  Owns the listeners and the pool.  Who is let in is
 * doorman.c's to say; the processes behind the door are children.c's.
 */
#ifndef PARENT_DOOR_H
#define PARENT_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parent/pool.h"

struct event_base;
struct ipc_accepted;
struct settings;
struct door;

/* How the door has connections served. */
struct door_calls {
	/* Sends a connection to a worker; borrows fd.  False: it cannot be
	 * told. */
	bool (*send)(void *owner, unsigned worker,
	    const struct ipc_accepted *, int fd);
	/* A worker is started for each: its place, and that it be done (false:
	 * it cannot).  NULL: the pool's workers take them. */
	enum pool_choice (*choose)(void *owner, unsigned *worker_out);
	bool (*start)(void *owner, unsigned worker);
};

/* Why a worker is dead. */
enum door_end {
	DOOR_END_CRASH,		/* a fault of its own */
	DOOR_END_FROM_OUTSIDE,	/* a signal of the administrator, the kernel */
	DOOR_END_OTHER		/* it has left, or was ended by us */
};

/* Opens all listeners, each with its place in `inherited` (heritage.h), and
 * accepts nothing yet.  Borrows the settings.  Dies when that is not
 * possible. */
struct door *door_new(struct event_base *, const struct settings *,
    const int *inherited, uint32_t slots, const struct door_calls *,
    void *owner);
void door_free(struct door *);

/* Puts what was opened into service, and logs where. */
void door_take_opened(struct door *);

/* For a reload: opens the listeners that are new in these settings, all or
 * none (false, with a sentence), and accepts nothing by them yet. */
bool door_open_new(struct door *, const struct settings *, char *error,
    size_t size) __attribute__((warn_unused_result));
/* Then: these settings count and are borrowed.  Takes what was opened, has
 * the workers that they name, and closes the listeners that they do not have.
 */
void door_set_settings(struct door *, const struct settings *);

uint64_t door_connections(const struct door *);
uint32_t door_worker_connections(const struct door *, unsigned worker);

/* Whether the worker takes connections. */
void door_open_worker(struct door *, unsigned worker, bool open);
/* Whether memory is short there: when it is everywhere, who comes gets a
 * 503. */
void door_set_short(struct door *, unsigned worker, bool is_short);
/* It is dead.  What it had not taken goes to others, unless that has met some
 * deaths for which it may be the reason; returns how many connections are
 * lost.  When it has crashed, the addresses of all that it had share the
 * blame. */
uint32_t door_remove_worker(struct door *, unsigned worker, enum door_end);

/* Somebody has come to a worker of his own, as if by this listener
 * (SETTINGS_LISTENERS: by none); takes fd.  He is counted and refused as
 * others are. */
void door_offer(struct door *, unsigned worker, unsigned listener, int fd);

/* TAKEN and CLOSED, in which there may have been no handshake; false: the
 * worker has no such connection. */
bool door_on_taken(struct door *, unsigned worker, uint64_t connection)
    __attribute__((warn_unused_result));
bool door_on_closed(struct door *, unsigned worker, uint64_t connection,
    bool has_failed)
    __attribute__((warn_unused_result));

/* At the end of a turn: delivers what waits; accepts exactly while that can
 * be delivered. */
void door_end_turn(struct door *);

/* For good: closes the listeners, refuses what waits and will. */
void door_close(struct door *);

#endif
