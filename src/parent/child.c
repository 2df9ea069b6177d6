/*
 * child - one place of the process table: the broker's, or a worker's.
 *
 * Runs in the parent.  A child is this program again, so that it has an
 * address layout of its own and inherits nothing but what it is given.
 */
#include "config.h"

#include "parent/child.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/clock.h"
#include "base/logger.h"
#include "ipc/peer.h"

#define YOUNG_MS	200	/* after READY */
#define BACKOFF_MIN_MS	100
#define BACKOFF_MAX_MS	8700	/* with an eighth more, and the start: 10 s */
#define MUTE_PINGS	5	/* one a second */
#define MUTE_PINGS_FIRST 20	/* before the first answer: still loading */
#define END_MS		5000	/* between the channel's end and the exit's */

bool
child_init(struct child *child, struct event_base *base, enum ipc_role role,
    unsigned index, void *parent, void (*on_restart)(int, short, void *))
{
	memset(child, 0, sizeof(*child));
	child->role = role;
	child->index = index;
	child->parent = parent;
	child->pidfd = -1;
	if (role == IPC_WORKER)
		snprintf(child->name, sizeof(child->name), "worker[%u]",
		    index);
	else
		snprintf(child->name, sizeof(child->name), "broker");
	if (on_restart == NULL)
		return true;
	child->restart = event_new(base, -1, 0, on_restart, child);
	return child->restart != NULL;
}

/* Of one that is somebody else's. */
static void
let_go(struct child *child)
{
	if (child->gone != NULL)
		event_free(child->gone);
	if (child->pidfd >= 0)
		close(child->pidfd);
	child->gone = NULL;
	child->pidfd = -1;
}

void
child_clear(struct child *child)
{
	if (child->restart != NULL)
		event_free(child->restart);
	peer_free(child->peer);
	if (child->gone != NULL)
		let_go(child);
	child->restart = NULL;
	child->peer = NULL;
}

/* Of what is as it should be: a worker for one connection is traffic. */
static enum logger_level
life_level(const struct child *child)
{
	return child->is_single ? LOGGER_DEBUG : LOGGER_INFO;
}

/* Between fork and exec.  No descriptor of the parent's lies below
 * CHANNEL_END (heritage.c sees to that), so none is overwritten. */
static void __attribute__((noreturn))
become_child(const struct child *child, int channel, const int fds[CHILD_FDS])
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	char title[48];
	char *argv[] = { title, NULL };
	sigset_t none;
	size_t i;

	/* A terminal or a supervisor may signal the whole group.  When a
	 * child ends is the parent's to say, or its death. */
	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	/* The parent's standard input is /dev/null. */
	if (dup2(STDIN_FILENO, STDOUT_FILENO) < 0 ||
	    dup2(channel, CHANNEL_PARENT) < 0 ||
	    dup2(fds[0], CHANNEL_SETTINGS) < 0 ||
	    dup2(fds[1], CHANNEL_LOG) < 0 ||
	    dup2(fds[2], CHANNEL_STATE) < 0 ||
	    (fds[3] < 0 ? close(CHANNEL_TLS) :	/* or CHANNEL_CONTROL */
	    dup2(fds[3], CHANNEL_TLS)) < 0 ||
	    dup2(fds[4], CHANNEL_METRICS) < 0 ||
	    close_range(CHANNEL_END, ~0U, 0) < 0)
		_exit(EX_OSERR);
	if (child->role == IPC_WORKER)
		snprintf(title, sizeof(title), "wschatd: worker %u",
		    child->index);
	else
		snprintf(title, sizeof(title), "wschatd: broker");
	if (setenv("WSCHATD_ROLE", ipc_role_name(child->role), 1) == 0)
		execv("/proc/self/exe", argv);
	_exit(EX_OSERR);
}

/* A signal between fork and exec is not for the child: it neither ends by it
 * nor hears of it. */
static pid_t
fork_child(const struct child *child, int channel, const int fds[CHILD_FDS])
{
	sigset_t all, before;
	pid_t pid;
	int error;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		become_child(child, channel, fds);
	error = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return pid;
}

/* It runs. */
static void
begin(struct child *child, uint64_t generation, const char *how)
{
	child->state = CHILD_STARTING;
	child->generation = generation;
	child->pings = child->asked = child->kill_at_ms = 0;
	child->unanswered = 0;
	child->answered = child->killed = false;
	child->attached = child->paused = child->has_taken = false;
	child->told_ready = -1;
	logger_write(life_level(child), how,
	    "child=%s pid=%d generation=%" PRIu64, child->name,
	    (int)child->pid, generation);
}

bool
child_start(struct child *child, struct event_base *base, uint64_t generation,
    const struct peer_config *config, const int fds[CHILD_FDS])
{
	struct peer_config own = *config;
	int pair[2];

	child->started_ms = clock_ms();
	child->ready_ms = 0;	/* also for the wait when this fails */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		goto fail;
	own.owner = child;
	child->peer = peer_new(base, pair[0], &own);
	if (child->peer == NULL) {
		close(pair[1]);
		goto fail;
	}
	child->pid = fork_child(child, pair[1], fds);
	close(pair[1]);
	if (child->pid < 0) {
		peer_free(child->peer);
		child->peer = NULL;
		goto fail;
	}
	begin(child, generation, "started");
	return true;
fail:
	child->pid = 0;
	logger_error("cannot start", "child=%s error=\"%s\"", child->name,
	    strerror(errno));
	return false;
}

