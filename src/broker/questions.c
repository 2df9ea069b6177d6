/*
 * questions - what a worker asks that is answered by a message: who, which
 * rooms, and a whisper.
 *
 * A part of the worker's channel (link.h), in the broker.  What the answer is
 * the hub says; here is when it is sent.
 */
#include "config.h"

#include "broker/link.h"

#include <string.h>

#include "broker/broker_parts.h"
#include "broker/hub.h"

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
link_hold(struct link *link, const struct ipc_message *m,
    const struct ipc_listed *listed, const struct buf *texts)
{
	uint64_t len = buf_len(texts);
	size_t all = sizeof(*listed) + sizeof(len) + len;
	uint8_t *to = buf_reserve(&link->held, all);

	if (to == NULL)
		return link_answer(link, m, HUB_MEMORY);
	link->owes_answers = true;
	memcpy(to, listed, sizeof(*listed));
	memcpy(to + sizeof(*listed), &len, sizeof(len));
	if (len > 0)
		memcpy(to + sizeof(*listed) + sizeof(len), buf_head(texts),
		    len);
	buf_commit(&link->held, all);
	link_pace(link);
	/* A question is short, its answer need not be. */
	if (buf_len(&link->held) > LINK_QUEUE_HIGH)
		peer_pause(link->peer, true);
	return true;
}

/* The texts, or why there are none. */
static bool
link_tell(struct link *link, const struct ipc_message *m,
    enum hub_result result, const struct ipc_listed *listed,
    const struct buf *texts)
{
	return result == HUB_DONE ? link_hold(link, m, listed, texts) :
	    link_answer(link, m, result);
}

bool
link_on_who(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct link *link = owner;
	struct ipc_listed listed = listed_for(link, m);
	enum hub_result result;
	struct buf texts;
	bool good;

	(void)peer;
	buf_init(&texts);
	result = hub_who(link->broker->hub, link->index, m->payload,
	    (const char *)m->tail, m->tail_len, &texts, &listed.more);
	good = link_tell(link, m, result, &listed, &texts);
	buf_clear(&texts);
	return good;
}

bool
link_on_rooms(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct link *link = owner;
	struct ipc_listed listed = listed_for(link, m);
	enum hub_result result;
	struct buf texts;
	bool good;

	(void)peer;
	buf_init(&texts);
	result = hub_rooms_list(link->broker->hub, link->index, m->payload,
	    &texts, &listed.more);
	good = link_tell(link, m, result, &listed, &texts);
	buf_clear(&texts);
	return good;
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
	/* Before what follows is committed, so that who reads the log has
	 * what belongs between its lines. */
	peer_flush(to->peer);
	to->has_whispers = errand->link->has_whispered = true;
	/* One text may be for many; its sender waits (link_turn). */
	if (peer_queued(to->peer) > LINK_QUEUE_HIGH)
		peer_pause(errand->link->peer, true);
	return good;
}

bool
link_on_whisper(void *owner, struct peer *peer, const struct ipc_message *m)
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
	if (result == HUB_DONE && !buf_append(&texts, end, m->tail_len -
	    (size_t)(end - m->tail)))
		result = HUB_MEMORY;
	good = link_tell(link, m, result, &listed, &texts);
	buf_clear(&texts);
	return good;
}
