/*
 * parent_link - see parent_link.h.
 */
#include "config.h"

#include "worker/parent_link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/clock.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "worker/broker_link.h"
#include "worker/client.h"
#include "worker/counts.h"
#include "worker/deadline.h"
#include "worker/delivery.h"
#include "worker/drain.h"
#include "worker/site.h"
#include "worker/wire.h"
#include "worker/worker.h"

static peer_handler on_hello, on_ping, on_pause, on_stop, on_readiness,
    on_ticket_key, on_settings, on_certificates, on_site, on_attach_broker,
    on_connection;
static void on_parent_end(void *, struct peer *, const char *);

static peer_handler *const parent_handlers[IPC_TYPES] = {
	[IPC_HELLO] = on_hello,
	[IPC_PING] = on_ping,
	[IPC_PAUSE] = on_pause,
	[IPC_STOP] = on_stop,
	[IPC_READINESS] = on_readiness,
	[IPC_TICKET_KEY] = on_ticket_key,
	[IPC_SETTINGS] = on_settings,
	[IPC_CERTIFICATES] = on_certificates,
	[IPC_SITE] = on_site,
	[IPC_ATTACH_BROKER] = on_attach_broker,
	[IPC_CONNECTION] = on_connection,
};

peer_handler *const *
parent_link_handlers(void)
{
	return parent_handlers;
}

bool
parent_link_open(struct worker *w)
{
	struct peer_config config = {
		.self = IPC_WORKER, .other = IPC_PARENT,
		.handlers = parent_handlers, .on_end = on_parent_end,
		.owner = w
	};

	w->parent = peer_new(w->base, CHANNEL_PARENT, &config);
	return w->parent != NULL;
}

/*
 * Life.
 */

static void
on_parent_end(void *owner, struct peer *peer, const char *why)
{
	struct worker *w = owner;

	(void)peer;
	logger_warning("the parent is gone", "why=%s",
	    why == NULL ? "end-of-file" : why);
	w->exit_code = EX_UNAVAILABLE;
	w->is_over = true;
}

static bool
on_hello(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct worker *w = owner;
	const struct ipc_hello *hello = m->payload;
	struct ipc_hello answer = *hello;
	char name[32];

	if (hello->version != IPC_VERSION ||
	    !metrics_own(CHANNEL_METRICS, METRICS_AT_WORKER + hello->index))
		return false;
	counts_sample(w);
	w->index = hello->index;
	w->generation = hello->generation;
	w->slots = hello->slots;
	snprintf(name, sizeof(name), "worker[%u]", w->index);
	logger_set_process(name);
	answer.role = IPC_WORKER;
	return peer_send(peer, IPC_HELLO, &answer, NULL, 0, -1);
}

static bool
on_ping(void *owner, struct peer *peer, const struct ipc_message *m)
{
	counts_sample(owner);
	return peer_send(peer, IPC_PONG, m->payload, NULL, 0, -1);
}

static bool
on_pause(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct worker *w = owner;

	(void)peer;
	(void)m;
	w->is_pausing = true;
	return true;
}

static bool
on_stop(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct worker *w = owner;

	(void)peer;
	w->now_ms = clock_ms();
	w->is_pausing = w->is_paused = false;
	drain_begin(w, m->payload);
	return true;
}

static bool
on_attach_broker(void *owner, struct peer *peer, const struct ipc_message *m)
{
	(void)peer;
	broker_link_attach(owner, m->fd);
	return true;
}

/*
 * What is served, and how.
 */

static bool
on_readiness(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct worker *w = owner;
	const struct ipc_readiness *r = m->payload;

	(void)peer;
	w->is_ready = r->ready != 0;
	return true;
}

static bool
on_ticket_key(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct worker *w = owner;

	(void)peer;
	if (w->wire != NULL)
		wire_add_ticket_key(w->wire, m->payload);
	return true;
}

/* Who still reads from an old page. */
static void
keep_site(struct worker *w, struct client *c)
{
	if (c->input != NULL && c->input->body_len > 0)
		site_keep(w->site, c->input->body);
}

/* No client's work is under way: nobody holds a part of the old ones. */
static bool
on_settings(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct worker *w = owner;
	const struct settings *settings = settings_map(m->fd);

	(void)peer;
	close(m->fd);
	if (settings == NULL) {
		logger_error("settings not reloaded", "error=\"%s\"",
		    strerror(errno));
		return true;
	}
	settings_unmap(w->settings);
	w->settings = settings;
	w->now_ms = clock_ms();
	logger_set_level((enum logger_level)settings->log_level);
	logger_set_format((enum logger_format)settings->log_format);
	worker_set_limits(w);
	delivery_renew(w->delivery);
	client_each(w, client_schedule);
	return true;
}

static bool
on_certificates(void *owner, struct peer *peer, const struct ipc_message *m)
{
	(void)peer;
	if (!worker_load_tls(owner, m->fd))
		logger_error("certificates not reloaded", "error=\"%s\"",
		    strerror(errno));
	close(m->fd);
	return true;
}

static bool
on_site(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct worker *w = owner;

	(void)peer;
	if (!worker_load_site(w, m->fd))
		logger_error("site not reloaded", "error=\"%s\"",
		    strerror(errno));
	close(m->fd);
	client_each(w, keep_site);
	site_release(w->site);
	return true;
}

/*
 * Connections.
 */

static bool
on_connection(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct worker *w = owner;
	const struct ipc_accepted *a = m->payload;
	struct ipc_connection id = { .connection = a->connection };

	w->now_ms = clock_ms();		/* its deadline counts from here */
	w->is_single = (a->flags & IPC_ACCEPTED_ALONE) != 0;
	if (!peer_send(peer, IPC_TAKEN, &id, NULL, 0, -1)) {
		close(m->fd);
		return false;
	}
	if (w->is_stopping) {
		close(m->fd);
		return peer_send(peer, IPC_CLOSED, &id, NULL, 0, -1);
	}
	if (!client_new(w, a, m->fd)) {
		logger_write_connection(LOGGER_ERROR, a->connection,
		    "no memory for a connection", NULL);
		return peer_send(peer, IPC_CLOSED, &id, NULL, 0, -1);
	}
	w->has_come = true;
	return true;
}