bool
child_adopt(struct child *child, struct event_base *base, uint64_t generation,
    const struct peer_config *config, pid_t pid, int pidfd, int channel,
    void (*on_gone)(int, short, void *))
{
	struct peer_config own = *config;

	own.owner = child;
	child->started_ms = clock_ms();
	child->ready_ms = 0;
	child->pidfd = pidfd;
	child->gone = event_new(base, pidfd, EV_READ, on_gone, child);
	child->peer = peer_new(base, channel, &own);
	if (child->gone == NULL || child->peer == NULL ||
	    event_add(child->gone, NULL) < 0) {
		peer_free(child->peer);
		child->peer = NULL;
		let_go(child);
		logger_error("cannot adopt", "child=%s error=\"%s\"",
		    child->name, strerror(errno));
		return false;
	}
	child->pid = pid;
	begin(child, generation, "adopted");
	return true;
}

void
child_set_ready(struct child *child)
{
	if (child->state != CHILD_STARTING)
		return;
	child->state = CHILD_READY;
	child->answered = true;
	child->ready_ms = clock_ms();
	logger_write(life_level(child), "ready", "child=%s after_ms=%" PRIu64,
	    child->name, child->ready_ms - child->started_ms);
}

void
child_stop(struct child *child, const struct ipc_stop *stop,
    uint64_t within_ms)
{
	child->state = CHILD_STOPPING;
	child->kill_at_ms = clock_ms() + within_ms;
	if (!peer_is_open(child->peer) ||
	    peer_send(child->peer, IPC_STOP, stop, NULL, 0, -1))
		return;
	child_kill(child, "cannot be told to stop");
}

void
child_kill(struct child *child, const char *why)
{
	if (child->killed)
		return;
	child->killed = true;
	logger_error("killed", "child=%s pid=%d why=\"%s\"", child->name,
	    (int)child->pid, why);
	if (child->pidfd >= 0)
		(void)pidfd_send_signal(child->pidfd, SIGKILL, NULL, 0);
	else
		kill(child->pid, SIGKILL);
}

void
child_tell(struct child *child, enum ipc_type type, const void *payload, int fd)
{
	if (peer_is_open(child->peer) &&
	    !peer_send(child->peer, type, payload, NULL, 0, fd))
		child_kill(child, "does not read");
}

/* Pings are counted, not timed: when the parent itself was stopped or the
 * machine slept, nobody has missed any. */
void
child_watch(struct child *child, uint64_t now_ms)
{
	struct ipc_ping ping = { .number = child->pings + 1 };

	if (child->killed)
		return;
	if (child->kill_at_ms != 0 && now_ms >= child->kill_at_ms) {
		child_kill(child, "did not end in time");
		return;
	}
	if (!peer_is_open(child->peer)) {
		/* It has closed its channel: it is on its way out. */
		if (child->kill_at_ms == 0)
			child->kill_at_ms = now_ms + END_MS;
		return;
	}
	if (child->unanswered++ >=
	    (child->answered ? MUTE_PINGS : MUTE_PINGS_FIRST)) {
		child_kill(child, "does not answer");
		return;
	}
	child->pings++;
	if (!peer_send(child->peer, IPC_PING, &ping, NULL, 0, -1))
		child_kill(child, "does not read");
}

bool
child_on_pong(struct child *child, uint64_t number)
{
	if (number > child->pings)
		return false;
	child->unanswered = 0;
	child->answered = true;
	if (number >= child->asked)
		child->asked = 0;
	return true;
}

void
child_ask(struct child *child)
{
	struct ipc_ping ping = { .number = ++child->pings };

	child->asked = ping.number;
	child_tell(child, IPC_PING, &ping, -1);
}

uint64_t
child_backoff_ms(unsigned failures, uint32_t random)
{
	uint64_t wait_ms = BACKOFF_MIN_MS;

	if (failures == 0)
		return 0;
	while (--failures > 0 && wait_ms < BACKOFF_MAX_MS)
		wait_ms *= 2;
	if (wait_ms > BACKOFF_MAX_MS)
		wait_ms = BACKOFF_MAX_MS;
	return wait_ms - wait_ms / 8 + random % (wait_ms / 8 * 2 + 1);
}

static void
log_end(const struct child *child, int status, uint64_t after_ms)
{
	bool expected = (child->state == CHILD_STOPPING || child->is_single) &&
	    WIFEXITED(status) && WEXITSTATUS(status) == 0;

	logger_write(expected ? life_level(child) : LOGGER_WARNING,
	    expected ? "ended" : "died",
	    "child=%s pid=%d generation=%" PRIu64 " %s=%d after_ms=%" PRIu64,
	    child->name, (int)child->pid, child->generation,
	    WIFSIGNALED(status) ? "signal" : "status",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
	    after_ms);
}

uint64_t
child_end(struct child *child, int status, uint64_t now_ms)
{
	uint32_t random = 0;

	if (child->pid > 0)
		log_end(child, status, now_ms - child->started_ms);
	if (child->ready_ms == 0 || now_ms - child->ready_ms < YOUNG_MS)
		child->failures++;
	else
		child->failures = 0;
	peer_free(child->peer);
	child->peer = NULL;
	let_go(child);
	child->pid = 0;
	child->generation = 0;
	child->state = CHILD_DOWN;
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	return child_backoff_ms(child->failures, random);
}

void
child_put_off(struct child *child, uint64_t after_ms)
{
	struct timeval delay = {
		.tv_sec = (time_t)(after_ms / 1000),
		.tv_usec = (suseconds_t)(after_ms % 1000 * 1000)
	};

	if (after_ms > 0)
		logger_info("restart waits", "child=%s ms=%" PRIu64
		    " failures=%u", child->name, after_ms, child->failures);
	event_add(child->restart, &delay);
}
