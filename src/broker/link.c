/*
 * link - see link.h.
 */
#include "config.h"

#include "broker/link.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "broker/broker_parts.h"
#include "broker/hub.h"

#define LOOK_MS		1500	/* a ping of the parent's a second, and delay */

/*
 * How the worker begins and ends.
 */

void
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

bool
link_welcome(struct link *link)
{
	struct ipc_position end = {
		.position = hub_position(link->broker->hub)
	};

	peer_pause(link->peer, false);
	return peer_send(link->peer, IPC_WELCOME, &end, NULL, 0, -1);
}

/*
 * Requests.
 */

/* Whoever reaches back so far cannot be waited for any more. */
static void
link_give_up_slow(struct broker *b)
{
	for (unsigned i = 0; i < b->link_count; i++)
		if (hub_reaches_back(b->hub, i, 3))
			link_report(&b->links[i], "too-far-behind");
}

/* It begins with its first request. */
static bool
turn_is_over(struct broker *b)
{
	uint64_t now_ms = clock_ms();

	if (b->turn_end_ms == 0)
		b->turn_end_ms = now_ms + LINK_TURN_MS;
	return now_ms >= b->turn_end_ms || hub_turn_is_full(b->hub);
}

/* Nobody is heard until the end of the turn, and then this one last. */
static void
link_hush(const struct link *link)
{
	struct broker *b = link->broker;

	b->first = link->index + 1;
	for (unsigned i = 0; i < b->link_count; i++)
		if (b->links[i].peer != NULL)
			peer_pause(b->links[i].peer, true);
	link_give_up_slow(b);
}

void
link_pace(const struct link *link)
{
	if (turn_is_over(link->broker))
		link_hush(link);
}

/* Why a wish was not granted, for programs and for people. */
struct reason {
	const char *word, *sentence;
};

static const enum ipc_refusal refusals[] = {
	[HUB_UNKNOWN] = IPC_REFUSED_UNKNOWN,
	[HUB_MEMORY] = IPC_REFUSED_MEMORY,
	[HUB_SIZE] = IPC_REFUSED_SIZE,
	[HUB_ADDRESS] = IPC_REFUSED_ADDRESS,
	[HUB_THERE] = IPC_REFUSED_ROOM,
	[HUB_ROOMS] = IPC_REFUSED_ROOMS,
	[HUB_TAKEN] = IPC_REFUSED_TAKEN,
	[HUB_NAME] = IPC_REFUSED_NAME,
	[HUB_TABS] = IPC_REFUSED_TABS,
	[HUB_REPLACED] = IPC_REFUSED_REPLACED,
	[HUB_AFTER] = IPC_REFUSED_AFTER,
	[HUB_BANNED] = IPC_REFUSED_BANNED,
	[HUB_MUTED] = IPC_REFUSED_MUTED,
};

static const struct reason reasons[] = {
	[HUB_THERE] = { "room-same", "You are there." },
	[HUB_ROOMS] = { "too-many-rooms", "There are too many rooms." },
	[HUB_TAKEN] = { "name-taken", "Somebody has that name." },
	[HUB_MUTED] = { "muted", "An administrator has muted you." },
};

/* The answer for which there is no memory costs the connection: its worker
 * closes it.  A short one, for which a channel has space as a rule; false:
 * not this time. */
static bool
link_tell_shortage(struct link *link, uint64_t connection, uint64_t number)
{
	const struct ipc_refused refused = {
		.connection = connection, .number = number,
		.reason = IPC_REFUSED_MEMORY
	};

	link->owes_answers = true;
	return peer_send(link->peer, IPC_REFUSED, &refused, NULL, 0, -1);
}

/* What is repeated to who asked: what was wanted; of a text only its id. */
static size_t
repeated(const struct ipc_message *m, const uint8_t **at_out)
{
	const struct ipc_request *q = m->payload;

	*at_out = m->tail;
	if (m->type == IPC_NICK || m->type == IPC_MOVE)
		return m->tail_len;
	if (m->type != IPC_SAY || (q->flags & IPC_ID) == 0)
		return 0;
	*at_out = m->tail + 1;
	return m->tail[0];
}

/* With no reason what was wanted is not repeated either. */
static bool
link_refuse(struct link *link, const struct ipc_message *m,
    enum hub_result result, const struct reason *reason)
{
	const struct ipc_request *q = m->payload;
	struct ipc_refused refused = {
		.connection = q->connection, .number = q->number,
		.reason = refusals[result]
	};
	const uint8_t *wish;
	size_t wish_len = repeated(m, &wish);
	struct buf tail;
	bool good;

