/*
 * parent - the process that the supervisor sees.
 *
 * Its life in reading order: what it hears from children, from outside, how
 * children come and go, how it ends, how it starts.  Who comes in is door.c's,
 * single processes are child.c's.
 *
 * Nothing here waits for a child: channels queue within bounds, and whoever
 * lets too much pile up is ended.
 */
#include "config.h"

#include "parent/parent.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/bans.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/logger.h"
#include "base/settings.h"
#include "parent/banlist.h"
#include "parent/child.h"
#include "parent/conf.h"
#include "parent/door.h"
#include "parent/heritage.h"
#include "parent/reload.h"
#include "parent/supervisor.h"
#include "parent/ticket_keys.h"

#define QUEUE_MAX	(1 << 20)	/* bytes towards one child */
#define PAUSE_MS	150	/* for what was said last to reach the log */
#define STOP_MS		5000	/* beyond the drain time: SIGKILL */
#define RETURN_RATE	200	/* clients that come back in a second */
#define RETRY_MS	1000

enum stage {
	RUNNING, PAUSING_WORKERS, STOPPING_WORKERS, STOPPING_BROKER, ENDED
};
enum { SIGNALS = 4 };

struct parent {
	const struct conf_sources *sources;
	struct settings *settings;
	struct event_base *base;
	struct event *tick, *pause, *signals[SIGNALS];
	enum stage stage;
	int exit_code;
	struct heritage heritage;
	struct supervisor *supervisor;
	struct banlist *banlist;
	struct ticket_keys *tickets;	/* NULL: no listener speaks TLS */
	uint64_t generation;		/* the last one given */
	bool attached_all;		/* this broker has been told so */
	uint64_t attach_at_ms;		/* not before, after a failure */
	struct door *door;
	struct child broker;
	struct child workers[SETTINGS_WORKERS];
};

static void tell_status(struct parent *);
static void stop_workers_when_paused(struct parent *);
static void stop_broker_when_alone(struct parent *);

/* --- what children say ------------------------------------------------- */

static bool
on_hello(void *owner, struct peer *peer, const struct ipc_message *message)
{
	const struct ipc_hello *hello = message->payload;
	struct child *child = owner;

	(void)peer;
	return hello->version == IPC_VERSION &&
	    hello->role == (uint32_t)child->role &&
	    hello->generation == child->generation;
}

static bool
on_ready(void *owner, struct peer *peer, const struct ipc_message *message)
{
	struct child *child = owner;
	struct parent *parent = child->parent;

	(void)peer;
	(void)message;
	child_set_ready(child);
	if (child->role == IPC_WORKER && child->state == CHILD_READY)
		door_open_worker(parent->door, child->index, true);
	return true;
}

static bool
on_paused(void *owner, struct peer *peer, const struct ipc_message *message)
{
	struct child *worker = owner;

	(void)peer;
	(void)message;
	worker->paused = true;
	stop_workers_when_paused(worker->parent);
	return true;
}

static bool
on_pong(void *owner, struct peer *peer, const struct ipc_message *message)
{
	const struct ipc_ping *ping = message->payload;

	(void)peer;
	return child_on_pong(owner, ping->number);
}

static bool
on_worker_mute(void *owner, struct peer *peer,
    const struct ipc_message *message)
{
	const struct ipc_worker *mute = message->payload;
	struct child *broker = owner;
	struct parent *parent = broker->parent;

	(void)peer;
	if (mute->index >= parent->settings->workers)
		return false;
	/* An older generation has ended by itself. */
	if (parent->workers[mute->index].generation == mute->generation &&
	    child_is_alive(&parent->workers[mute->index]))
		child_kill(&parent->workers[mute->index],
		    "the broker gave it up");
	return true;
}

static bool
on_taken(void *owner, struct peer *peer, const struct ipc_message *message)
{
	const struct ipc_connection *taken = message->payload;
	struct child *worker = owner;
	struct parent *parent = worker->parent;

	(void)peer;
	return door_on_taken(parent->door, worker->index, taken->connection);
}

static bool
on_closed(void *owner, struct peer *peer, const struct ipc_message *message)
{
	const struct ipc_connection *closed = message->payload;
	struct child *worker = owner;
	struct parent *parent = worker->parent;

	(void)peer;
	return door_on_closed(parent->door, worker->index,
	    closed->connection);
}

static bool
on_ban(void *owner, struct peer *peer, const struct ipc_message *message)
{
	const struct ipc_ban *ban = message->payload;
	struct child *broker = owner;
	struct parent *parent = broker->parent;

	(void)peer;
	banlist_set(parent->banlist, ban->address, ban->until_s);
	return true;
}

