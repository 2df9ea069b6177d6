/*
 * broker - see broker.h.
 *
 * Holds a channel to the parent and one to each worker, and knows how workers
 * come and go; their requests and answers are link.c's, and everything that a
 * request does is the hub's (hub.h).  A turn of its loop: read all that is
 * there, carry it out, commit once, send answers, then ring each worker that
 * has something to read.
 *
 *	RECOVERING   waits until every live worker has named its connections,
 *	     |       and lets the others go; requests stay unread
 *	     v
 *	SERVING
 */
#include "config.h"

#include "broker/broker.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/channel.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "base/sandbox.h"
#include "base/usage.h"
#include "broker/broker_parts.h"
#include "broker/control.h"
#include "broker/gauges.h"
#include "broker/hub.h"
#include "broker/link.h"
#include "broker/name.h"
#include "broker/registration.h"
#include "broker/tokens.h"
#include "broker/upkeep.h"
#include "log/log.h"
#include "log/state.h"

#define FRAME_EXTRA	4096		/* a request beside its text */

static peer_handler on_hello, on_ping, on_stop, on_settings,
    on_attach_worker, on_attached_all, on_worker_gone, on_ban,
    on_mute, on_steered;
static peer_handler on_worker_hello;
static void on_parent_end(void *, struct peer *, const char *);
static void on_worker_end(void *, struct peer *, const char *);
static void broker_turn(struct broker *);

static peer_handler *const parent_handlers[IPC_TYPES] = {
	[IPC_HELLO] = on_hello,
	[IPC_PING] = on_ping,
	[IPC_STOP] = on_stop,
	[IPC_SETTINGS] = on_settings,
	[IPC_ATTACH_WORKER] = on_attach_worker,
	[IPC_ATTACHED_ALL] = on_attached_all,
	[IPC_WORKER_GONE] = on_worker_gone,
	[IPC_BAN] = on_ban,
	[IPC_MUTE] = on_mute,
	[IPC_STEERED] = on_steered,
};

static peer_handler *const worker_handlers[IPC_TYPES] = {
	[IPC_HELLO] = on_worker_hello,
	[IPC_REGISTER] = registration_on_register,
	[IPC_REGISTERED] = registration_on_registered,
	[IPC_ATTACH] = link_on_attach,
	[IPC_JOIN] = link_on_join,
	[IPC_SAY] = link_on_say,
	[IPC_LEAVE] = link_on_leave,
	[IPC_PROVEN] = link_on_proven,
	[IPC_NICK] = link_on_nick,
	[IPC_MOVE] = link_on_move,
	[IPC_WHO] = link_on_who,
	[IPC_ROOMS] = link_on_rooms,
	[IPC_WHISPER] = link_on_whisper,
};

peer_handler *const *
broker_parent_handlers(void)
{
	return parent_handlers;
}

peer_handler *const *
broker_worker_handlers(void)
{
	return worker_handlers;
}

/*
 * Life.
 */

