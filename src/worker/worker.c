/*
 * worker - see worker.h.
 *
 * A turn of its loop:
 *
 *	callbacks: clients' bytes in, messages of parent and broker
 *	-> requests to the broker, in one send
 *	-> the log has grown? up to two more passes over ready clients, so that
 *	   what is about to be said leaves together
 *	-> render and send, once for each client
 *	-> receipts: answered requests leave the outbox
 */
#include "config.h"

#include "worker/worker.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/logger.h"
#include "base/memfile.h"
#include "base/sandbox.h"
#include "base/tls_image.h"
#include "worker/catchup.h"
#include "worker/client.h"
#include "worker/compress.h"
#include "worker/deadline.h"
#include "worker/delivery.h"
#include "worker/intake.h"
#include "worker/json_read.h"
#include "worker/output.h"
#include "worker/response.h"
#include "worker/site.h"
#include "worker/waiting.h"
#include "worker/wire.h"

#define EVENTS		256		/* clients looked at in a pass */
#define DRAIN_PASSES	2
#define OUTBOX_HIGH	(1024 * 1024)	/* bytes without a receipt ... */
#define OUTBOX_COUNT	8192		/* ... or requests: stop reading */
#define QUEUE_HIGH	(256 * 1024)	/* bytes given to the channel */
#define RETRY_MS	250		/* when memory was short */
#define PAUSE_MS	50		/* for the last reading */
#define REGISTER_MAX	(IPC_IDS / sizeof(uint64_t))

static peer_handler on_hello, on_ping, on_pause, on_stop, on_readiness,
    on_ticket_key, on_settings, on_certificates, on_site, on_attach_broker,
    on_connection;
static peer_handler on_broker_hello, on_welcome, on_refused, on_listed,
    on_acked, on_whispered, on_kick, on_appended;
static void on_parent_end(void *, struct peer *, const char *);
static void on_broker_end(void *, struct peer *, const char *);
static void on_clients_ready(evutil_socket_t, short, void *);
static void on_timer(evutil_socket_t, short, void *);
static void worker_turn(struct worker *);

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

static peer_handler *const broker_handlers[IPC_TYPES] = {
	[IPC_HELLO] = on_broker_hello,
	[IPC_WELCOME] = on_welcome,
	[IPC_REFUSED] = on_refused,
	[IPC_LISTED] = on_listed,
	[IPC_ACKED] = on_acked,
	[IPC_WHISPERED] = on_whispered,
	[IPC_KICK] = on_kick,
	[IPC_APPENDED] = on_appended,
};

peer_handler *const *
worker_parent_handlers(void)
{
	return parent_handlers;
}

peer_handler *const *
worker_broker_handlers(void)
{
	return broker_handlers;
}

/*
 * Life.
 */

/* False, with errno: what was there stays. */
static bool
worker_load_site(struct worker *w, int fd)
{
	struct site *site;
	const void *image;
	size_t len;

	image = memfile_map(fd, &len);
	if (image == NULL)
		return false;
	site = site_new(image, len, w->site);
	if (site == NULL) {
		memfile_unmap(image, len);
		errno = EPROTO;
		return false;
	}
	w->site = site;
	return true;
}

/* The keys stay where OpenSSL has them, and nowhere else.  False, with
 * errno: what was there stays. */
static bool
worker_load_tls(struct worker *w, int fd)
{
	const void *image;
	bool is_good;
	size_t len;

	image = memfile_map(fd, &len);
	if (image == NULL)
		return false;
	errno = EPROTO;
	is_good = tls_image_is_whole(image, len);
	if (is_good && w->wire == NULL && tls_image_count(image) > 0)
		is_good = (w->wire = wire_new()) != NULL;
	if (is_good && w->wire != NULL)
		is_good = wire_load(w->wire, w->settings, image);
	memfile_unmap(image, len);
	return is_good;
}

static void
worker_map(struct worker *w)
{
	w->log = log_map(CHANNEL_LOG, false);
	if (w->log == NULL)
		die(EX_OSERR, "map the log");
	close(CHANNEL_LOG);
	if (!worker_load_site(w, CHANNEL_SITE))
		die(EX_OSERR, "site");
	close(CHANNEL_SITE);
	wire_prepare();
	if (!worker_load_tls(w, CHANNEL_TLS))
		die(EX_OSERR, "certificates");
	close(CHANNEL_TLS);
}

static void
worker_set_limits(struct worker *w)
{
	for (uint32_t i = 0; i < w->settings->route_count; i++) {
		const struct settings_limits *l =
		    &w->settings->routes[i].limits;

		w->frame_limits[i] = (struct frame_limits){
			.message_max = l->message_size,
			.fragments_max = (uint32_t)l->fragments
		};
	}
}