static peer_handler *const handlers[IPC_TYPES] = {
	[IPC_HELLO] = on_hello,
	[IPC_READY] = on_ready,
	[IPC_PONG] = on_pong,
	[IPC_PAUSED] = on_paused,
	[IPC_WORKER_MUTE] = on_worker_mute,
	[IPC_TAKEN] = on_taken,
	[IPC_CLOSED] = on_closed,
	[IPC_BAN] = on_ban,
};

peer_handler *const *
parent_handlers(void)
{
	return handlers;
}

/* The channel is over.  Its process is ending, which SIGCHLD tells, or has
 * broken a rule. */
static void
on_channel_end(void *owner, struct peer *peer, const char *why)
{
	struct child *child = owner;
	struct parent *parent = child->parent;

	(void)peer;
	if (why != NULL && child_is_alive(child))
		child_kill(child, why);
	if (child->role == IPC_WORKER)
		door_open_worker(parent->door, child->index, false);
}

static bool
send_connection(void *owner, unsigned index,
    const struct ipc_accepted *accepted, int fd)
{
	struct parent *parent = owner;

	return peer_send(parent->workers[index].peer, IPC_CONNECTION,
	    accepted, NULL, 0, fd);
}

/* --- children come ----------------------------------------------------- */

static void
tell(struct child *child, enum ipc_type type, const void *payload, int fd)
{
	if (peer_is_open(child->peer) &&
	    !peer_send(child->peer, type, payload, NULL, 0, fd))
		child_kill(child, "does not read");
}

/* The older one first: what comes last writes. */
static void
tell_ticket_keys(struct parent *parent, struct child *worker)
{
	const struct ipc_ticket_key *key;
	unsigned i;

	for (i = ticket_keys_count(parent->tickets); i-- > 0;) {
		key = ticket_keys_get(parent->tickets, i);
		tell(worker, IPC_TICKET_KEY, key, -1);
	}
}

static void
tell_ban(void *arg, uint64_t address, uint64_t until_s)
{
	struct parent *parent = arg;
	const struct ipc_ban ban = {
		.address = address, .until_s = until_s
	};

	tell(&parent->broker, IPC_BAN, &ban, -1);
}

static void
start_child(struct parent *parent, struct child *child)
{
	bool is_broker = child->role == IPC_BROKER;
	const struct peer_config config = {
		.self = IPC_PARENT,
		.other = child->role,
		.handlers = handlers,
		.on_end = on_channel_end,
		.queue_max = QUEUE_MAX
	};
	const struct heritage *has = &parent->heritage;
	const int fds[CHILD_FDS] = {
		has->files.settings_fd,
		is_broker ? has->log_fd : has->log_reader_fd,
		is_broker ? has->state_fd : has->files.site_fd,
		is_broker ? has->control_fd : has->files.tls_fd
	};
	struct ipc_hello hello = {
		.version = IPC_VERSION, .role = IPC_PARENT,
		.index = child->index, .slots = has->slots,
		.generation = ++parent->generation
	};
	unsigned i;

	if (!child_start(child, parent->base, hello.generation, &config,
	    fds)) {
		child_put_off(child, child_end(child, 0, clock_ms()));
		return;
	}
	tell(child, IPC_HELLO, &hello, -1);
	if (!is_broker) {
		if (parent->tickets != NULL)
			tell_ticket_keys(parent, child);
		return;
	}
	/* Before any worker is attached: nobody joins who is banned. */
	bans_each(banlist_bans(parent->banlist), tell_ban, parent);
	parent->attached_all = false;
	for (i = 0; i < parent->settings->workers; i++)
		parent->workers[i].attached = false;
}

static void
on_restart(int fd, short what, void *arg)
{
	struct child *child = arg;

	(void)fd;
	(void)what;
	start_child(child->parent, child);
}