static void
broker_start(struct broker *b)
{
	static const struct peer_config config = {
		.self = IPC_BROKER, .other = IPC_PARENT,
		.handlers = parent_handlers, .on_end = on_parent_end,
	};
	struct peer_config parent = config;
	struct log *log;
	struct state *state;
	struct names *names;
	const char *why;
	uint32_t damaged;

	log = log_map(CHANNEL_LOG, true);
	if (log == NULL)
		die(EX_OSERR, "map the log");
	close(CHANNEL_LOG);
	if (!metrics_open(CHANNEL_METRICS))
		die(EX_OSERR, "map the metrics");
	usage_open();
	state = state_open(CHANNEL_STATE, &damaged);
	if (state == NULL)
		die(EX_OSERR, "map the state file");
	if (damaged > 0)
		logger_warning("state rows damaged", "rows=%" PRIu32, damaged);
	b->base = event_base_new();
	if (b->base == NULL)
		die(EX_OSERR, "event base");
	parent.owner = b;
	b->parent = peer_new(b->base, CHANNEL_PARENT, &parent);
	if (!registration_open(b) || !upkeep_open(b) || b->parent == NULL)
		die(EX_OSERR, "channel to the parent");
	names = name_open(&why);
	if (names == NULL)
		die(EX_OSERR, "names: %s", why);
	if (!tokens_prepare())
		die(EX_OSERR, "SHA-256");
	if (b->settings->control[0] != '\0' &&
	    (b->control = control_new(b)) == NULL)
		die(EX_OSERR, "control socket");
	/* Jansson would open a file for it. */
	json_object_seed(0);
	privilege_drop(b->settings->user);
	sandbox_enter(SANDBOX_BROKER);
	b->hub = hub_new(b->settings, names, log, state);
	errno = 0;
	if (b->hub == NULL)
		die(EX_OSERR, "no memory to take over");
	if (b->control != NULL)
		hub_overhear(b->hub, control_on_whisper, b->control);
	logger_debug("started", "members=%" PRIu32 " rooms=%u position=%"
	    PRIu64, hub_connections(b->hub), hub_rooms(b->hub),
	    hub_position(b->hub));
}

/* What nobody has asked for costs no memory and no turn. */
static void
broker_make_links(struct broker *b, unsigned count)
{
	for (; b->link_count < count; b->link_count++)
		b->links[b->link_count] = (struct link){
			.broker = b, .index = b->link_count
		};
}

int
broker_main(const struct settings *settings)
{
	static struct broker broker;	/* large: its links */
	struct broker *b = &broker;

	b->settings = settings;
	broker_make_links(b, settings_pool(settings));
	broker_start(b);
	while (!b->is_stopping) {
		event_base_loop(b->base, b->is_clearing ? EVLOOP_NONBLOCK :
		    EVLOOP_ONCE);
		broker_turn(b);
	}
	return b->exit_code;
}

/*
 * The parent.
 */

static void
on_parent_end(void *owner, struct peer *peer, const char *why)
{
	struct broker *b = owner;

	(void)peer;
	/* Without a parent nobody restarts or watches us. */
	logger_warning("the parent is gone", "why=%s",
	    why == NULL ? "end-of-file" : why);
	b->exit_code = EX_UNAVAILABLE;
	b->is_stopping = true;
}

static bool
on_hello(void *owner, struct peer *peer, const struct ipc_message *m)
{
	const struct ipc_hello *hello = m->payload;
	struct ipc_hello answer = *hello;

	(void)owner;
	if (hello->version != IPC_VERSION ||
	    !metrics_own(CHANNEL_METRICS, METRICS_AT_BROKER))
		return false;
	answer.role = IPC_BROKER;
	return peer_send(peer, IPC_HELLO, &answer, NULL, 0, -1);
}

static bool
on_ping(void *owner, struct peer *peer, const struct ipc_message *m)
{
	gauges_sample(owner);
	return peer_send(peer, IPC_PONG, m->payload, NULL, 0, -1);
}

static bool
on_stop(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct broker *b = owner;

	(void)peer;
	(void)m;
	b->is_stopping = true;
	return true;
}

/* Nobody is disconnected when this ends the broker: the next one starts with
 * these settings. */
static bool
on_settings(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct broker *b = owner;
	const struct settings *old = b->settings;
	const struct settings *settings = settings_map(m->fd);

	(void)peer;
	close(m->fd);
	if (settings == NULL) {
		logger_error("settings not reloaded", "error=\"%s\"",
		    strerror(errno));
		return true;
	}
	b->settings = settings;
	logger_set_level((enum logger_level)settings->log_level);
	logger_set_format((enum logger_format)settings->log_format);
	hub_set_settings(b->hub, settings);
	settings_unmap(old);
	return true;
}

/* The bound of all settings that a reload may bring: workers have theirs
 * from another channel, perhaps before we do. */
static size_t
frame_max(const struct settings *settings)
{
	return settings->log_size / 16 + IPC_IDS + FRAME_EXTRA;
}

