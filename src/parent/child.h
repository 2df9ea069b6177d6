/*
 * child - one place of the process table: the broker's, or a worker's.
 *
 * Runs in the parent.  Starts the process that belongs there, watches it,
 * notes its end, and says when the next one may start.  What the messages
 * mean is reports.c's.
 *
 *	        child_start          READY           child_stop
 *	DOWN ---------------> STARTING ----> READY ----------> STOPPING
 *	  ^                      |             |                  |
 *	  +----------------------+--- reaped --+------------------+
 */
#ifndef PARENT_CHILD_H
#define PARENT_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ipc/ipc.h"

struct event_base;
struct ipc_stop;
struct peer;
struct peer_config;

#define CHILD_FDS	5	/* given beside the channel */

enum child_state { CHILD_DOWN, CHILD_STARTING, CHILD_READY, CHILD_STOPPING };

/* Embedded in the parent's table; fields are read by parent.c and its parts,
 * changed by child.c. */
struct child {
	enum ipc_role role;
	unsigned index;		/* of a worker */
	char name[24];		/* "worker[2]" */
	enum child_state state;
	uint64_t generation;	/* 0: none is alive */
	pid_t pid;
	struct peer *peer;
	struct event *restart;	/* pending: a start is waited for; NULL: of
				 * one that is not started again */
	uint64_t started_ms, ready_ms;
	uint64_t pings;		/* sent */
	unsigned unanswered;	/* of these, since the last PONG */
	bool answered;		/* once, or READY */
	uint64_t asked;		/* a PING whose answer is waited for; 0: none */
	unsigned failures;	/* young deaths in a row */
	uint64_t kill_at_ms;	/* 0: no; may live until then */
	bool killed;		/* SIGKILL is on its way */
	bool attached;		/* of a worker: the broker knows this one */
	bool paused;		/* of a worker: it has said PAUSED */
	bool is_single;		/* of a worker: for one connection, and not
				 * started again */
	bool has_taken;		/* of such a one: TAKEN was said */
	int pidfd;		/* of one that somebody else has started; -1:
				 * it is our own */
	struct event *gone;	/* of such a one: it has ended */
	int told_ready;		/* READINESS last sent; -1: none */
	void *parent;
};

/* `on_restart` is called when a start that child_end put off is due; NULL:
 * none is ever put off. */
bool child_init(struct child *, struct event_base *, enum ipc_role,
    unsigned index, void *parent,
    void (*on_restart)(int, short, void *))
    __attribute__((warn_unused_result));
void child_clear(struct child *);

/* Forks and executes this program in the child's role; `fds` (settings, log,
 * state or site, certificates or -1, metrics) go to their places of
 * base/channel.h, borrowed.  The peer's owner is the child.  False, logged:
 * not started, child_end has the next time. */
bool child_start(struct child *, struct event_base *, uint64_t generation,
    const struct peer_config *, const int fds[CHILD_FDS])
    __attribute__((warn_unused_result));

/* The same for a process that runs already: takes `pidfd` and `channel`.
 * `on_gone` is called when it has ended.  False, logged: no memory; both are
 * closed. */
bool child_adopt(struct child *, struct event_base *, uint64_t generation,
    const struct peer_config *, pid_t, int pidfd, int channel,
    void (*on_gone)(int, short, void *)) __attribute__((warn_unused_result));

static inline bool
child_is_alive(const struct child *child)
{
	return child->pid > 0;
}

/* Whether it has answered the last ping. */
static inline bool
child_answers(const struct child *child)
{
	return child->pid > 0 && child->answered && child->unanswered == 0;
}

/* Whether it has answered the last ping but one: one may be under way. */
static inline bool
child_is_awake(const struct child *child)
{
	return child->pid > 0 && child->unanswered <= 1;
}

void child_set_ready(struct child *);
/* Tells it to end, and how; SIGKILL comes after `within_ms`. */
void child_stop(struct child *, const struct ipc_stop *, uint64_t within_ms);
/* SIGKILL, with a reason for the log. */
void child_kill(struct child *, const char *why);
/* Sends it a message without a tail, `fd` (-1: none) borrowed; nothing when
 * its channel is over.  Who lets too much pile up is killed. */
void child_tell(struct child *, enum ipc_type, const void *payload, int fd);

/* Once a second: PING, and SIGKILL for who is mute or late. */
void child_watch(struct child *, uint64_t now_ms);
/* False: an answer to no ping. */
bool child_on_pong(struct child *, uint64_t number);

/* Sends a PING out of turn, to learn when all before it has been read. */
void child_ask(struct child *);
/* Whether it lives and has not answered that. */
static inline bool
child_is_asked(const struct child *child)
{
	return child->pid > 0 && child->asked != 0;
}

/* It has been reaped: logs how it ended, forgets it (the peer must have been
 * heard out).  Returns after how many milliseconds the next may start. */
uint64_t child_end(struct child *, int status, uint64_t now_ms);
/* Has `on_restart` called after that time. */
void child_put_off(struct child *, uint64_t after_ms);

/* The wait after the n-th young death in a row (0: none): 0.1, 0.2 ... 6.4,
 * 8.7 seconds, give or take an eighth by `random`. */
uint64_t child_backoff_ms(unsigned failures, uint32_t random);

#endif
