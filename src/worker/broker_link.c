/*
 * broker_link - see broker_link.h.
 */
#include "config.h"

#include "worker/broker_link.h"

#include <fcntl.h>
#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/logger.h"
#include "log/log.h"
#include "worker/client.h"
#include "worker/outbox.h"
#include "worker/response.h"
#include "worker/waiting.h"
#include "worker/worker.h"

#define QUEUE_HIGH	(256 * 1024)	/* bytes given to the channel */
#define REGISTER_MAX	(IPC_IDS / sizeof(uint64_t))

static peer_handler on_broker_hello, on_welcome, on_refused, on_listed,
    on_acked, on_whispered, on_kick, on_slow_down,
    on_hold, on_appended;
static void on_broker_end(void *, struct peer *, const char *);

static peer_handler *const broker_handlers[IPC_TYPES] = {
	[IPC_HELLO] = on_broker_hello,
	[IPC_WELCOME] = on_welcome,
	[IPC_REFUSED] = on_refused,
	[IPC_LISTED] = on_listed,
	[IPC_ACKED] = on_acked,
	[IPC_WHISPERED] = on_whispered,
	[IPC_KICK] = on_kick,
	[IPC_SLOW_DOWN] = on_slow_down,
	[IPC_HOLD] = on_hold,
	[IPC_APPENDED] = on_appended,
};

peer_handler *const *
broker_link_handlers(void)
{
	return broker_handlers;
}

/*
 * How brokers come and go.
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
link_register(struct worker *w)
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

/* What the broker may have died of: what it was at, of which the log tells;
 * or, when it was at none, as at the end of its turn, all that was out. */
static uint64_t
suspect(const struct worker *w)
{
	uint64_t generation, request;

	if (!log_hand_load(w->log, &generation, &request))
		return OUTBOX_ANY;
	return generation == w->generation ? request : OUTBOX_NONE;
}

void
broker_link_open(struct worker *w)
{
	struct peer_config config = {
		.self = IPC_WORKER, .other = IPC_BROKER,
		.handlers = broker_handlers, .on_end = on_broker_end,
		.owner = w
	};
	struct ipc_hello hello = {
		.version = IPC_VERSION, .role = IPC_WORKER,
		.index = w->index, .generation = w->generation
	};
	int copy;

	if (w->attach_fd == 0)
		return;
	/* The peer closes what it is given, also when there is none. */
	copy = fcntl(w->attach_fd, F_DUPFD_CLOEXEC, 0);
	w->broker = copy == -1 ? NULL : peer_new(w->base, copy, &config);
	if (w->broker == NULL)
		return;
	close(w->attach_fd);
	w->attach_fd = 0;
	if (peer_send(w->broker, IPC_HELLO, &hello, NULL, 0, -1) &&
	    link_register(w))
		return;
	logger_error("cannot go on", "why=no-memory");
	w->exit_code = EX_OSERR;
	w->is_over = true;
}

void
broker_link_attach(struct worker *w, int fd)
{
	w->now_ms = clock_ms();
	/* What the old one said before it died counts. */
	if (w->broker != NULL) {
		peer_drain(w->broker);
		peer_free(w->broker);
		w->broker = NULL;
		w->is_welcome = false;
		broker_link_release(w);
		waiting_broker_died(w);
		outbox_rewind(&w->outbox, suspect(w), poison_client,
		    w);
	}
	if (w->attach_fd != 0)
		close(w->attach_fd);
	w->attach_fd = fd;
	broker_link_open(w);
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

/*
 * Requests.
 */

/* None to a broker that does not serve yet, whose death they cannot have
 * caused. */
void
broker_link_send_requests(struct worker *w)
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

void
broker_link_release(struct worker *w)
{
	outbox_release(&w->outbox, log_receipt_load(w->log, w->index,
	    w->generation));
}

/*
 * Answers.
 */

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

static bool
on_slow_down(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct worker *w = owner;
	const struct ipc_slow_down *slow = m->payload;

	(void)peer;
	w->now_ms = clock_ms();
	slowdown_set(w, slow->address, slow->wait_ms);
	return true;
}

static bool
on_hold(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct worker *w = owner;
	const struct ipc_hold *hold = m->payload;

	(void)peer;
	w->now_ms = clock_ms();
	slowdown_hold(w, hold->connection, hold->wait_ms);
	return true;
}

/* The log itself is looked at once in the turn that this starts. */
static bool
on_appended(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct worker *w = owner;
	const struct ipc_position *end = m->payload;

	(void)peer;
	w->rung = end->position;
	return true;
}
