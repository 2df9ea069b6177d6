/*
 * broker - see broker.h.
 *
 * Holds a channel to the parent and one to each worker; everything that a
 * request does is the hub's (hub.h).  A turn of its loop: read all that is
 * there, carry it out, commit once, send answers, then ring each worker that
 * has something to read.
 *
 *	RECOVERING   waits until every live worker has named its connections;
 *	     |       requests stay unread
 *	     v
 *	SERVING
 */
#include "config.h"

#include "broker/broker.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/channel.h"
#include "base/die.h"
#include "base/logger.h"
#include "base/sandbox.h"
#include "broker/hub.h"
#include "broker/name.h"
#include "log/log.h"
#include "log/state.h"

#define REGISTER_TIME_S	1		/* then a silent worker is ended */
#define QUEUE_HIGH	(256 * 1024)	/* bytes; then its requests wait */
#define FRAME_EXTRA	4096		/* a request beside its text */

/* A worker as the broker sees it: its channel and what it is owed. */
struct link {
	struct broker *broker;
	struct peer *peer;
	unsigned index;
	uint64_t generation;		/* 0: nobody */
	bool is_registered;
	bool is_mute;			/* reported to the parent */
	bool owes_answers;		/* queued, not yet in the socket */
	bool has_whispers;		/* likewise, of others' */
	bool has_whispered;		/* an answer in `held` says so */
	struct buf held;		/* answers that wait for whispers */
	bool owes_receipt;		/* waits for its answers */
	bool owes_bell;
	bool has_bell_queued;
};

struct broker {
	const struct settings *settings;
	struct event_base *base;
	struct event *deadline;		/* of the registration */
	struct peer *parent;
	struct hub *hub;
	bool has_all;			/* ATTACHED_ALL was heard */
	bool is_serving;
	bool is_stopping;
	bool is_flooded;		/* with whispers: a worker is slow */
	int exit_code;
	struct link links[SETTINGS_WORKERS];
};

static peer_handler on_hello, on_ping, on_stop, on_attach_worker,
    on_attached_all, on_worker_gone;
static peer_handler on_worker_hello, on_register, on_registered, on_attach,
    on_join, on_say, on_leave, on_nick, on_move, on_who, on_rooms, on_whisper;
static void on_parent_end(void *, struct peer *, const char *);
static void on_worker_end(void *, struct peer *, const char *);
static void on_deadline(evutil_socket_t, short, void *);
static void link_report(struct link *, const char *);
static void broker_serve_when_ready(struct broker *);
static void broker_turn(struct broker *);

static peer_handler *const parent_handlers[IPC_TYPES] = {
	[IPC_HELLO] = on_hello,
	[IPC_PING] = on_ping,
	[IPC_STOP] = on_stop,
	[IPC_ATTACH_WORKER] = on_attach_worker,
	[IPC_ATTACHED_ALL] = on_attached_all,
	[IPC_WORKER_GONE] = on_worker_gone,
};

static peer_handler *const worker_handlers[IPC_TYPES] = {
	[IPC_HELLO] = on_worker_hello,
	[IPC_REGISTER] = on_register,
	[IPC_REGISTERED] = on_registered,
	[IPC_ATTACH] = on_attach,
	[IPC_JOIN] = on_join,
	[IPC_SAY] = on_say,
	[IPC_LEAVE] = on_leave,
	[IPC_NICK] = on_nick,
	[IPC_MOVE] = on_move,
	[IPC_WHO] = on_who,
	[IPC_ROOMS] = on_rooms,
	[IPC_WHISPER] = on_whisper,
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
	state = state_open(CHANNEL_STATE, &damaged);
	if (state == NULL)
		die(EX_OSERR, "map the state file");
	if (damaged > 0)
		logger_warning("state rows damaged", "rows=%" PRIu32, damaged);
	b->base = event_base_new();
	if (b->base == NULL)
		die(EX_OSERR, "event base");
	b->deadline = evtimer_new(b->base, on_deadline, b);
	parent.owner = b;
	b->parent = peer_new(b->base, CHANNEL_PARENT, &parent);
	if (b->deadline == NULL || b->parent == NULL)
		die(EX_OSERR, "channel to the parent");
	names = name_open(&why);
	if (names == NULL)
		die(EX_OSERR, "names: %s", why);
	privilege_drop(b->settings->user);
	sandbox_enter(SANDBOX_BROKER);
	b->hub = hub_new(b->settings, names, log, state);
	errno = 0;
	if (b->hub == NULL)
		die(EX_OSERR, "no memory to take over");
	logger_debug("started", "members=%" PRIu32 " rooms=%u position=%"
	    PRIu64, hub_connections(b->hub), hub_rooms(b->hub),
	    hub_position(b->hub));
}

