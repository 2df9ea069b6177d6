/*
 * cursor - reads records that the writer may overwrite at any moment.
 *
 * Runs in the workers, over a read-only mapping.  The fixed part is copied
 * once and only the copy is checked and used; what was copied is believed
 * after cursor_is_intact, which is the caller's to ask.
 */
#include "config.h"

#include "log/cursor.h"

#include <string.h>

/* Copies `size` bytes out of the ring.  The fence keeps the compiler from
 * going back to the ring for what it has just read. */
static void
ring_copy(const struct log *log, uint64_t position, void *out, size_t size)
{
	memcpy(out, log_at(log, position), size);
	atomic_signal_fence(memory_order_seq_cst);
}

bool
cursor_seek(struct cursor *cursor, const struct log *log, uint64_t position,
    uint64_t *lost_out)
{
	uint64_t first = log_first(log);

	cursor->log = log;
	cursor->position = position;
	*lost_out = 0;
	if (position >= first)
		return true;
	*lost_out = first - position;
	cursor->position = first;
	return false;
}

/* Takes what stands before the text proper apart.  False: it is not all
 * there, as in a record that changes under our hands. */
static bool
view_text(struct cursor_view *v)
{
	const struct record *r = &v->record;

	v->text = v->name + r->name_len;
	v->text_len = r->text_len;
	v->token = NULL;
	v->id_len = 0;
	if ((r->flags & RECORD_TOKEN) != 0) {
		if (v->text_len < RECORD_TOKEN_BYTES)
			return false;
		v->token = v->text;
		v->text += RECORD_TOKEN_BYTES;
		v->text_len -= RECORD_TOKEN_BYTES;
	}
	if ((r->flags & RECORD_ID) != 0) {
		if (v->text_len < 1)
			return false;
		v->id_len = *(const volatile uint8_t *)v->text;
		if (v->id_len > RECORD_ID_MAX ||
		    1 + (uint32_t)v->id_len > v->text_len)
			return false;
		v->id = v->text + 1;
		v->text += 1 + v->id_len;
		v->text_len -= 1 + (uint32_t)v->id_len;
	}
	if (r->kind == RECORD_ENTER) {
		if (v->text_len < sizeof(v->enter))
			return false;
		memcpy(&v->enter, v->text, sizeof(v->enter));
		v->text += sizeof(v->enter);
		v->text_len -= (uint32_t)sizeof(v->enter);
	}
	return true;
}

bool
cursor_next(struct cursor *cursor, uint64_t end, struct cursor_view *view_out)
{
	uint64_t available, most, position = cursor->position;
	struct record record;
	const uint8_t *at;

	if (position >= end || position % RECORD_ALIGN != 0)
		return false;
	available = end - position;
	if (available < sizeof(record) ||
	    available > log_ring_size(cursor->log))
		return false;
	most = record_length_max(log_ring_size(cursor->log));
	if (available > most)
		available = most;
	ring_copy(cursor->log, position, &record, sizeof(record));
	if (!record_is_sane(&record, available))
		return false;
	at = log_at(cursor->log, position);
	view_out->position = position;
	view_out->record = record;
	view_out->name = at + sizeof(record);
	if (!view_text(view_out))
		return false;
	cursor->position = position + record.length;
	return true;
}

bool
cursor_is_intact(const struct log *log, uint64_t position)
{
	/* Pairs with the writer's fence between storing `first` and reusing
	 * the bytes: what was copied before is not newer than this load. */
	atomic_thread_fence(memory_order_seq_cst);
	return log_first(log) <= position;
}

bool
cursor_read(const struct log *log, uint64_t position,
    struct cursor_view *view_out)
{
	struct cursor cursor = { .log = log, .position = position };

	if (position < log_first(log))
		return false;
	return cursor_next(&cursor, log_committed(log), view_out);
}

static uint64_t
seq_at(const struct log *log, uint64_t position)
{
	uint64_t seq;

	ring_copy(log, position + offsetof(struct record, seq), &seq,
	    sizeof(seq));
	return seq;
}

/* Puts a position into the list sorted by seq, unless its seq is there; a
 * full list of `most` loses its lowest.  Returns the new count. */
static size_t
history_insert(const struct log *log, uint64_t *positions, size_t count,
    size_t most, uint64_t position, uint64_t seq)
{
	size_t above = count, low = 0, middle;
	uint64_t found;

	while (low < above) {
		middle = low + (above - low) / 2;
		found = seq_at(log, positions[middle]);
		if (found == seq)
			return count;
		if (found < seq)
			low = middle + 1;
		else
			above = middle;
	}
	if (count < most) {
		memmove(positions + low + 1, positions + low,
		    (count - low) * sizeof(*positions));
		positions[low] = position;
		return count + 1;
	}
	if (low == 0)
		return count;
	memmove(positions, positions + 1, (low - 1) * sizeof(*positions));
	positions[low - 1] = position;
	return count;
}

size_t
cursor_history(const struct log *log, uint64_t room, uint64_t newest,
    uint64_t before, uint64_t *positions_out, size_t most, size_t steps)
{
	uint64_t position = newest;
	const struct record *record;
	struct cursor_view view;
	size_t count = 0;

	record = &view.record;
	for (; most > 0 && steps > 0; steps--) {
		if (position == LOG_NONE ||
		    !cursor_read(log, position, &view) ||
		    record->room != room)
			break;
		if ((record->kind == RECORD_MESSAGE ||
		    record->kind == RECORD_KEPT) &&
		    (before == 0 || record->seq < before))
			count = history_insert(log, positions_out, count, most,
			    position, record->seq);
		/* Older messages have lower numbers, and so has what was
		 * older still and kept; a KEPT itself tells nothing. */
		if (count == most && record->kind != RECORD_KEPT &&
		    record->seq <= seq_at(log, positions_out[0]))
			break;
		if (record->previous >= position)
			break;
		position = record->previous;
	}
	return count;
}
