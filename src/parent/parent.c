/*
 * parent - the process that the supervisor sees.
 *
 * Its life in reading order: signals, ticks, what a turn of the loop brings
 * about, how it is made and freed, how it runs.  How children come and go is
 * children.c's, what they say reports.c's, how they are ended ending.c's, who
 * is told how they stand readiness.c's.  Who comes in is door.c's.
 *
 * Nothing here waits for a child: channels queue within bounds, and whoever
 * lets too much pile up is ended.
 */
#include "config.h"

#include "parent/parent.h"

#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/bans.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "base/settings.h"
#include "base/usage.h"
#include "parent/banlist.h"
#include "parent/conf.h"
#include "parent/door.h"
#include "parent/parent_parts.h"
#include "parent/reload.h"
#include "parent/supervisor.h"
#include "parent/ticket_keys.h"

#define SAME_SIGNAL_MS	100

/* --- signals ----------------------------------------------------------- */

static void
on_stop_signal(struct parent *parent, int sig)
{
	/* timeout(1) and others signal the process, and then its group. */
	if (parent->stage != RUNNING &&
	    clock_ms() < parent->stopping_ms + SAME_SIGNAL_MS)
		return;
	if (parent->stage == RUNNING) {
		logger_info("stopping", "signal=%d connections=%" PRIu64,
		    sig, door_connections(parent->door));
		ending_stop(parent);
	} else if (parent->stage != ENDED) {
		ending_kill_all(parent);
	}
}

/* A read that fails leaves them there for the next turn; with a pipe of
 * libevent's own, which it fails to read, the process would end. */
static void
on_signals(evutil_socket_t fd, short what, void *arg)
{
	struct parent *parent = arg;
	struct signalfd_siginfo info;

	(void)what;
	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			children_reap(parent);
		else if (info.ssi_signo == SIGHUP)
			settling_reload(parent);
		else
			on_stop_signal(parent, (int)info.ssi_signo);
	}
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
	for (i = 0; i < parent->worker_end; i++)
		if (child_is_alive(&parent->workers[i]))
			child_tell(&parent->workers[i], IPC_TICKET_KEY,
			    ticket_keys_get(parent->tickets, 0), -1);
}

/* All that was said before has been given to the sockets. */
static void
count_queues(const struct parent *parent)
{
	uint64_t queued = 0;
	unsigned i;

	for (i = 0; i < parent->worker_end; i++)
		if (child_is_alive(&parent->workers[i]))
			queued += peer_queued(parent->workers[i].peer);
	metrics_set(metrics_queue_to(METRICS_AT_WORKER), queued);
	metrics_set(metrics_queue_to(METRICS_AT_BROKER),
	    child_is_alive(&parent->broker) ?
	    peer_queued(parent->broker.peer) : 0);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct parent *parent = arg;
	uint64_t now = clock_ms();
	unsigned i;

	(void)fd;
	(void)what;
	count_queues(parent);
	children_reap(parent);	/* whom SIGCHLD has not brought */
	for (i = 0; i < parent->worker_end; i++)
		if (child_is_alive(&parent->workers[i]))
			child_watch(&parent->workers[i], now);
	if (child_is_alive(&parent->broker))
		child_watch(&parent->broker, now);
	singles_watch(parent);
	attach_watch(parent->attach, now);
	renew_tickets(parent, now);
	readiness_tell_status(parent);
	usage_sample();
}

/* What follows from all that one turn of the loop has brought; then all of
 * it leaves together. */
static void
end_turn(struct parent *parent)
{
	unsigned i;

	children_attach_all(parent);
	door_end_turn(parent->door);
	attach_end_turn(parent->attach);
	readiness_tell(parent);
	readiness_tell_supervisor(parent);
	for (i = 0; i < parent->worker_end; i++)
		if (child_is_alive(&parent->workers[i]))
			peer_flush(parent->workers[i].peer);
	if (child_is_alive(&parent->broker))
		peer_flush(parent->broker.peer);
}

/* --- the start --------------------------------------------------------- */

/* They are blocked from now on, and wait to be read, also those that who
 * started this, nohup(1) for one, had ignored: a blocked one is kept. */
