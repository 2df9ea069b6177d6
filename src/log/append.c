/*
 * append - writes records into the ring and lets the oldest ones go.
 *
 * Runs in the broker, the log's only writer.  Who reads, and what a room
 * wants to keep, is not known here: the latter is asked of the caller.
 *
 *	 first             committed     end          first + ring size
 *	   v                   v          v                  v
 *	---[ oldest ][ ... ][ ]|[ written ]|    free         |---
 *
 * Between calls the free part takes at least one record of the greatest
 * length, so a copy of the oldest record can always be put behind `end`
 * while the original is still readable.
 */
#include "config.h"

#include "log/append.h"

#include "log/step.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct append {
	const struct log *log;
	struct log_header *header;
	const struct append_callbacks *callbacks;
	void *arg;
	uint64_t ring_size, length_max;
	uint64_t first, committed;	/* as the header has them */
	uint64_t end;			/* behind what is written */
	uint64_t kept;			/* bytes of KEPT in first..end */
};

static uint64_t
append_space(const struct append *append)
{
	return append->ring_size - (append->end - append->first);
}

static bool
record_is_message(const struct record *record)
{
	return record->kind == RECORD_MESSAGE || record->kind == RECORD_KEPT;
}

/* The one place that gives bytes back to be overwritten: whoever reads a byte
 * written after the fence also reads this `first`. */
static void
append_first_store(struct append *append, uint64_t first)
{
	append->first = first;
	LOG_STEP();
	atomic_store_explicit(&append->header->first, first,
	    memory_order_release);
	atomic_thread_fence(memory_order_seq_cst);
	LOG_STEP();
}

void
append_commit(struct append *append)
{
	if (append->committed == append->end)
		return;
	append->committed = append->end;
	LOG_STEP();
	atomic_store_explicit(&append->header->committed, append->end,
	    memory_order_release);
	LOG_STEP();
}

/* The texts of a record, as they lie in it. */
struct texts {
	const void *name;
	uint8_t front[RECORD_TOKEN_BYTES + 1 + RECORD_ID_MAX +
	    sizeof(struct record_enter)];
	size_t front_len;
	const void *text;
};

static void
texts_put(struct texts *t, const void *bytes, size_t len)
{
	memcpy(t->front + t->front_len, bytes, len);
	t->front_len += len;
}

static void
texts_init(struct texts *t, const struct append_record *what)
{
	assert(what->id_len <= RECORD_ID_MAX);
	t->name = what->name;
	t->text = what->text;
	t->front_len = 0;
	if (what->token != NULL)
		texts_put(t, what->token, RECORD_TOKEN_BYTES);
	if (what->id_len > 0) {
		texts_put(t, &what->id_len, 1);
		texts_put(t, what->id, what->id_len);
	}
	if (what->kind == RECORD_ENTER)
		texts_put(t, &what->enter, sizeof(what->enter));
}

/* Writes a record at `end`; `head` has everything but length and checksum.
 * The caller has seen to the space. */
static uint64_t
append_put(struct append *append, struct record *head, const struct texts *t)
{
	size_t used = sizeof(*head) + head->name_len + head->text_len;
	size_t text_len = head->text_len - t->front_len;
	uint8_t *at = log_at(append->log, append->end), *to;
	uint64_t position = append->end;

	head->length = (uint32_t)record_length(head->name_len,
	    head->text_len);
	head->checksum = 0;
	memcpy(at, head, sizeof(*head));
	LOG_STEP();
	to = at + sizeof(*head);
	if (head->name_len > 0)
		memcpy(to, t->name, head->name_len);
	LOG_STEP();
	to += head->name_len;
	if (t->front_len > 0)
		memcpy(to, t->front, t->front_len);
	to += t->front_len;
	if (text_len > 0)
		memcpy(to, t->text, text_len);
	LOG_STEP();
	memset(at + used, 0, head->length - used);
	LOG_STEP();
	head->checksum = record_checksum((const struct record *)at);
	memcpy(at + offsetof(struct record, checksum), &head->checksum,
	    sizeof(head->checksum));
	LOG_STEP();
	append->end += head->length;
	if (head->kind == RECORD_KEPT)
		append->kept += head->length;
	return position;
}

/* Puts a copy of the oldest record behind the newest, readable before the
 * original goes.  Returns where the copy stands. */
static uint64_t
append_keep(struct append *append, const struct record *oldest,
    uint64_t newest)
{
	const uint8_t *name = (const uint8_t *)(oldest + 1);
	struct record head = *oldest;
	const struct texts texts = {
		.name = name, .text = name + head.name_len
	};
	uint64_t position;

	assert(newest == LOG_NONE || newest < append->end);
	head.kind = RECORD_KEPT;
	head.previous = newest;
	position = append_put(append, &head, &texts);
	append_commit(append);
	append->callbacks->kept(append->arg, log_at(append->log, position),
	    position);
	return position;
}