static void
worker_start(struct worker *w)
{
	struct peer_config parent = {
		.self = IPC_WORKER, .other = IPC_PARENT,
		.handlers = parent_handlers, .on_end = on_parent_end,
		.owner = w
	};

	worker_map(w);
	worker_set_limits(w);
	w->now_ms = clock_ms();
	wheel_init(&w->wheel, w->now_ms);
	w->dirty = CLIENT_NO_SLOT;
	outbox_init(&w->outbox);
	origins_init(&w->origins);
	w->receive = malloc(WORKER_RECEIVE);
	w->compress = compress_new();
	w->delivery = w->compress == NULL ? NULL :
	    delivery_new(w->log, w->compress);
	w->base = event_base_new();
	w->poll = epoll_create1(EPOLL_CLOEXEC);
	if (w->receive == NULL || w->delivery == NULL || w->base == NULL ||
	    w->poll == -1)
		die(EX_OSERR, "start");
	w->readable = event_new(w->base, w->poll, EV_READ | EV_PERSIST,
	    on_clients_ready, w);
	w->timer = evtimer_new(w->base, on_timer, w);
	w->parent = peer_new(w->base, CHANNEL_PARENT, &parent);
	if (w->readable == NULL || w->timer == NULL || w->parent == NULL ||
	    event_add(w->readable, NULL) == -1)
		die(EX_OSERR, "start");
	json_read_open();
	privilege_drop(w->settings->user);
	sandbox_enter(SANDBOX_WORKER);
}

int
worker_main(const struct settings *settings)
{
	static struct worker worker;	/* large: its wheel */
	struct worker *w = &worker;

	w->settings = settings;
	worker_start(w);
	while (!w->is_over) {
		event_base_loop(w->base, EVLOOP_ONCE |
		    (delivery_is_due(w) ? EVLOOP_NONBLOCK : 0));
		worker_turn(w);
	}
	incident_sum_up(&w->incidents);
	return w->exit_code;
}

/*
 * The parent.
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

	if (hello->version != IPC_VERSION)
		return false;
	w->index = hello->index;
	w->generation = hello->generation;
	snprintf(name, sizeof(name), "worker[%u]", w->index);
	logger_set_process(name);
	answer.role = IPC_WORKER;
	return peer_send(peer, IPC_HELLO, &answer, NULL, 0, -1);
}

static bool
on_ping(void *owner, struct peer *peer, const struct ipc_message *m)
{
	(void)owner;
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
	worker_set_limits(w);
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

static bool
on_connection(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct worker *w = owner;
	const struct ipc_accepted *a = m->payload;
	struct ipc_connection id = { .connection = a->connection };

	w->now_ms = clock_ms();		/* its deadline counts from here */
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
	return true;
}

/*
 * The broker.
 */

static void
poison_client(void *arg, const struct outbox_entry *entry)
{
	struct worker *w = arg;
	struct client *c = client_find(w, entry->request.connection);
	unsigned char hash[SHA256_DIGEST_LENGTH];
	char hex[17];

	SHA256(entry->tail, entry->tail_len, hash);
	for (int i = 0; i < 8; i++)
		snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	logger_write_connection(LOGGER_ERROR, entry->request.connection,
	    "request given up after two deaths of the broker",
	    "type=%s bytes=%zu sha256=%s", ipc_type_name(entry->type),
	    entry->tail_len, hex);
	if (c != NULL)
		client_close(w, c, CLOSE_SERVER_FAULT);
}

static void
worker_release(struct worker *w)
{
	outbox_release(&w->outbox, log_receipt_load(w->log, w->index,
	    w->generation));
}

static void
on_broker_end(void *owner, struct peer *peer, const char *why)
{
	struct worker *w = owner;

	(void)peer;
	w->is_welcome = false;
	logger_debug("the broker is gone", "why=%s waiting=%" PRIu32,
	    why == NULL ? "end-of-file" : why, w->outbox.count);
	/* It lives, but we are lost to it: nobody would attach us again. */
	if (why != NULL) {
		logger_error("cannot go on", "why=%s", why);
		w->exit_code = EX_PROTOCOL;
		w->is_over = true;
	}
}

/* Names every connection the broker may know: those that are here, and
 * those whose leave has no receipt yet. */
static bool
worker_register(struct worker *w)
{
	static uint64_t ids[REGISTER_MAX];
	const struct ipc_none none = { 0 };
	struct outbox_entry entry;
	size_t count = 0, at = 0;
	uint32_t slot = 0;
	bool more = true;

	while (more) {
		more = false;
		if (slot < w->client_slots) {
			const struct client *c = w->clients[slot++];

			more = true;
			if (c != NULL && c->is_registered)
				ids[count++] = c->connection;
		} else if (outbox_walk(&w->outbox, &at, &entry)) {
			more = true;
			if (entry.type == IPC_LEAVE)
				ids[count++] = entry.request.connection;
		}
		if (count == REGISTER_MAX || (!more && count > 0)) {
			if (!peer_send(w->broker, IPC_REGISTER, &none, ids,
			    count * sizeof(ids[0]), -1))
				return false;
			count = 0;
		}
	}
	return peer_send(w->broker, IPC_REGISTERED, &none, NULL, 0, -1);
}