static bool
catch_signals(struct parent *parent)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	signal(SIGCHLD, SIG_DFL);	/* ignored, there is nobody to reap */
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return false;
	parent->signals_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (parent->signals_fd < 0)
		return false;
	parent->signals = event_new(parent->base, parent->signals_fd,
	    EV_READ | EV_PERSIST, on_signals, parent);
	return parent->signals != NULL &&
	    event_add(parent->signals, NULL) == 0;
}

static void
create_events(struct parent *parent)
{
	const struct timeval second = { .tv_sec = 1 };

	parent->base = event_base_new();
	if (parent->base == NULL)
		die(EX_OSERR, "event loop");
	if (!catch_signals(parent))
		die(EX_OSERR, "signals");
	parent->tick = event_new(parent->base, -1, EV_PERSIST, on_tick,
	    parent);
	parent->pause = event_new(parent->base, -1, 0, ending_on_pause_over,
	    parent);
	if (parent->tick == NULL || parent->pause == NULL ||
	    event_add(parent->tick, &second) < 0)
		die(EX_OSERR, "timer");
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

static bool
send_connection(void *owner, unsigned index,
    const struct ipc_accepted *accepted, int fd)
{
	struct parent *parent = owner;

	return peer_send(parent->workers[index].peer, IPC_CONNECTION,
	    accepted, NULL, 0, fd);
}

/* Whom the door sends connections to. */
static const struct door_calls door_calls = {
	.send = send_connection
}, door_calls_of_singles = {
	.send = send_connection,
	.choose = singles_choose,
	.start = singles_start
};

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
	logger_set_format((enum logger_format)settings->log_format);
	signal(SIGPIPE, SIG_IGN);
	parent->sources = sources;
	parent->settings = copy_settings(settings);
	parent->supervisor = supervisor_new(parent->heritage.ready_fd);
	heritage_open(&parent->heritage, settings);
	parent->banlist = banlist_open(settings->bans);
	parent->muted = bans_new();
	if (parent->muted == NULL)
		die(EX_OSERR, "mutes");
	if (parent->heritage.files.has_tls) {
		parent->tickets = ticket_keys_new(clock_ms());
		if (parent->tickets == NULL)
			die(EX_OSERR, "keys for TLS tickets");
	}
	create_events(parent);
	children_init(parent);
	parent->door = door_new(parent->base, parent->settings,
	    parent->heritage.inherited, parent->heritage.slots,
	    settings->spawn == SETTINGS_POOL ? &door_calls :
	    &door_calls_of_singles, parent);
	heritage_open_control(&parent->heritage, settings);
	parent->attach = attach_open(parent);
	return parent;
}

/* --- the end ----------------------------------------------------------- */

static void
parent_free(struct parent *parent)
{
	supervisor_free(parent->supervisor);
	attach_free(parent->attach);
	door_free(parent->door);
	heritage_close(&parent->heritage);
	ticket_keys_free(parent->tickets);
	banlist_free(parent->banlist);
	bans_free(parent->muted);
	children_clear(parent);
	heritage_close_files(&parent->heritage.files);
	free(parent->settings);
	event_free(parent->signals);
	close(parent->signals_fd);
	event_free(parent->tick);
	event_free(parent->pause);
	event_base_free(parent->base);
	libevent_global_shutdown();
	free(parent);
}

/* --- the run ----------------------------------------------------------- */

static void
log_start(const struct parent *parent)
{
	const struct settings *settings = parent->settings;
	char size[32], memory[32];

	if (settings->source[0] == '\0')
		logger_info("no configuration file, built-in defaults hold",
		    NULL);
	logger_info("starting",
	    "version=%s workers=%u slots=%u log_size=%s memory=%s",
	    PACKAGE_VERSION, settings_pool(settings), parent->heritage.slots,
	    settings_format_size(settings->log_size, size, sizeof(size)),
	    settings_format_size(settings->memory_share * settings->workers,
	    memory, sizeof(memory)));
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
	children_start(parent, &parent->broker);
	for (i = 0; i < settings_pool(settings); i++)
		children_start(parent, &parent->workers[i]);
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
