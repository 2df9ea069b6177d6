/*
 * children - how the broker and the workers come and go: started with what
 * they need to know, attached to each other, reaped, started again.
 *
 * A part of the parent.  Single processes are child.c's, what they say is
 * reports.c's, how all of them are ended is ending.c's.
 */
#include "config.h"

#include "parent/parent_parts.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/bans.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "parent/banlist.h"
#include "parent/door.h"
#include "parent/parent.h"
#include "parent/ticket_keys.h"

#define QUEUE_MAX	(1 << 20)	/* bytes towards one child */
#define RETRY_MS	1000

/* Of its metrics. */
static unsigned
child_place(const struct child *child)
{
	return child->role == IPC_BROKER ? METRICS_AT_BROKER :
	    METRICS_AT_WORKER + child->index;
}

/* --- they come --------------------------------------------------------- */

/* How many connections it may have. */
static uint32_t
slots_of(const struct parent *parent, const struct child *child)
{
	return child->is_single ? 1 : parent->heritage.slots;
}

/* The older one first: what comes last writes. */
void
children_tell_ticket_keys(struct parent *parent, struct child *worker)
{
	const struct ipc_ticket_key *key;
	unsigned i;

	for (i = ticket_keys_count(parent->tickets); i-- > 0;) {
		key = ticket_keys_get(parent->tickets, i);
		child_tell(worker, IPC_TICKET_KEY, key, -1);
	}
}

static void
tell_ban(void *arg, struct network network, uint64_t until_s)
{
	struct parent *parent = arg;
	const struct ipc_ban ban = {
		.key = network.key, .bits = network.bits, .until_s = until_s
	};

	child_tell(&parent->broker, IPC_BAN, &ban, -1);
}

static void
tell_mute(struct parent *parent, struct network network, uint64_t until_s,
    bool is_address)
{
	const struct ipc_mute mute = {
		.key = network.key, .bits = network.bits, .until_s = until_s,
		.is_address = is_address
	};

	child_tell(&parent->broker, IPC_MUTE, &mute, -1);
}

static void
tell_muted_user(void *arg, struct network user, uint64_t until_s)
{
	tell_mute(arg, user, until_s, false);
}

static void
tell_muted_address(void *arg, struct network network, uint64_t until_s)
{
	tell_mute(arg, network, until_s, true);
}

void
children_greet(struct parent *parent, struct child *child)
{
	const struct ipc_hello hello = {
		.version = IPC_VERSION, .role = IPC_PARENT,
		.index = child->index, .slots = slots_of(parent, child),
		.generation = child->generation
	};
	unsigned i;

	child_tell(child, IPC_HELLO, &hello, -1);
	if (child->role == IPC_WORKER) {
		if (parent->tickets != NULL)
			children_tell_ticket_keys(parent, child);
		return;
	}
	/* Before any worker is attached: nobody joins who is banned. */
	bans_each(banlist_get(parent->banlist, BANLIST_BANNED), tell_ban,
	    parent);
	bans_each(banlist_get(parent->banlist, BANLIST_MUTED),
	    tell_muted_address, parent);
	bans_each(parent->muted, tell_muted_user, parent);
	parent->attached_all = false;
	for (i = 0; i < parent->worker_end; i++)
		parent->workers[i].attached = false;
}

struct peer_config
children_channel(enum ipc_role role)
{
	return (struct peer_config){
		.self = IPC_PARENT,
		.other = role,
		.handlers = parent_handlers(),
		.on_end = reports_on_channel_end,
		.queue_max = QUEUE_MAX
	};
}

bool
children_try_start(struct parent *parent, struct child *child)
{
	bool is_broker = child->role == IPC_BROKER;
	const struct peer_config config = children_channel(child->role);
	const struct heritage *has = &parent->heritage;
	const int fds[CHILD_FDS] = {
		has->files.settings_fd,
		is_broker ? has->log_fd : has->log_reader_fd,
		is_broker ? has->state_fd : has->files.site_fd,
		is_broker ? has->control_fd : has->files.tls_fd,
		has->metrics_fd
	};

	if (!child_start(child, parent->base, parent->generation + 1, &config,
	    fds))
		return false;
	parent->generation++;
	children_greet(parent, child);
	return true;
}

void
children_start(struct parent *parent, struct child *child)
{
	if (!children_try_start(parent, child))
		child_put_off(child, child_end(child, 0, clock_ms()));
}

static void
on_restart(int fd, short what, void *arg)
{
	struct child *child = arg;
	unsigned place = child_place(child);

	(void)fd;
	(void)what;
	metrics_add(METRIC_RESTARTS + (place < METRICS_AT_WORKER ? place :
	    METRICS_AT_WORKER), 1);
	children_start(child->parent, child);
}