static bool
on_attach_broker(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct worker *w = owner;
	struct peer_config config = {
		.self = IPC_WORKER, .other = IPC_BROKER,
		.handlers = broker_handlers, .on_end = on_broker_end,
		.owner = w
	};
	struct ipc_hello hello = {
		.version = IPC_VERSION, .role = IPC_WORKER,
		.index = w->index, .generation = w->generation
	};

	(void)peer;
	w->now_ms = clock_ms();
	/* What the old one said before it died counts. */
	if (w->broker != NULL) {
		peer_drain(w->broker);
		peer_free(w->broker);
		w->broker = NULL;
		w->is_welcome = false;
		worker_release(w);
		waiting_broker_died(w);
		outbox_rewind(&w->outbox, poison_client, w);
	}
	w->broker = peer_new(w->base, m->fd, &config);
	if (w->broker == NULL)
		return false;
	return peer_send(w->broker, IPC_HELLO, &hello, NULL, 0, -1) &&
	    worker_register(w);
}

static bool
on_broker_hello(void *owner, struct peer *peer, const struct ipc_message *m)
{
	const struct ipc_hello *hello = m->payload;

	(void)owner;
	(void)peer;
	return hello->version == IPC_VERSION && hello->role == IPC_BROKER;
}

static bool
on_welcome(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct worker *w = owner;
	const struct ipc_none none = { 0 };

	(void)peer;
	(void)m;
	w->is_welcome = true;
	if (w->has_been_welcome)
		return true;
	w->has_been_welcome = true;
	return peer_send(w->parent, IPC_READY, &none, NULL, 0, -1);
}

static bool
on_refused(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct worker *w = owner;

	(void)peer;
	w->now_ms = clock_ms();
	response_on_refused(w, m);
	return true;
}

static bool
on_listed(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct worker *w = owner;

	(void)peer;
	w->now_ms = clock_ms();
	return response_on_listed(w, m);
}

static bool
on_acked(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct worker *w = owner;

	(void)peer;
	w->now_ms = clock_ms();
	response_on_acked(w, m);
	return true;
}

static bool
on_whispered(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct worker *w = owner;

	(void)peer;
	w->now_ms = clock_ms();
	return response_on_whispered(w, m);
}

static bool
on_kick(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct worker *w = owner;
	const struct ipc_kick *kick = m->payload;
	struct client *c = client_find(w, kick->connection);

	(void)peer;
	w->now_ms = clock_ms();
	if (c != NULL)
		client_close(w, c, kick->is_ban != 0 ? CLOSE_BANNED :
		    CLOSE_KICKED);
	return true;
}

/* The log itself is looked at once in the turn that this starts. */
static bool
on_appended(void *owner, struct peer *peer, const struct ipc_message *m)
{
	(void)owner;
	(void)peer;
	(void)m;
	return true;
}

/*
 * Clients.
 */

static void
worker_on_writable(struct worker *w, struct client *c)
{
	if (!client_flush(w, c))
		return;
	if (c->is_lagging)
		catchup_run(w, c);
	if (c->state == CLIENT_OPEN && !c->is_blocked && c->input != NULL &&
	    c->input->waits_out) {
		c->input->waits_out = false;
		intake_resume(w, c);
	}
}

static void
worker_on_client(struct worker *w, struct client *c, uint32_t events)
{
	if (c->state == CLIENT_GONE)
		return;
	if (events & EPOLLOUT)
		worker_on_writable(w, c);
	if (c->state == CLIENT_GONE)
		return;
	/* While it waits, what has come stays in the kernel; but a peer that
	 * is gone altogether is not waited for. */
	if (client_is_waiting(c) || c->is_ended) {
		if (events & (EPOLLERR | EPOLLHUP))
			client_drop(w, c, CLOSE_RESET);
		return;
	}
	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		intake_read(w, c);
}

/* One look at the clients that are ready; returns how many were. */
static int
worker_poll(struct worker *w)
{
	static struct epoll_event events[EVENTS];
	int count;

	/* TAKEN before the first read: what was read cannot be handed to
	 * another worker. */
	peer_flush(w->parent);
	count = epoll_wait(w->poll, events, EVENTS, 0);
	for (int i = 0; i < count; i++)
		worker_on_client(w, events[i].data.ptr, events[i].events);
	return count;
}