	buf_init(&tail);
	good = reason == NULL ||
	    (buf_append(&tail, reason->word, strlen(reason->word) + 1) &&
	    buf_append(&tail, reason->sentence,
	    strlen(reason->sentence) + 1) &&
	    (wish_len == 0 || buf_append(&tail, wish, wish_len)));
	link->owes_answers = true;
	good = good && peer_send(link->peer, IPC_REFUSED, &refused,
	    buf_head(&tail), buf_len(&tail), -1);
	buf_clear(&tail);
	return good || link_tell_shortage(link, q->connection, q->number);
}

bool
link_answer(struct link *link, const struct ipc_message *m,
    enum hub_result result)
{
	bool is_wish = m->type == IPC_NICK || m->type == IPC_MOVE ||
	    result == HUB_MUTED;
	const struct reason *reason = NULL;

	link_pace(link);
	if (result == HUB_FORGED)
		return false;
	if (result == HUB_DONE || result == HUB_REPEAT)
		return true;
	if (is_wish && result < sizeof(reasons) / sizeof(reasons[0]) &&
	    reasons[result].word != NULL)
		reason = &reasons[result];
	return link_refuse(link, m, result, reason);
}

bool
link_on_attach(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct link *link = owner;

	(void)peer;
	return link_answer(link, m, hub_attach(link->broker->hub,
	    link->index, m->payload));
}

bool
link_on_join(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct link *link = owner;

	(void)peer;
	return link_answer(link, m, hub_join(link->broker->hub,
	    link->index, m->payload, m->tail, m->tail_len));
}

/* A message that was said before, under the id at its front. */
static bool
link_acknowledge(struct link *link, const struct ipc_message *m, uint64_t seq)
{
	const struct ipc_request *q = m->payload;
	struct ipc_acked acked = {
		.connection = q->connection, .number = q->number, .seq = seq
	};

	link_pace(link);
	link->owes_answers = true;
	return peer_send(link->peer, IPC_ACKED, &acked, m->tail + 1,
	    m->tail[0], -1) || link_answer(link, m, HUB_MEMORY);
}

bool
link_on_say(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct link *link = owner;
	enum hub_result result;
	uint64_t seq;

	(void)peer;
	result = hub_say(link->broker->hub, link->index, m->payload, m->tail,
	    m->tail_len, &seq);
	if (result == HUB_DONE)
		metrics_add(METRIC_MESSAGES, 1);
	if (result == HUB_SAID)
		return link_acknowledge(link, m, seq);
	return link_answer(link, m, result);
}

bool
link_on_leave(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct link *link = owner;

	(void)peer;
	return link_answer(link, m, hub_leave(link->broker->hub,
	    link->index, m->payload));
}

bool
link_on_proven(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct link *link = owner;
	struct ipc_proof proof;

	(void)peer;
	if (m->tail_len != sizeof(proof))
		return false;
	memcpy(&proof, m->tail, sizeof(proof));
	return link_answer(link, m, hub_prove(link->broker->hub,
	    link->index, m->payload, &proof));
}

bool
link_on_nick(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct link *link = owner;
	enum name_verdict verdict;
	enum hub_result result;
	struct reason reason;

	(void)peer;
	result = hub_nick(link->broker->hub, link->index, m->payload,
	    (const char *)m->tail, m->tail_len, &verdict);
	if (result != HUB_NAME)
		return link_answer(link, m, result);
	link_pace(link);
	reason = (struct reason){
		name_verdict_code(verdict), name_verdict_text(verdict)
	};
	return link_refuse(link, m, result, &reason);
}

bool
link_on_move(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct link *link = owner;

	(void)peer;
	return link_answer(link, m, hub_move(link->broker->hub, link->index,
	    m->payload, (const char *)m->tail, m->tail_len));
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
}

/* Whether whispers wait for a socket still. */
static bool
link_flush_whispers(struct broker *b)
{
	bool is_waiting = false;

	b->is_flooded = false;
	for (unsigned i = 0; i < b->link_count; i++) {
		struct link *link = &b->links[i];

		if (!link->has_whispers)
			continue;
		if (link->peer != NULL && peer_is_open(link->peer)) {
			peer_flush(link->peer);
			if (peer_queued(link->peer) > 0) {
				is_waiting = true;
				b->is_flooded |= peer_queued(link->peer) >
				    LINK_QUEUE_HIGH;
				continue;
			}
		}
		link->has_whispers = false;
	}
	return is_waiting;
}