/* Makes a channel between broker and worker.  False: no descriptors. */
static bool
attach(struct parent *parent, struct child *worker)
{
	static const struct ipc_none none;
	const struct ipc_worker who = {
		.index = worker->index, .slots = parent->heritage.slots,
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
	tell(&parent->broker, IPC_ATTACH_WORKER, &who, pair[0]);
	tell(worker, IPC_ATTACH_BROKER, &none, pair[1]);
	close(pair[0]);
	close(pair[1]);
	/* A peer holds only so many descriptors back. */
	peer_flush(parent->broker.peer);
	return true;
}

/* Every worker that lives gets its channel; then, and not before, the broker
 * hears that the others are gone. */
static void
attach_all(struct parent *parent)
{
	static const struct ipc_none none;
	uint64_t now = clock_ms();
	unsigned i;

	if (!child_is_alive(&parent->broker) || now < parent->attach_at_ms)
		return;
	for (i = 0; i < parent->settings->workers; i++) {
		struct child *worker = &parent->workers[i];

		if (child_is_alive(worker) && !worker->attached &&
		    !attach(parent, worker)) {
			parent->attach_at_ms = now + RETRY_MS;
			return;
		}
	}
	if (!parent->attached_all)
		tell(&parent->broker, IPC_ATTACHED_ALL, &none, -1);
	parent->attached_all = true;
}

/* --- children go ------------------------------------------------------- */

static void
remove_worker(struct parent *parent, struct child *worker)
{
	const struct ipc_worker who = {
		.index = worker->index, .slots = parent->heritage.slots,
		.generation = worker->generation
	};
	uint32_t lost = door_remove_worker(parent->door, worker->index);

	if (lost > 0)
		logger_info("connections lost", "child=%s count=%u",
		    worker->name, lost);
	if (worker->attached && child_is_alive(&parent->broker))
		tell(&parent->broker, IPC_WORKER_GONE, &who, -1);
}

static void
on_reaped(struct parent *parent, struct child *child, int status)
{
	uint64_t wait_ms;

	/* Its last words: what it has taken and closed. */
	if (peer_is_open(child->peer))
		peer_drain(child->peer);
	if (child->role == IPC_WORKER)
		remove_worker(parent, child);
	wait_ms = child_end(child, status, clock_ms());
	/* As long as there are workers they need a broker. */
	if (parent->stage == RUNNING || (child->role == IPC_BROKER &&
	    parent->stage < STOPPING_BROKER))
		child_put_off(child, wait_ms);
	stop_workers_when_paused(parent);
	stop_broker_when_alone(parent);
}

static struct child *
find_child(struct parent *parent, pid_t pid)
{
	unsigned i;

	if (parent->broker.pid == pid)
		return &parent->broker;
	for (i = 0; i < parent->settings->workers; i++)
		if (parent->workers[i].pid == pid)
			return &parent->workers[i];
	return NULL;
}

static void
on_sigchld(evutil_socket_t sig, short what, void *arg)
{
	struct parent *parent = arg;
	struct child *child;
	int status;
	pid_t pid;

	(void)sig;
	(void)what;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		child = find_child(parent, pid);
		if (child != NULL)
			on_reaped(parent, child, status);
	}
}

/* --- the end ----------------------------------------------------------- */

static void
stop_broker_when_alone(struct parent *parent)
{
	static const struct ipc_stop now;
	unsigned i;

	if (parent->stage < STOPPING_WORKERS)
		return;
	for (i = 0; i < parent->settings->workers; i++)
		if (child_is_alive(&parent->workers[i]))
			return;
	event_del(parent->broker.restart);
	if (!child_is_alive(&parent->broker)) {
		parent->stage = ENDED;
	} else if (parent->stage != STOPPING_BROKER) {
		parent->stage = STOPPING_BROKER;
		child_stop(&parent->broker, &now, STOP_MS);
	}
}

static uint32_t
return_time_s(const struct parent *parent)
{
	uint64_t ms = parent->settings->return_time_ms;

	if (ms > 0)
		return (uint32_t)((ms + 999) / 1000);
	return (uint32_t)(door_connections(parent->door) / RETURN_RATE) + 1;
}

static void
stop_workers(struct parent *parent)
{
	const struct settings *settings = parent->settings;
	const struct ipc_stop stop = {
		.drain_ms = (uint32_t)settings->drain_time_ms,
		.return_s = return_time_s(parent),
		.is_restart = settings->drain_code == SETTINGS_RESTART
	};
	uint32_t i;

	parent->stage = STOPPING_WORKERS;
	event_del(parent->pause);
	for (i = 0; i < settings->workers; i++)
		if (child_is_alive(&parent->workers[i]))
			child_stop(&parent->workers[i], &stop,
			    settings->drain_time_ms + STOP_MS);
	stop_broker_when_alone(parent);
}

static void
stop_workers_when_paused(struct parent *parent)
{
	unsigned i;

	if (parent->stage != PAUSING_WORKERS)
		return;
	for (i = 0; i < parent->settings->workers; i++)
		if (child_is_alive(&parent->workers[i]) &&
		    !parent->workers[i].paused)
			return;
	stop_workers(parent);
}