static void
on_clients_ready(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	w->now_ms = clock_ms();
	(void)worker_poll(w);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;	/* the turn looks at the wheel */
}

static void
worker_run_deadlines(struct worker *w)
{
	struct wheel_item *item;
	struct client *c;

	while ((item = wheel_next_due(&w->wheel, w->now_ms)) != NULL) {
		c = (struct client *)((char *)item -
		    offsetof(struct client, deadline));
		deadline_passed(w, c);
	}
}

/*
 * The turn.
 */

/* Hands requests to the channel, as many as it should hold; none to a broker
 * that does not serve yet, whose death they cannot have caused. */
static void
worker_send_requests(struct worker *w)
{
	struct outbox_entry entry;

	if (w->broker == NULL || !peer_is_open(w->broker) || !w->is_welcome)
		return;
	while (peer_queued(w->broker) < QUEUE_HIGH &&
	    outbox_next(&w->outbox, &entry) &&
	    peer_send(w->broker, entry.type, &entry.request, entry.tail,
	    entry.tail_len, -1))
		outbox_sent(&w->outbox);
	peer_flush(w->broker);
}

static void
worker_deliver(struct worker *w)
{
	uint64_t end;

	for (int pass = 0; pass < DRAIN_PASSES && !w->is_choked &&
	    delivery_is_due(w) && worker_poll(w) > 0; pass++)
		worker_send_requests(w);
	if (delivery_is_due(w) || delivery_due(w) <= w->now_ms) {
		end = log_committed(w->log);
		/* A whisper that belongs before the end is in the channel by
		 * now: the broker sends it before it commits what follows. */
		if (w->broker != NULL)
			peer_poll(w->broker);
		delivery_run(w, end);
	}
	if (w->waiting != NULL)
		waiting_give(w);
	drain_run(w);
	client_flush_all(w);
}

/* What clients had said when the end was announced is taken, and counts as
 * said; PAUSED tells when all of it is in the log. */
static void
worker_pause(struct worker *w)
{
	static const struct ipc_none none;
	uint64_t end_ms = w->now_ms + PAUSE_MS;

	if (w->is_pausing && !w->is_paused) {
		while (!w->is_choked && worker_poll(w) > 0 &&
		    w->now_ms < end_ms) {
			worker_send_requests(w);
			w->now_ms = clock_ms();
		}
		w->is_paused = true;
	}
	if (!w->is_pausing || w->outbox.count > 0)
		return;
	w->is_pausing = !peer_send(w->parent, IPC_PAUSED, &none, NULL, 0,
	    -1);
}

/* While too much waits for the broker, nothing more is read. */
static void
worker_choke(struct worker *w)
{
	bool choke = w->is_paused || w->outbox.count > OUTBOX_COUNT ||
	    outbox_bytes(&w->outbox) > OUTBOX_HIGH;

	if (choke == w->is_choked)
		return;
	w->is_choked = choke;
	if (choke) {
		event_del(w->readable);
	} else {
		w->unchoked_ms = w->now_ms;
		event_add(w->readable, NULL);
	}
}

static void
worker_set_timer(struct worker *w)
{
	struct timeval time;
	uint64_t wait_ms = UINT64_MAX, tell_ms = incident_due(&w->incidents);
	uint64_t deliver_ms = delivery_due(w);

	(void)wheel_wait(&w->wheel, w->now_ms, &wait_ms);
	/* What could not be reported for want of memory is tried again. */
	if (w->gone != NULL && wait_ms > RETRY_MS)
		wait_ms = RETRY_MS;
	if (deliver_ms < tell_ms)
		tell_ms = deliver_ms;
	if (drain_due(w) < tell_ms)
		tell_ms = drain_due(w);
	if (tell_ms < w->now_ms)
		tell_ms = w->now_ms;
	if (tell_ms != UINT64_MAX && wait_ms > tell_ms - w->now_ms)
		wait_ms = tell_ms - w->now_ms;
	if (wait_ms == UINT64_MAX) {
		evtimer_del(w->timer);
		return;
	}
	time.tv_sec = (time_t)(wait_ms / 1000);
	time.tv_usec = (suseconds_t)(wait_ms % 1000 * 1000 + 1000);
	evtimer_add(w->timer, &time);
}

static void
worker_turn(struct worker *w)
{
	w->now_ms = clock_ms();
	worker_run_deadlines(w);
	incident_tell(&w->incidents, w->now_ms);
	worker_send_requests(w);
	worker_deliver(w);
	worker_release(w);
	client_free_gone(w);
	worker_pause(w);
	worker_send_requests(w);
	worker_choke(w);
	worker_set_timer(w);
	peer_flush(w->parent);
	if (w->is_stopping && w->client_count == 0)
		w->is_over = true;
}