/* Makes a channel between broker and worker.  False: no descriptors. */
static bool
attach(struct parent *parent, struct child *worker)
{
	static const struct ipc_none none;
	const struct ipc_worker who = {
		.index = worker->index, .slots = slots_of(parent, worker),
		.generation = worker->generation
	};
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    pair) < 0) {
		logger_error("cannot attach", "child=%s error=\"%s\"",
		    worker->name, strerror(errno));
		return false;
	}
	worker->attached = true;
	child_tell(&parent->broker, IPC_ATTACH_WORKER, &who, pair[0]);
	child_tell(worker, IPC_ATTACH_BROKER, &none, pair[1]);
	close(pair[0]);
	close(pair[1]);
	peer_flush(parent->broker.peer);
	return true;
}

void
children_attach_all(struct parent *parent)
{
	static const struct ipc_none none;
	uint64_t now = clock_ms();
	unsigned i;

	if (!child_is_alive(&parent->broker) || now < parent->attach_at_ms)
		return;
	for (i = 0; i < parent->worker_end; i++) {
		struct child *worker = &parent->workers[i];

		if (!child_is_alive(worker) || worker->attached)
			continue;
		/* A peer holds only so many descriptors back. */
		if (peer_queued(parent->broker.peer) > 0)
			return;
		if (!attach(parent, worker)) {
			parent->attach_at_ms = now + RETRY_MS;
			return;
		}
	}
	if (!parent->attached_all)
		child_tell(&parent->broker, IPC_ATTACHED_ALL, &none, -1);
	parent->attached_all = true;
}

/* --- they go ----------------------------------------------------------- */

/* A fault of its own may have been brought about by somebody. */
static enum door_end
end_of(const struct child *worker, int status)
{
	static const int faults[] = {
		SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGTRAP
	};

	if (!WIFSIGNALED(status))
		return DOOR_END_OTHER;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (WTERMSIG(status) == faults[i])
			return DOOR_END_CRASH;
	return worker->killed ? DOOR_END_OTHER : DOOR_END_FROM_OUTSIDE;
}

static void
remove_worker(struct parent *parent, struct child *worker, int status)
{
	const struct ipc_worker who = {
		.index = worker->index, .slots = slots_of(parent, worker),
		.generation = worker->generation
	};
	uint32_t lost = door_remove_worker(parent->door, worker->index,
	    end_of(worker, status));

	if (lost > 0)
		logger_info("connections lost", "child=%s count=%u",
		    worker->name, lost);
	if (worker->attached && child_is_alive(&parent->broker))
		child_tell(&parent->broker, IPC_WORKER_GONE, &who, -1);
}

static void
on_reaped(struct parent *parent, struct child *child, int status)
{
	uint64_t wait_ms;

	/* Its last words: what it has taken and closed. */
	if (peer_is_open(child->peer))
		peer_drain(child->peer);
	if (child->role == IPC_WORKER)
		remove_worker(parent, child, status);
	wait_ms = child_end(child, status, clock_ms());
	metrics_forget(child_place(child));
	/* As long as there are workers they need a broker. */
	if (child->is_single)
		singles_on_end(parent, child);
	else if (parent->stage == RUNNING || (child->role == IPC_BROKER &&
	    parent->stage < STOPPING_BROKER))
		child_put_off(child, wait_ms);
	ending_stop_workers_when_paused(parent);
	ending_stop_broker_when_alone(parent);
	settling_check(parent);
}

static struct child *
find_child(struct parent *parent, pid_t pid)
{
	unsigned i;

	if (parent->broker.pid == pid)
		return &parent->broker;
	for (i = 0; i < parent->worker_end; i++)
		if (parent->workers[i].pid == pid &&
		    parent->workers[i].pidfd < 0)
			return &parent->workers[i];
	return NULL;
}

void
children_reap(struct parent *parent)
{
	struct child *child;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		child = find_child(parent, pid);
		if (child != NULL)
			on_reaped(parent, child, status);
	}
}

void
children_on_gone(evutil_socket_t pidfd, short what, void *arg)
{
	struct child *child = arg;

	(void)pidfd;
	(void)what;
	/* How it ended its own parent is told. */
	on_reaped(child->parent, child, 0);
}

/* --- their places ------------------------------------------------------ */

void
children_init(struct parent *parent)
{
	unsigned i;
	bool good;

	good = child_init(&parent->broker, parent->base, IPC_BROKER, 0,
	    parent, on_restart);
	/* A reload may start more of the pool. */
	for (i = 0; good && i < singles_first(parent); i++)
		good = child_init(&parent->workers[i], parent->base,
		    IPC_WORKER, i, parent, on_restart);
	if (!good)
		die(EX_OSERR, "children");
	children_use_places(parent, settings_pool(parent->settings));
}

void
children_use_places(struct parent *parent, unsigned count)
{
	metrics_use(METRICS_AT_WORKER + count);
	if (parent->worker_end < count)
		parent->worker_end = count;
}

void
children_clear(struct parent *parent)
{
	unsigned i;

	child_clear(&parent->broker);
	for (i = 0; i < SETTINGS_PLACES; i++)
		child_clear(&parent->workers[i]);
}