static void
on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	stop_workers(arg);
}

/* When all go at once, nobody may be closed before the others' last words
 * are in the log: first every worker reads no further. */
static void
stop(struct parent *parent)
{
	static const struct ipc_none none;
	const struct timeval pause = { .tv_usec = PAUSE_MS * 1000 };
	uint32_t i;

	parent->stage = PAUSING_WORKERS;
	supervisor_stopping(parent->supervisor,
	    parent->settings->drain_time_ms + PAUSE_MS + 2 * STOP_MS);
	tell_status(parent);
	door_close(parent->door);
	for (i = 0; i < parent->settings->workers; i++)
		event_del(parent->workers[i].restart);
	if (parent->settings->drain_time_ms > 0) {
		stop_workers(parent);
		return;
	}
	event_add(parent->pause, &pause);
	for (i = 0; i < parent->settings->workers; i++)
		if (child_is_alive(&parent->workers[i]))
			tell(&parent->workers[i], IPC_PAUSE, &none, -1);
	stop_workers_when_paused(parent);
}

/* Somebody is in a hurry. */
static void
kill_all(struct parent *parent)
{
	unsigned i;

	for (i = 0; i < parent->settings->workers; i++)
		if (child_is_alive(&parent->workers[i]))
			child_kill(&parent->workers[i], "a second signal");
	if (child_is_alive(&parent->broker))
		child_kill(&parent->broker, "a second signal");
	/* SIGKILL is not to be delayed: this wait is short. */
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	parent->stage = ENDED;
	parent->exit_code = 1;
}

static void
on_stop_signal(evutil_socket_t sig, short what, void *arg)
{
	struct parent *parent = arg;

	(void)what;
	if (parent->stage == RUNNING) {
		logger_info("stopping", "signal=%d connections=%" PRIu64,
		    (int)sig, door_connections(parent->door));
		stop(parent);
	} else if (parent->stage != ENDED) {
		kill_all(parent);
	}
}

/* --- a reload ---------------------------------------------------------- */

/* In this order: certificates belong to listeners, connections that came by a
 * new one are passed after all of it. */
static void
tell_settings(struct parent *parent, struct child *child)
{
	static const struct ipc_none none;
	const struct heritage_files *files = &parent->heritage.files;

	if (!child_is_alive(child))
		return;
	tell(child, IPC_SETTINGS, &none, files->settings_fd);
	if (child->role == IPC_WORKER) {
		tell(child, IPC_CERTIFICATES, &none, files->tls_fd);
		tell(child, IPC_SITE, &none, files->site_fd);
	}
}

/* A worker may speak TLS for the first time.  Without keys all goes on, and
 * no session is resumed. */
static void
tell_all_ticket_keys(struct parent *parent)
{
	unsigned i;

	if (parent->tickets == NULL)
		parent->tickets = ticket_keys_new(clock_ms());
	if (parent->tickets == NULL) {
		logger_error("no keys for TLS tickets", NULL);
		return;
	}
	for (i = 0; i < parent->settings->workers; i++)
		if (child_is_alive(&parent->workers[i]))
			tell_ticket_keys(parent, &parent->workers[i]);
}

static void
put_in_force(struct parent *parent, const struct reload *reload)
{
	struct settings *old = parent->settings;
	unsigned i = 0;

	heritage_close_files(&parent->heritage.files);
	parent->heritage.files = reload->files;
	parent->settings = reload->settings;
	logger_set_level((enum logger_level)parent->settings->log_level);
	door_set_settings(parent->door, parent->settings);
	tell_settings(parent, &parent->broker);
	for (; i < old->workers; i++)
		tell_settings(parent, &parent->workers[i]);
	if (reload->files.has_tls)
		tell_all_ticket_keys(parent);
	for (; i < parent->settings->workers; i++)
		start_child(parent, &parent->workers[i]);
	free(old);
}

static void
on_sighup(evutil_socket_t sig, short what, void *arg)
{
	struct parent *parent = arg;
	struct reload reload;

	(void)sig;
	(void)what;
	if (parent->stage != RUNNING)
		return;
	logger_info("reloading", NULL);
	if (!reload_prepare(&reload, parent->sources, parent->settings,
	    parent->door))
		return;
	put_in_force(parent, &reload);
	logger_info("reloaded", NULL);
}

/* --- the turn ---------------------------------------------------------- */

