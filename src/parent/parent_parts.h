/*
 * parent_parts - what the files of the parent share: the parent itself.
 *
 * Private to parent.c and its parts: children.c, ending.c, readiness.c,
 * reload.c, reports.c, settling.c and singles.c.
 */
#ifndef PARENT_PARENT_PARTS_H
#define PARENT_PARENT_PARTS_H

#include <event2/util.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/settings.h"
#include "ipc/peer.h"
#include "parent/attach.h"
#include "parent/child.h"
#include "parent/helm.h"
#include "parent/heritage.h"
#include "parent/pool.h"

/* Passed through in this order; a second signal leads to the last at once. */
enum stage {
	RUNNING, PAUSING_WORKERS, STOPPING_WORKERS, STOPPING_BROKER, ENDED
};

struct parent {
	const struct conf_sources *sources;
	struct settings *settings;
	struct event_base *base;
	struct event *tick, *pause, *signals;
	int signals_fd;
	enum stage stage;
	uint64_t stopping_ms;		/* since when, once asked to end */
	int exit_code;
	struct heritage heritage;
	struct supervisor *supervisor;
	struct banlist *banlist;
	/* Users who are not heard, for the next broker. */
	struct bans *muted;
	struct ticket_keys *tickets;	/* NULL: no listener speaks TLS */
	uint64_t generation;		/* the last one given */
	bool attached_all;		/* this broker has been told so */
	uint64_t attach_at_ms;		/* not before, after a failure */
	struct door *door;
	struct attach *attach;		/* NULL: nobody is to come */
	uint64_t reloads;
	/* What all were told and not all have read (settling.c). */
	struct settling {
		bool is_open, is_reload;
		bool reload_again;	/* a SIGHUP came meanwhile */
		struct helm_answer answer;
	} settling;
	struct child broker;
	/* The pool's from 0 on, then the singles' (singles.c).  Behind
	 * worker_end nobody lives. */
	unsigned worker_end;
	struct child workers[SETTINGS_PLACES];
	struct singles {
		unsigned alive, untaken;	/* of these no TAKEN yet */
		unsigned hint;			/* below it none is free */
	} singles;
};

/*
 * children.c
 */

/* Makes the places of the broker and of as large a pool as there may be; all
 * are down.  Dies when that is not possible. */
void children_init(struct parent *);
void children_clear(struct parent *);
/* Starts a child that is down and says to it what it has to know first.
 * Cannot fail: what does not start now is put off. */
void children_start(struct parent *, struct child *);
/* The same, once; false, logged: not started. */
bool children_try_start(struct parent *, struct child *)
    __attribute__((warn_unused_result));
/* The channel to a child, but for its owner. */
struct peer_config children_channel(enum ipc_role);
/* Says the first that a child hears. */
void children_greet(struct parent *, struct child *);
/* The workers' places below `count` are in use. */
void children_use_places(struct parent *, unsigned count);
/* Every worker that lives gets its channel to the broker; then, and not
 * before, the broker hears that the others are gone.  What fails is tried
 * again by a later call. */
void children_attach_all(struct parent *);
/* All keys that there are; parent->tickets must not be NULL. */
void children_tell_ticket_keys(struct parent *, struct child *worker);
/* For one that is not ours to wait for; arg is the child. */
void children_on_gone(evutil_socket_t pidfd, short what, void *arg);
/* All who have ended; at SIGCHLD, and once a second. */
void children_reap(struct parent *);

/*
 * singles.c
 */

/* The first place of a worker that is not the pool's. */
unsigned singles_first(const struct parent *);
/* A place for one more; as pool_choose, for the door. */
enum pool_choice singles_choose(void *parent, unsigned *index_out);
/* Starts a worker at a place chosen; false, logged: it cannot be. */
bool singles_start(void *parent, unsigned index)
    __attribute__((warn_unused_result));
/* Makes a worker of it, which gets its connection back. */
void singles_adopt(struct parent *, const struct attach_offer *);
/* It has its connection. */
void singles_on_taken(struct parent *, struct child *);
/* It has been reaped; its place is free. */
void singles_on_end(struct parent *, struct child *);
/* Once a second: ends those that have lost their connection and do not go. */
void singles_watch(struct parent *);

/*
 * ending.c
 */

/* Ends all children, and says so to the supervisor; in stage RUNNING alone.
 * It is over in stage ENDED. */
void ending_stop(struct parent *);
/* Somebody is in a hurry: returns in stage ENDED, no child is left. */
void ending_kill_all(struct parent *);
/* When all workers have said PAUSED, or have gone; else, and in any other
 * stage than PAUSING_WORKERS, does nothing. */
void ending_stop_workers_when_paused(struct parent *);
/* When no worker is left; else, and before STOPPING_WORKERS, does nothing. */
void ending_stop_broker_when_alone(struct parent *);
/* For the timer parent->pause; arg is the parent. */
void ending_on_pause_over(evutil_socket_t fd, short what, void *arg);

/*
 * reload.c; the rest of it is reload.h's.
 */

/* What is in force now, for a child that may know something older. */
void reload_tell(struct parent *, struct child *);
/* The settings alone; nothing to one that is not alive. */
void reload_tell_settings(struct parent *, struct child *);

/*
 * settling.c
 */

/* All children that live have been told something: when they have read it, a
 * reload is over, and who asked is answered; NULL: a signal did.  Nothing else
 * may be open. */
void settling_begin(struct parent *, bool is_reload,
    const struct helm_answer *);
/* Whether nothing may begin yet; then `told` says why, for people. */
bool settling_refuses(const struct parent *, char *told, size_t size);
/* A child has answered, or ended. */
void settling_check(struct parent *);
/* For SIGHUP: a reload, now or when what is open is over. */
void settling_reload(struct parent *);

/*
 * readiness.c
 */

/* READINESS, to the workers that have heard otherwise last. */
void readiness_tell(struct parent *);
/* A line for people, to the supervisor. */
void readiness_tell_status(struct parent *);
/* That the server is ready, once, and that it is alive when all are. */
void readiness_tell_supervisor(struct parent *);

/*
 * reports.c; its table is parent_handlers of parent.h.
 */

/* For the channel to a child, its owner: its process is ending, which SIGCHLD
 * tells, or has broken a rule (`why` is not NULL). */
void reports_on_channel_end(void *owner, struct peer *, const char *why);

#endif