static void
link_send_held(struct link *link)
{
	struct ipc_listed listed;
	uint64_t len;

	while (buf_len(&link->held) > 0) {
		memcpy(&listed, buf_head(&link->held), sizeof(listed));
		memcpy(&len, buf_head(&link->held) + sizeof(listed),
		    sizeof(len));
		buf_consume(&link->held, sizeof(listed) + sizeof(len));
		if (link->peer != NULL && !peer_send(link->peer, IPC_LISTED,
		    &listed, buf_head(&link->held), len, -1) &&
		    !link_tell_shortage(link, listed.connection,
		    listed.number))
			link_report(link, "no-memory");
		buf_consume(&link->held, len);
	}
	buf_clear(&link->held);
}

/* Sends what waited for whispers, when all of these are in the sockets; what
 * a worker asked that did not whisper need not wait. */
static void
link_release_held(struct broker *b)
{
	bool is_waiting = link_flush_whispers(b);

	for (unsigned i = 0; i < b->link_count; i++) {
		struct link *link = &b->links[i];

		if (is_waiting && link->has_whispered)
			continue;
		link->has_whispered = false;
		link_send_held(link);
	}
}

/* Whether a worker keeps all from being heard.  One that is to be ended asks
 * nothing again. */
bool
link_is_awaited(const struct broker *b)
{
	for (unsigned i = 0; i < b->link_count; i++)
		if (!b->links[i].is_mute && hub_reaches_back(b->hub, i, 1))
			return true;
	return false;
}

/* Who is first here is heard first: a turn may be full before the last. */
static void
link_listen(struct broker *b)
{
	bool must_wait = !b->is_serving || link_is_awaited(b);
	unsigned count = b->link_count;

	for (unsigned i = 0; i < count; i++) {
		struct link *link = &b->links[(b->first + i) % count];

		if (link->peer == NULL)
			continue;
		peer_pause(link->peer, (link->is_registered && must_wait) ||
		    buf_len(&link->held) > LINK_QUEUE_HIGH ||
		    (link->has_whispered && b->is_flooded) ||
		    peer_queued(link->peer) > LINK_QUEUE_HIGH);
	}
}

/* What is owed does not get into its socket.  The time between two looks
 * counts for no more than there is between the parent's pings, with which a
 * turn comes: who was stopped together with the worker does not take that for
 * its fault. */
static void
link_watch(struct link *link, uint64_t now_ms)
{
	uint64_t passed_ms = now_ms - link->looked_ms;

	if (link->looked_ms == 0 || peer_sent(link->peer) != link->taken)
		link->deaf_ms = 0;
	else
		link->deaf_ms += passed_ms < LOOK_MS ? passed_ms : LOOK_MS;
	link->looked_ms = now_ms;
	link->taken = peer_sent(link->peer);
	if (link->deaf_ms >= LINK_DEAF_MS)
		link_report(link, "takes-nothing");
}

static void
link_watch_all(struct broker *b)
{
	for (unsigned i = 0; i < b->link_count; i++) {
		struct link *link = &b->links[i];

		if (link->peer != NULL && peer_queued(link->peer) > 0)
			link_watch(link, clock_ms());
		else
			link->looked_ms = 0;
	}
}

/* Whoever gets it too late is told again. */
static void
link_slow_down(void *arg, uint64_t address, uint64_t wait_ms)
{
	const struct ipc_slow_down slow = {
		.address = address, .wait_ms = wait_ms
	};
	struct broker *b = arg;

	for (unsigned i = 0; i < b->link_count; i++) {
		struct link *link = &b->links[i];

		if (link->peer != NULL && link->is_registered &&
		    peer_queued(link->peer) < LINK_QUEUE_HIGH)
			(void)!peer_send(link->peer, IPC_SLOW_DOWN, &slow,
			    NULL, 0, -1);
	}
}

static void
link_hold(void *arg, unsigned index, uint64_t connection, uint64_t wait_ms)
{
	const struct ipc_hold hold = {
		.connection = connection, .wait_ms = wait_ms
	};
	struct broker *b = arg;
	struct link *link = &b->links[index];

	if (link->peer != NULL && link->is_registered &&
	    peer_queued(link->peer) < LINK_QUEUE_HIGH)
		(void)!peer_send(link->peer, IPC_HOLD, &hold, NULL, 0, -1);
}

void
link_end_turn(struct broker *b)
{
	b->turn_end_ms = 0;
	hub_commit(b->hub, clock_ms(), link_on_bell, b);
	hub_each_over(b->hub, link_slow_down, b);
	hub_each_ahead(b->hub, clock_ms(), link_hold, b);
	link_release_held(b);
	for (unsigned i = 0; i < b->link_count; i++) {
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
	link_give_up_slow(b);
	link_watch_all(b);
	link_listen(b);
}
