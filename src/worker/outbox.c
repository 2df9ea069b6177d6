/*
 * outbox - see outbox.h.
 */
#include "config.h"

#include "worker/outbox.h"

#include <string.h>

#define DEATHS_MAX	2

/* In front of each request's tail; entries are padded to 8 bytes. */
struct entry_head {
	struct ipc_request request;
	uint32_t tail_len;
	uint16_t type;
	uint8_t deaths;		/* of brokers, that it may be the cause of */
	uint8_t is_done;	/* stays for its number, is not sent (again) */
};

void
outbox_init(struct outbox *o)
{
	*o = (struct outbox){ 0 };
}

static size_t
entry_size(size_t tail_len)
{
	return (sizeof(struct entry_head) + tail_len + 7) & ~(size_t)7;
}

bool
outbox_add(struct outbox *o, enum ipc_type type,
    const struct ipc_request *request, const void *tail, size_t tail_len)
{
	struct entry_head head = {
		.request = *request, .tail_len = (uint32_t)tail_len,
		.type = (uint16_t)type
	};
	size_t size = entry_size(tail_len);
	uint8_t *to = buf_reserve(&o->bytes, size);

	if (to == NULL)
		return false;
	head.request.number = o->number + 1;
	memcpy(to, &head, sizeof(head));
	if (tail_len > 0)
		memcpy(to + sizeof(head), tail, tail_len);
	memset(to + sizeof(head) + tail_len, 0,
	    size - sizeof(head) - tail_len);
	buf_commit(&o->bytes, size);
	o->number++;
	o->count++;
	return true;
}

static struct entry_head
entry_at(const struct outbox *o, size_t at, struct outbox_entry *entry)
{
	struct entry_head head;

	memcpy(&head, buf_head(&o->bytes) + at, sizeof(head));
	*entry = (struct outbox_entry){
		.type = head.type, .request = head.request,
		.tail = buf_head(&o->bytes) + at + sizeof(head),
		.tail_len = head.tail_len
	};
	return head;
}

bool
outbox_next(const struct outbox *o, struct outbox_entry *entry_out)
{
	if (o->sent == buf_len(&o->bytes))
		return false;
	(void)entry_at(o, o->sent, entry_out);
	return true;
}

/* What is done with is passed over where `sent` moves, so that next need not
 * look. */
static void
skip_done(struct outbox *o)
{
	struct outbox_entry entry;

	while (o->sent < buf_len(&o->bytes) &&
	    entry_at(o, o->sent, &entry).is_done)
		o->sent += entry_size(entry.tail_len);
}

void
outbox_sent(struct outbox *o)
{
	struct outbox_entry entry;

	(void)entry_at(o, o->sent, &entry);
	o->sent += entry_size(entry.tail_len);
	skip_done(o);
}

void
outbox_release(struct outbox *o, uint64_t number)
{
	struct outbox_entry entry;
	size_t size;

	if (number > o->released)
		o->released = number;
	/* Never what was not sent: only a broken receipt would say so.  For
	 * poison none will come. */
	while (o->sent > 0) {
		if (!entry_at(o, 0, &entry).is_done &&
		    entry.request.number > number)
			break;
		size = entry_size(entry.tail_len);
		buf_consume(&o->bytes, size);
		o->sent -= size;
		o->answered -= o->answered < size ? o->answered : size;
		o->count--;
	}
}

void
outbox_rewind(struct outbox *o, uint64_t suspect,
    void (*poison)(void *arg, const struct outbox_entry *), void *arg)
{
	struct outbox_entry entry;
	struct entry_head head;

	for (size_t at = 0; at < o->sent; at += entry_size(entry.tail_len)) {
		head = entry_at(o, at, &entry);
		if (head.is_done || (suspect != OUTBOX_ANY &&
		    suspect != head.request.number))
			continue;
		head.deaths++;
		head.is_done = head.deaths >= DEATHS_MAX;
		memcpy(buf_head(&o->bytes) + at, &head, sizeof(head));
		if (head.is_done)
			poison(arg, &entry);
	}
	o->sent = 0;
	skip_done(o);
}

/* Where the entry begins; the end: it is not here.  Answers come in order, as
 * a rule: it is not looked for from the head each time. */
static size_t
entry_find(const struct outbox *o, uint64_t number,
    struct outbox_entry *entry_out)
{
	size_t at = o->answered;

	if (at < buf_len(&o->bytes)) {
		(void)entry_at(o, at, entry_out);
		if (entry_out->request.number > number)
			at = 0;
	}
	while (at < buf_len(&o->bytes)) {
		(void)entry_at(o, at, entry_out);
		if (entry_out->request.number == number)
			break;
		at += entry_size(entry_out->tail_len);
	}
	return at;
}

void
outbox_answered(struct outbox *o, uint64_t number)
{
	struct outbox_entry entry;
	struct entry_head head;
	size_t at = entry_find(o, number, &entry);

	if (at >= o->sent)
		return;
	head = entry_at(o, at, &entry);
	head.is_done = true;
	memcpy(buf_head(&o->bytes) + at, &head, sizeof(head));
	o->answered = at;
}

bool
outbox_walk(const struct outbox *o, size_t *at_inout,
    struct outbox_entry *entry_out)
{
	struct entry_head head;

	while (*at_inout < buf_len(&o->bytes)) {
		head = entry_at(o, *at_inout, entry_out);
		*at_inout += entry_size(entry_out->tail_len);
		if (!head.is_done)
			return true;
	}
	return false;
}

size_t
outbox_bytes(const struct outbox *o)
{
	return buf_len(&o->bytes);
}