/* Lets the oldest record go, or moves it: then returns the copy's place,
 * else LOG_NONE. */
static uint64_t
append_evict(struct append *append)
{
	const struct record *oldest = log_at(append->log, append->first);
	uint64_t copy = LOG_NONE, newest = LOG_NONE;

	assert(record_is_sane(oldest, append->end - append->first));
	/* `first` never passes `committed`, not even in a turn that writes
	 * more than the ring takes. */
	if (append->first == append->committed)
		append_commit(append);
	if (oldest->kind == RECORD_KEPT)
		append->kept -= oldest->length;
	if (record_is_message(oldest) &&
	    append->kept + oldest->length <= append->ring_size / 4 &&
	    oldest->length <= append_space(append) &&
	    append->callbacks->is_wanted(append->arg, oldest, &newest))
		copy = append_keep(append, oldest, newest);
	append_first_store(append, append->first + oldest->length);
	return copy;
}

void
append_reserve(struct append *append, uint64_t bytes)
{
	assert(bytes <= append->ring_size / 8);
	while (append_space(append) < bytes + append->length_max)
		(void)append_evict(append);
}

uint64_t
append_write(struct append *append, const struct append_record *what)
{
	uint64_t copy, length, previous = what->previous;
	struct texts texts;
	struct record head;

	assert(what->kind >= RECORD_MESSAGE && what->kind < RECORD_KINDS &&
	    what->kind != RECORD_KEPT);
	assert(what->route < LOG_ROUTES);
	texts_init(&texts, what);
	length = (uint64_t)sizeof(head) + what->name_len + texts.front_len +
	    what->text_len + RECORD_ALIGN - 1;
	length &= ~(uint64_t)(RECORD_ALIGN - 1);
	if (length > append->length_max)
		return LOG_NONE;
	/* This ends: what is kept is a quarter of the ring at most, so a
	 * walk through the rest meets records that are let go. */
	while (append_space(append) < length + append->length_max) {
		copy = append_evict(append);
		if (copy != LOG_NONE && ((const struct record *)log_at(
		    append->log, copy))->room == what->room)
			previous = copy;
	}
	assert(previous == LOG_NONE || previous < append->end);
	head = (struct record){
		.kind = (uint8_t)what->kind,
		.route = what->route,
		.name_len = what->name_len,
		.flags = (uint8_t)(what->flags |
		    (what->token != NULL ? RECORD_TOKEN : 0) |
		    (what->id_len > 0 ? RECORD_ID : 0)),
		.text_len = (uint32_t)texts.front_len + what->text_len,
		.time_us = what->time_us,
		.room = what->room,
		.seq = what->seq,
		.previous = previous,
		.sender = what->sender,
		.generation = what->generation,
		.request = what->request,
		.count = what->count,
	};
	return append_put(append, &head, &texts);
}

/* A writer that died after it committed a copy and before it passed the
 * original left both, at the two ends of the readable part: the reserve is in
 * use.  Passes the original. */
static void
append_keep_finish(struct append *append, const struct record *newest)
{
	const struct record *oldest = log_at(append->log, append->first);

	if (newest == oldest || newest->kind != RECORD_KEPT ||
	    !record_is_message(oldest) || newest->room != oldest->room ||
	    newest->seq != oldest->seq)
		return;
	if (oldest->kind == RECORD_KEPT)
		append->kept -= oldest->length;
	append_first_store(append, append->first + oldest->length);
}

/* Walks the committed part; false when that cannot be done. */
static bool
append_scan(struct append *append)
{
	const struct record *record = NULL;
	uint64_t available, position;

	if (append->first > append->committed ||
	    append->committed > LOG_POSITION_MAX ||
	    append->committed - append->first > append->ring_size ||
	    append->first % RECORD_ALIGN != 0)
		return false;
	for (position = append->first; position < append->committed;
	    position += record->length) {
		record = log_at(append->log, position);
		available = append->committed - position;
		if (available > append->length_max)
			available = append->length_max;
		if (available < sizeof(*record) ||
		    !record_is_sane(record, available))
			return false;
		if (record->kind == RECORD_KEPT)
			append->kept += record->length;
	}
	append->end = append->committed;
	if (record != NULL)
		append_keep_finish(append, record);
	return true;
}

struct append *
append_new(struct log *log, const struct append_callbacks *callbacks,
    void *arg)
{
	struct append *append;

	append = calloc(1, sizeof(*append));
	if (append == NULL)
		return NULL;
	append->log = log;
	append->header = log_header(log);
	append->callbacks = callbacks;
	append->arg = arg;
	append->ring_size = log_ring_size(log);
	append->length_max = record_length_max(append->ring_size);
	append->first = log_first(log);
	append->committed = log_committed(log);
	if (!append_scan(append)) {
		free(append);
		return NULL;
	}
	return append;
}

void
append_free(struct append *append)
{
	free(append);
}

uint64_t
append_position(const struct append *append)
{
	return append->end;
}