int
broker_main(const struct settings *settings)
{
	static struct broker broker;	/* large: its links */
	struct broker *b = &broker;

	b->settings = settings;
	for (unsigned i = 0; i < b->settings->workers; i++)
		b->links[i] = (struct link){ .broker = b, .index = i };
	broker_start(b);
	while (!b->is_stopping) {
		event_base_loop(b->base, EVLOOP_ONCE);
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
	if (hello->version != IPC_VERSION)
		return false;
	answer.role = IPC_BROKER;
	return peer_send(peer, IPC_HELLO, &answer, NULL, 0, -1);
}

static bool
on_ping(void *owner, struct peer *peer, const struct ipc_message *m)
{
	(void)owner;
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

static size_t
frame_max(const struct settings *settings)
{
	uint64_t max = 0;

	for (uint32_t i = 0; i < settings->route_count; i++) {
		const struct settings_route *r = &settings->routes[i];

		/* A chat route has one, see conf.c. */
		if (r->kind == SETTINGS_CHAT && r->limits.message_size > max)
			max = r->limits.message_size;
	}
	return max + IPC_IDS + FRAME_EXTRA;
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
	if (w->index >= b->settings->workers || w->generation == 0) {
		close(m->fd);
		return false;
	}
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
	const struct timeval time = { .tv_sec = REGISTER_TIME_S };

	(void)peer;
	(void)m;
	b->has_all = true;
	if (!b->is_serving)
		evtimer_add(b->deadline, &time);
	broker_serve_when_ready(b);
	return true;
}

static bool
on_worker_gone(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct broker *b = owner;
	const struct ipc_worker *w = m->payload;
	struct link *link;

	(void)peer;
	if (w->index >= b->settings->workers)
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
	broker_serve_when_ready(b);
	return true;
}

/*
 * Workers: how they come and go.
 */

static void
link_report(struct link *link, const char *why)
{
	struct ipc_worker report = {
		.index = link->index, .generation = link->generation
	};

	if (link->is_mute)
		return;
	link->is_mute = true;
	logger_warning("worker is to be ended", "worker=%u why=%s",
	    link->index, why);
	if (!peer_send(link->broker->parent, IPC_WORKER_MUTE, &report, NULL,
	    0, -1))
		logger_error("no memory to report a worker", NULL);
}

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
	broker_serve_when_ready(link->broker);
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

static bool
on_register(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct link *link = owner;
	uint64_t connection;

	(void)peer;
	if (link->is_registered || m->tail_len % sizeof(connection) != 0)
		return false;
	for (size_t at = 0; at < m->tail_len; at += sizeof(connection)) {
		memcpy(&connection, m->tail + at, sizeof(connection));
		if (!hub_register(link->broker->hub, link->index, connection))
			return false;
	}
	return true;
}

static bool
link_welcome(struct link *link)
{
	struct ipc_position end = {
		.position = hub_position(link->broker->hub)
	};
	uint32_t dropped = hub_registered(link->broker->hub, link->index);

	if (dropped > 0)
		logger_warning("members unknown to their worker",
		    "worker=%u members=%" PRIu32, link->index, dropped);
	peer_pause(link->peer, false);
	return peer_send(link->peer, IPC_WELCOME, &end, NULL, 0, -1);
}

static bool
on_registered(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct link *link = owner;

	(void)m;
	if (link->is_registered)
		return false;
	link->is_registered = true;
	if (link->broker->is_serving)
		return link_welcome(link);
	/* Its requests wait until all the others are known. */
	peer_pause(peer, true);
	broker_serve_when_ready(link->broker);
	return true;
}

static void
broker_serve_when_ready(struct broker *b)
{
	struct ipc_none none = { 0 };

	if (b->is_serving || !b->has_all)
		return;
	for (unsigned i = 0; i < b->settings->workers; i++)
		if (b->links[i].generation != 0 &&
		    !b->links[i].is_registered)
			return;
	b->is_serving = true;
	evtimer_del(b->deadline);
	hub_remove_others(b->hub);
	for (unsigned i = 0; i < b->settings->workers; i++)
		if (b->links[i].generation != 0 &&
		    !link_welcome(&b->links[i]))
			link_report(&b->links[i], "no-memory");
	if (!peer_send(b->parent, IPC_READY, &none, NULL, 0, -1))
		die(EX_OSERR, "no memory to report");
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct broker *b = arg;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < b->settings->workers; i++)
		if (b->links[i].generation != 0 &&
		    !b->links[i].is_registered)
			link_report(&b->links[i], "did-not-register");
}

/*
 * Requests.
 */

/* Answers a refusal; false ends the worker. */
static bool
link_answer(struct link *link, const struct ipc_message *m,
    enum hub_result result)
{
	const struct ipc_request *q = m->payload;
	bool is_wish = m->type == IPC_NICK || m->type == IPC_MOVE;
	struct ipc_refused refused = {
		.connection = q->connection, .number = q->number
	};

	switch (result) {
	case HUB_DONE:
	case HUB_REPEAT:
		return true;
	case HUB_FORGED:
		return false;
	case HUB_UNKNOWN:
		refused.reason = IPC_REFUSED_UNKNOWN;
		break;
	case HUB_MEMORY:
		refused.reason = IPC_REFUSED_MEMORY;
		break;
	case HUB_THERE:
		refused.reason = IPC_REFUSED_ROOM;
		break;
	case HUB_TAKEN:
		refused.reason = IPC_REFUSED_TAKEN;
		break;
	case HUB_NAME:
		refused.reason = IPC_REFUSED_NAME;
		break;
	case HUB_ADDRESS:
		refused.reason = IPC_REFUSED_ADDRESS;
		break;
	case HUB_SIZE:
		refused.reason = IPC_REFUSED_SIZE;
		break;
	}
	link->owes_answers = true;
	return peer_send(link->peer, IPC_REFUSED, &refused, m->tail,
	    is_wish ? m->tail_len : 0, -1);
}

static bool
on_attach(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct link *link = owner;

	(void)peer;
	return link_answer(link, m, hub_attach(link->broker->hub,
	    link->index, m->payload));
}

static bool
on_join(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct link *link = owner;

	(void)peer;
	return link_answer(link, m, hub_join(link->broker->hub,
	    link->index, m->payload, (const char *)m->tail, m->tail_len));
}

static bool
on_say(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct link *link = owner;

	(void)peer;
	return link_answer(link, m, hub_say(link->broker->hub,
	    link->index, m->payload, m->tail, m->tail_len));
}

static bool
on_leave(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct link *link = owner;

	(void)peer;
	return link_answer(link, m, hub_leave(link->broker->hub,
	    link->index, m->payload));
}

static bool
on_nick(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct link *link = owner;

	(void)peer;
	return link_answer(link, m, hub_nick(link->broker->hub, link->index,
	    m->payload, (const char *)m->tail, m->tail_len));
}

static bool
on_move(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct link *link = owner;

	(void)peer;
	return link_answer(link, m, hub_move(link->broker->hub, link->index,
	    m->payload, (const char *)m->tail, m->tail_len));
}

/*
 * Questions.
 */

static struct ipc_listed
listed_for(const struct link *link, const struct ipc_message *m)
{
	const struct ipc_request *q = m->payload;

	return (struct ipc_listed){
		.connection = q->connection, .number = q->number,
		.position = hub_position(link->broker->hub), .type = m->type
	};
}

/* Answers are sent at the end of the turn, and behind all whispers: a broker
 * that dies between a whisper and what its sender is told is asked again, one
 * that dies behind both has lost nothing. */
static bool
link_hold(struct link *link, const struct ipc_listed *listed,
    const struct buf *texts)
{
	uint64_t len = buf_len(texts);

	link->owes_answers = true;
	if (!buf_append(&link->held, listed, sizeof(*listed)) ||
	    !buf_append(&link->held, &len, sizeof(len)) ||
	    (len > 0 && !buf_append(&link->held, buf_head(texts), len)))
		return false;
	/* A question is short, its answer need not be. */
	if (buf_len(&link->held) > QUEUE_HIGH)
		peer_pause(link->peer, true);
	return true;
}

typedef enum hub_result hub_question(struct hub *, unsigned,
    const struct ipc_request *, struct buf *, uint32_t *);

static bool
link_ask(struct link *link, const struct ipc_message *m,
    hub_question *question)
{
	struct ipc_listed listed = listed_for(link, m);
	enum hub_result result;
	struct buf texts;
	bool good;

	buf_init(&texts);
	result = question(link->broker->hub, link->index, m->payload, &texts,
	    &listed.more);
	good = result == HUB_DONE ? link_hold(link, &listed, &texts) :
	    link_answer(link, m, result);
	buf_clear(&texts);
	return good;
}

static bool
on_who(void *owner, struct peer *peer, const struct ipc_message *m)
{
	(void)peer;
	return link_ask(owner, m, hub_who);
}

static bool
on_rooms(void *owner, struct peer *peer, const struct ipc_message *m)
{
	(void)peer;
	return link_ask(owner, m, hub_rooms_list);
}

/* A whisper on its way, for link_whisper. */
struct errand {
	struct link *link;		/* the sender's */
	const struct ipc_request *request;
};

static bool
link_whisper(void *arg, const struct hub_whisper *w)
{
	const struct errand *errand = arg;
	struct broker *b = errand->link->broker;
	struct link *to = &b->links[w->index];
	struct ipc_whispered payload = {
		.connection = w->connection,
		.position = hub_position(b->hub),
		.generation = errand->link->generation,
		.request = errand->request->number
	};
	struct buf tail;
	bool good;

	buf_init(&tail);
	good = buf_append(&tail, w->sender, w->sender_len) &&
	    buf_append(&tail, "", 1) &&
	    (w->text_len == 0 || buf_append(&tail, w->text, w->text_len)) &&
	    peer_send(to->peer, IPC_WHISPERED, &payload, buf_head(&tail),
	    buf_len(&tail), -1);
	buf_clear(&tail);
	to->has_whispers = errand->link->has_whispered = true;
	/* One text may be for many; its sender waits (link_turn). */
	if (peer_queued(to->peer) > QUEUE_HIGH)
		peer_pause(errand->link->peer, true);
	return good;
}

static bool
on_whisper(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct link *link = owner;
	struct errand errand = { .link = link, .request = m->payload };
	struct ipc_listed listed = listed_for(link, m);
	const uint8_t *end = m->tail_len == 0 ? NULL :
	    memchr(m->tail, '\0', m->tail_len);
	enum hub_result result;
	struct buf texts;
	bool good;

	(void)peer;
	if (end == NULL)
		return false;
	buf_init(&texts);
	result = hub_whisper(link->broker->hub, link->index, m->payload,
	    (const char *)m->tail, (size_t)(end - m->tail), end + 1,
	    m->tail_len - (size_t)(end + 1 - m->tail), link_whisper, &errand,
	    &texts);
	if (result != HUB_DONE)
		good = link_answer(link, m, result);
	else
		good = buf_append(&texts, end, m->tail_len -
		    (size_t)(end - m->tail)) && link_hold(link, &listed,
		    &texts);
	buf_clear(&texts);
	return good;
}

/*
 * The end of a turn.
 */

static void
link_on_bell(void *arg, unsigned index)
{
	struct broker *b = arg;

	b->links[index].owes_bell = true;
	b->links[index].owes_receipt = true;
}

/* The receipt follows the refusals into the socket, and the bell follows the
 * receipt: whoever hears it finds his requests answered. */
static void
link_turn(struct link *link)
{
	struct broker *b = link->broker;
	struct ipc_position end = { .position = hub_position(b->hub) };

	if (link->owes_answers) {
		peer_flush(link->peer);
		if (peer_queued(link->peer) == 0 && buf_len(&link->held) == 0)
			link->owes_answers = false;
	}
	if (link->owes_receipt && !link->owes_answers) {
		hub_receipt(b->hub, link->index);
		link->owes_receipt = false;
		link->owes_bell = true;
	}
	/* The bell is a level: one in the queue is enough. */
	if (peer_queued(link->peer) == 0)
		link->has_bell_queued = false;
	if (link->owes_bell && !link->has_bell_queued &&
	    peer_send(link->peer, IPC_APPENDED, &end, NULL, 0, -1)) {
		link->owes_bell = false;
		link->has_bell_queued = true;
	}
	peer_flush(link->peer);
	peer_pause(link->peer, (link->is_registered && !b->is_serving) ||
	    buf_len(&link->held) > QUEUE_HIGH ||
	    (link->has_whispered && b->is_flooded) ||
	    peer_queued(link->peer) > QUEUE_HIGH);
}

/* Sends what waited for whispers, when all of these are in the sockets; what
 * a worker asked that did not whisper need not wait. */
static void
broker_release_held(struct broker *b)
{
	struct ipc_listed listed;
	bool is_waiting = false;
	uint64_t len;

	b->is_flooded = false;
	for (unsigned i = 0; i < b->settings->workers; i++) {
		struct link *link = &b->links[i];

		if (!link->has_whispers)
			continue;
		if (link->peer != NULL && peer_is_open(link->peer)) {
			peer_flush(link->peer);
			if (peer_queued(link->peer) > 0) {
				is_waiting = true;
				b->is_flooded |= peer_queued(link->peer) >
				    QUEUE_HIGH;
				continue;
			}
		}
		link->has_whispers = false;
	}
	for (unsigned i = 0; i < b->settings->workers; i++) {
		struct link *link = &b->links[i];

		if (is_waiting && link->has_whispered)
			continue;
		link->has_whispered = false;
		while (buf_len(&link->held) > 0) {
			memcpy(&listed, buf_head(&link->held),
			    sizeof(listed));
			memcpy(&len, buf_head(&link->held) + sizeof(listed),
			    sizeof(len));
			buf_consume(&link->held,
			    sizeof(listed) + sizeof(len));
			if (link->peer != NULL && !peer_send(link->peer,
			    IPC_LISTED, &listed, buf_head(&link->held), len,
			    -1))
				link_report(link, "no-memory");
			buf_consume(&link->held, len);
		}
		buf_clear(&link->held);
	}
}

static void
broker_turn(struct broker *b)
{
	hub_commit(b->hub, link_on_bell, b);
	broker_release_held(b);
	for (unsigned i = 0; i < b->settings->workers; i++) {
		struct link *link = &b->links[i];

		if (link->peer == NULL)
			continue;
		if (link->generation == 0 || !peer_is_open(link->peer)) {
			peer_free(link->peer);
			link->peer = NULL;
			continue;
		}
		link_turn(link);
	}
	peer_flush(b->parent);
}