static void
renew_tickets(struct parent *parent, uint64_t now_ms)
{
	unsigned i;

	if (parent->tickets == NULL ||
	    !ticket_keys_renew(parent->tickets, now_ms))
		return;
	logger_info("new key for TLS tickets", NULL);
	for (i = 0; i < parent->settings->workers; i++)
		if (child_is_alive(&parent->workers[i]))
			tell(&parent->workers[i], IPC_TICKET_KEY,
			    ticket_keys_get(parent->tickets, 0), -1);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct parent *parent = arg;
	uint64_t now = clock_ms();
	unsigned i;

	(void)fd;
	(void)what;
	for (i = 0; i < parent->settings->workers; i++)
		if (child_is_alive(&parent->workers[i]))
			child_watch(&parent->workers[i], now);
	if (child_is_alive(&parent->broker))
		child_watch(&parent->broker, now);
	renew_tickets(parent, now);
	tell_status(parent);
}

static unsigned
count_ready(const struct parent *parent)
{
	unsigned i, ready = 0;

	for (i = 0; i < parent->settings->workers; i++)
		ready += parent->workers[i].state == CHILD_READY;
	return ready;
}

/* Accepting, and the broker attached to every worker. */
static bool
is_ready(const struct parent *parent)
{
	return parent->stage == RUNNING &&
	    parent->broker.state == CHILD_READY &&
	    count_ready(parent) == parent->settings->workers;
}

static void
tell_readiness(struct parent *parent)
{
	bool ready = is_ready(parent);
	struct ipc_readiness readiness = { .ready = ready };
	unsigned i;

	for (i = 0; i < parent->settings->workers; i++) {
		struct child *worker = &parent->workers[i];

		if (!child_is_alive(worker) || worker->told_ready == ready)
			continue;
		worker->told_ready = ready;
		tell(worker, IPC_READINESS, &readiness, -1);
	}
}

/* Whether all have answered the last ping; at the end, those that live. */
static bool
all_answer(const struct parent *parent)
{
	const struct child *worker;
	unsigned i;

	if (!child_answers(&parent->broker) && (parent->stage == RUNNING ||
	    child_is_alive(&parent->broker)))
		return false;
	for (i = 0; i < parent->settings->workers; i++) {
		worker = &parent->workers[i];
		if (!child_answers(worker) && (parent->stage == RUNNING ||
		    child_is_alive(worker)))
			return false;
	}
	return true;
}

static void
tell_status(struct parent *parent)
{
	uint64_t connections = door_connections(parent->door);
	unsigned ready = count_ready(parent);
	char text[96];

	if (parent->stage != RUNNING)
		snprintf(text, sizeof(text), "stopping, %" PRIu64
		    " connections left", connections);
	else if (is_ready(parent))
		snprintf(text, sizeof(text), "%" PRIu64 " connections, %u "
		    "workers", connections, ready);
	else
		snprintf(text, sizeof(text), "not ready: %u of %u workers, %s",
		    ready, parent->settings->workers,
		    parent->broker.state == CHILD_READY ? "the broker" :
		    "no broker");
	supervisor_status(parent->supervisor, text);
}

static void
tell_supervisor(struct parent *parent)
{
	supervisor_flush(parent->supervisor);
	if (is_ready(parent) && supervisor_ready(parent->supervisor))
		tell_status(parent);
	if (all_answer(parent))
		supervisor_alive(parent->supervisor, clock_ms());
}

/* What follows from all that one turn of the loop has brought; then all of
 * it leaves together. */
static void
end_turn(struct parent *parent)
{
	unsigned i;

	attach_all(parent);
	door_end_turn(parent->door);
	tell_readiness(parent);
	tell_supervisor(parent);
	for (i = 0; i < parent->settings->workers; i++)
		if (child_is_alive(&parent->workers[i]))
			peer_flush(parent->workers[i].peer);
	if (child_is_alive(&parent->broker))
		peer_flush(parent->broker.peer);
}

/* --- the start --------------------------------------------------------- */