static bool
on_attach_worker(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct broker *b = owner;
	const struct ipc_worker *w = m->payload;
	struct peer_config config = {
		.self = IPC_BROKER, .other = IPC_WORKER,
		.handlers = worker_handlers, .on_end = on_worker_end,
		.frame_max = frame_max(b->settings),
	};
	struct ipc_hello hello = {
		.version = IPC_VERSION, .role = IPC_BROKER,
		.index = w->index, .slots = w->slots,
		.generation = w->generation
	};
	struct link *link;

	(void)peer;
	if (w->index >= SETTINGS_PLACES || w->generation == 0) {
		close(m->fd);
		return false;
	}
	broker_make_links(b, w->index + 1);
	link = &b->links[w->index];
	if (link->generation != 0)
		hub_remove_worker(b->hub, link->index);
	peer_free(link->peer);
	buf_clear(&link->held);
	*link = (struct link){ .broker = b, .index = w->index };
	config.owner = link;
	link->peer = peer_new(b->base, m->fd, &config);
	if (link->peer == NULL || !hub_add_worker(b->hub, w->index,
	    w->generation, w->slots)) {
		peer_free(link->peer);
		link->peer = NULL;
		/* Nobody would attach it again. */
		link->generation = w->generation;
		link_report(link, "no-memory");
		link->generation = 0;
		return true;
	}
	link->generation = w->generation;
	return peer_send(link->peer, IPC_HELLO, &hello, NULL, 0, -1);
}

static bool
on_attached_all(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct broker *b = owner;

	(void)peer;
	(void)m;
	registration_begin(b);
	return true;
}

static bool
on_worker_gone(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct broker *b = owner;
	const struct ipc_worker *w = m->payload;
	struct link *link;

	(void)peer;
	if (w->index >= b->link_count)
		return false;
	link = &b->links[w->index];
	if (link->generation != w->generation)
		return true;
	/* What it said before it died counts. */
	if (link->peer != NULL)
		peer_drain(link->peer);
	if (link->generation == w->generation) {
		hub_remove_worker(b->hub, link->index);
		link->generation = 0;
	}
	registration_look(b);
	return true;
}

static bool
on_ban(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct broker *b = owner;
	const struct ipc_ban *ban = m->payload;
	struct network network;

	(void)peer;
	if (!network_take(ban->key, ban->bits, &network))
		return false;
	if (!hub_ban(b->hub, network, ban->until_s))
		logger_error("no memory for a ban", NULL);
	return true;
}

static bool
on_mute(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct broker *b = owner;
	const struct ipc_mute *mute = m->payload;
	struct network network;

	(void)peer;
	if (!network_take(mute->key, mute->bits, &network))
		return false;
	if (!hub_mute(b->hub, network, mute->until_s,
	    mute->is_address != 0))
		logger_error("no memory for a mute", NULL);
	return true;
}

static bool
on_steered(void *owner, struct peer *peer, const struct ipc_message *m)
{
	const struct broker *b = owner;

	(void)peer;
	control_on_steered(b->control, m);
	return true;
}

/*
 * Workers: how they come and go.
 */

static void
on_worker_end(void *owner, struct peer *peer, const char *why)
{
	struct link *link = owner;

	(void)peer;
	if (link->generation == 0)
		return;
	if (why != NULL)
		link_report(link, why);
	hub_remove_worker(link->broker->hub, link->index);
	link->generation = 0;
	registration_look(link->broker);
}

static bool
on_worker_hello(void *owner, struct peer *peer, const struct ipc_message *m)
{
	const struct link *link = owner;
	const struct ipc_hello *hello = m->payload;

	(void)peer;
	return hello->version == IPC_VERSION && hello->role == IPC_WORKER &&
	    hello->generation == link->generation;
}

static void
broker_turn(struct broker *b)
{
	control_hear(b->control);
	registration_go_on(b);
	link_end_turn(b);
	upkeep_turn(b);
	/* An administrator hears that somebody is banned or muted when that
	 * outlives this process. */
	peer_flush(b->parent);
	control_tell(b->control);
}