static void
create_events(struct parent *parent)
{
	static const struct {
		int sig;
		event_callback_fn callback;
	} signals[SIGNALS] = {
		{ SIGTERM, on_stop_signal }, { SIGINT, on_stop_signal },
		{ SIGHUP, on_sighup }, { SIGCHLD, on_sigchld }
	};
	const struct timeval second = { .tv_sec = 1 };
	size_t i;

	parent->base = event_base_new();
	if (parent->base == NULL)
		die(EX_OSERR, "event loop");
	for (i = 0; i < SIGNALS; i++) {
		parent->signals[i] = evsignal_new(parent->base,
		    signals[i].sig, signals[i].callback, parent);
		if (parent->signals[i] == NULL ||
		    event_add(parent->signals[i], NULL) < 0)
			die(EX_OSERR, "signals");
	}
	parent->tick = event_new(parent->base, -1, EV_PERSIST, on_tick,
	    parent);
	parent->pause = event_new(parent->base, -1, 0, on_pause_over, parent);
	if (parent->tick == NULL || parent->pause == NULL ||
	    event_add(parent->tick, &second) < 0)
		die(EX_OSERR, "timer");
}

static void
create_children(struct parent *parent)
{
	unsigned i;
	bool good;

	good = child_init(&parent->broker, parent->base, IPC_BROKER, 0,
	    parent, on_restart);
	/* A reload may start more of them. */
	for (i = 0; good && i < SETTINGS_WORKERS; i++)
		good = child_init(&parent->workers[i], parent->base,
		    IPC_WORKER, i, parent, on_restart);
	if (!good)
		die(EX_OSERR, "children");
}

static struct settings *
copy_settings(const struct settings *settings)
{
	struct settings *copy = malloc(sizeof(*copy));

	if (copy == NULL)
		die(EX_OSERR, "settings");
	*copy = *settings;
	return copy;
}

static struct parent *
parent_new(const struct settings *settings, const struct conf_sources *sources,
    struct activation *activation, int ready_fd)
{
	struct parent *parent;

	parent = calloc(1, sizeof(*parent));
	if (parent == NULL)
		die(EX_OSERR, "parent");
	heritage_clear_descriptors(&parent->heritage, settings, activation,
	    ready_fd);
	logger_open();
	logger_set_process("parent");
	logger_set_level((enum logger_level)settings->log_level);
	signal(SIGPIPE, SIG_IGN);
	parent->sources = sources;
	parent->settings = copy_settings(settings);
	parent->supervisor = supervisor_new(parent->heritage.ready_fd);
	heritage_open(&parent->heritage, settings);
	parent->banlist = banlist_open(settings->bans);
	if (parent->heritage.files.has_tls) {
		parent->tickets = ticket_keys_new(clock_ms());
		if (parent->tickets == NULL)
			die(EX_OSERR, "keys for TLS tickets");
	}
	create_events(parent);
	create_children(parent);
	parent->door = door_new(parent->base, parent->settings,
	    parent->heritage.inherited, parent->heritage.slots,
	    send_connection, parent);
	heritage_open_control(&parent->heritage, settings);
	return parent;
}

static void
parent_free(struct parent *parent)
{
	unsigned i;

	supervisor_free(parent->supervisor);
	door_free(parent->door);
	heritage_close(&parent->heritage);
	ticket_keys_free(parent->tickets);
	banlist_free(parent->banlist);
	child_clear(&parent->broker);
	for (i = 0; i < SETTINGS_WORKERS; i++)
		child_clear(&parent->workers[i]);
	heritage_close_files(&parent->heritage.files);
	free(parent->settings);
	for (i = 0; i < SIGNALS; i++)
		event_free(parent->signals[i]);
	event_free(parent->tick);
	event_free(parent->pause);
	event_base_free(parent->base);
	libevent_global_shutdown();
	free(parent);
}

static void
log_start(const struct parent *parent)
{
	const struct settings *settings = parent->settings;
	char size[32];

	if (settings->source[0] == '\0')
		logger_info("no configuration file, built-in defaults hold",
		    NULL);
	logger_info("starting", "version=%s workers=%u slots=%u log_size=%s",
	    PACKAGE_VERSION, settings->workers, parent->heritage.slots,
	    settings_format_size(settings->log_size, size, sizeof(size)));
}

int
parent_run(const struct settings *settings, const struct conf_sources *sources,
    struct activation *activation, int ready_fd)
{
	struct parent *parent = parent_new(settings, sources, activation,
	    ready_fd);
	int exit_code;
	uint32_t i;

	log_start(parent);
	door_take_opened(parent->door);
	start_child(parent, &parent->broker);
	for (i = 0; i < settings->workers; i++)
		start_child(parent, &parent->workers[i]);
	end_turn(parent);
	while (parent->stage != ENDED) {
		event_base_loop(parent->base, EVLOOP_ONCE);
		end_turn(parent);
	}
	logger_info("stopped", "exit=%d", parent->exit_code);
	exit_code = parent->exit_code;
	parent_free(parent);
	return exit_code;
}
