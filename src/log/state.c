/*
 * state - see state.h.
 *
 * What a row means to the broker is not known here, but which rows it names: a
 * session its room, both their TEXT rows, a connection its member.  The kinds
 * tell which rows are free, so a death at any step leaves nothing to repair
 * but rows nobody names.
 */
#include "config.h"

#include "log/state.h"

#include "log/rows.h"
#include "log/step.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define STATE_MAGIC	UINT64_C(0x3165746174737377)	/* "wsstate1" */
#define STATE_LAYOUT	2
#define TEXT_BYTES	sizeof(((struct state_text *)0)->bytes)
#define TEXT_MAX	255		/* bytes of a whole text */
#define TEXT_ROWS	((TEXT_MAX + TEXT_BYTES - 1) / TEXT_BYTES)

struct state_header {
	uint64_t magic;
	uint32_t layout;
	uint32_t row_size;
	_Atomic uint64_t applied;
};

_Static_assert(STATE_ROW == ROWS_SIZE && STATE_NONE == ROWS_NONE,
    "a row is a row");
_Static_assert(sizeof(struct state_header) <= ROWS_SIZE, "header row");

struct state {
	struct rows rows;
};

int
state_create(void)
{
	struct state_header header;

	memset(&header, 0, sizeof(header));
	header.magic = STATE_MAGIC;
	header.layout = STATE_LAYOUT;
	header.row_size = STATE_ROW;
	return rows_create("wschatd-state", &header, sizeof(header));
}

static struct state_header *
state_header(const struct state *state)
{
	return rows_header(&state->rows);
}

static void *
row_at(const struct state *state, uint32_t row)
{
	return rows_at(&state->rows, row);
}

/* Every kind of row begins with its kind. */
static _Atomic uint32_t *
row_kind(const struct state *state, uint32_t row)
{
	return row_at(state, row);
}

static bool
row_is(const struct state *state, uint32_t row, enum state_kind kind)
{
	return row < state->rows.count &&
	    atomic_load_explicit(row_kind(state, row),
	    memory_order_acquire) == (uint32_t)kind;
}

static uint32_t
row_checksum(const void *row, enum state_kind kind)
{
	const struct state_room *room = row;
	const uint8_t *bytes = row;
	uint8_t seed = (uint8_t)kind;
	uLong sum = crc32_z(0, &seed, 1);

	switch (kind) {
	case STATE_SESSION:	/* generation .. maker */
		return (uint32_t)crc32_z(sum,
		    bytes + offsetof(struct state_session, generation),
		    offsetof(struct state_session, room) -
		    offsetof(struct state_session, generation));
	case STATE_MEMBER:	/* token, number, then route, maker */
		sum = crc32_z(sum,
		    bytes + offsetof(struct state_session, token),
		    offsetof(struct state_session, grace_end) -
		    offsetof(struct state_session, token));
		return (uint32_t)crc32_z(sum,
		    bytes + offsetof(struct state_session, route),
		    offsetof(struct state_session, room) -
		    offsetof(struct state_session, route));
	case STATE_CONNECTION:	/* generation .. reserved */
		return (uint32_t)crc32_z(sum,
		    bytes + offsetof(struct state_connection, generation),
		    sizeof(struct state_connection) -
		    offsetof(struct state_connection, generation));
	case STATE_ROOM:	/* identity, then name .. reserved_too */
		sum = crc32_z(sum, (const uint8_t *)&room->identity,
		    sizeof(room->identity));
		return (uint32_t)crc32_z(sum,
		    bytes + offsetof(struct state_room, name),
		    sizeof(*room) - offsetof(struct state_room, name));
	case STATE_TEXT:	/* next .. bytes */
		return (uint32_t)crc32_z(sum,
		    bytes + offsetof(struct state_text, next),
		    sizeof(struct state_text) -
		    offsetof(struct state_text, next));
	case STATE_FREE:
		break;
	}
	return 0;
}

static void
row_kind_clear(struct state *state, uint32_t row)
{
	atomic_store_explicit(row_kind(state, row), STATE_FREE,
	    memory_order_release);
	LOG_STEP();
}

/* The rows of a text, in order; 0 when they are no text. */
static size_t
text_rows(const struct state *state, uint32_t row, uint32_t out[TEXT_ROWS])
{
	const struct state_text *text;
	size_t count = 0, len = 0;

	while (row != STATE_NONE) {
		if (count == TEXT_ROWS || !row_is(state, row, STATE_TEXT))
			return 0;
		text = row_at(state, row);
		len += text->len;
		if (text->len > TEXT_BYTES || len > TEXT_MAX)
			return 0;
		out[count++] = row;
		row = text->next;
	}
	return count;
}

/* Which TEXT row a row names; STATE_NONE: none. */
static uint32_t
row_text(const struct state *state, uint32_t row)
{
	const struct state_session *session;
	const struct state_room *room;
	const struct state_text *text;

	if ((session = state_session(state, row)) != NULL)
		return session->name;
	if ((room = state_room(state, row)) != NULL)
		return room->name;
	if (row_is(state, row, STATE_TEXT)) {
		text = row_at(state, row);
		return text->next;
	}
	return STATE_NONE;
}

/* Marks the text of a row busy; false when it is no text or another's. */
static bool
open_text_claim(struct state *state, uint32_t row)
{
	uint32_t rows[TEXT_ROWS], text = row_text(state, row);
	size_t count, i;

	if (text == STATE_NONE)
		return true;
	count = text_rows(state, text, rows);
	if (count == 0)
		return false;
	for (i = 0; i < count; i++)
		if (rows_is_taken(&state->rows, rows[i]))
			return false;
	for (i = 0; i < count; i++)
		rows_claim(&state->rows, rows[i]);
	return true;
}

/* Frees the rows whose kind or checksum cannot be. */
static uint32_t
open_rows_check(struct state *state)
{
	uint32_t damaged = 0, kind, row;

	for (row = 0; row < state->rows.count; row++) {
		kind = atomic_load_explicit(row_kind(state, row),
		    memory_order_relaxed);
		if (kind == STATE_FREE)
			continue;
		if (kind <= STATE_CONNECTION &&
		    ((const struct state_text *)row_at(state, row))->checksum
		    == row_checksum(row_at(state, row),
		    (enum state_kind)kind))
			continue;
		damaged++;
		row_kind_clear(state, row);
	}
	return damaged;
}

/* Whether the room or member that a row names is there. */
static bool
open_row_is_whole(const struct state *state, uint32_t row)
{
	const struct state_connection *c = state_connection(state, row);
	const struct state_session *s = state_session(state, row);

	if (c != NULL)
		return row_is(state, c->member, STATE_MEMBER);
	return s == NULL || s->room == STATE_NONE ||
	    state_room(state, s->room) != NULL;
}

/* Marks the rows of a kind busy, with their texts; frees those that name a
 * row which is not there. */
static uint32_t
open_rows_claim(struct state *state, enum state_kind kind)
{
	uint32_t damaged = 0, row;

	for (row = 0; row < state->rows.count; row++) {
		if (!row_is(state, row, kind))
			continue;
		if (open_row_is_whole(state, row) &&
		    open_text_claim(state, row)) {
			rows_claim(&state->rows, row);
			continue;
		}
		damaged++;
		row_kind_clear(state, row);
	}
	return damaged;
}

/* Finds out which rows count; the others are free. */
static uint32_t
open_rows(struct state *state)
{
	uint32_t damaged, row;

	damaged = open_rows_check(state);
	damaged += open_rows_claim(state, STATE_ROOM);
	damaged += open_rows_claim(state, STATE_SESSION);
	damaged += open_rows_claim(state, STATE_MEMBER);
	damaged += open_rows_claim(state, STATE_CONNECTION);
	for (row = 0; row < state->rows.count; row++)
		if (!rows_is_taken(&state->rows, row) &&
		    !row_is(state, row, STATE_FREE))
			row_kind_clear(state, row);
	rows_settle(&state->rows);
	return damaged;
}

static bool
open_header(const struct state *state)
{
	const struct state_header *header = state_header(state);

	return header->magic == STATE_MAGIC &&
	    header->layout == STATE_LAYOUT && header->row_size == STATE_ROW;
}

struct state *
state_open(int fd, uint32_t *damaged_out)
{
	struct state *state = calloc(1, sizeof(*state));

	if (state == NULL)
		return NULL;
	if (!rows_open(&state->rows, fd)) {
		free(state);
		return NULL;
	}
	if (!open_header(state)) {
		state_close(state);
		errno = EPROTO;
		return NULL;
	}
	*damaged_out = open_rows(state);
	return state;
}

void
state_close(struct state *state)
{
	if (state == NULL)
		return;
	rows_close(&state->rows);
	free(state);
}

uint32_t
state_reserve(struct state *state)
{
	return rows_take(&state->rows);
}

void
state_publish(struct state *state, uint32_t row, enum state_kind kind)
{
	struct state_text *any = state_reserved(state, row);

	assert(any != NULL && kind != STATE_FREE);
	any->checksum = row_checksum(any, kind);
	LOG_STEP();
	atomic_store_explicit(&any->kind, kind, memory_order_release);
	LOG_STEP();
}

void
state_release(struct state *state, uint32_t row)
{
	uint32_t rows[TEXT_ROWS];
	size_t count, i;

	assert(state_reserved(state, row) != NULL);
	/* The row goes before what it names: a text without a row is freed
	 * at the next opening, a row without its text would be damaged. */
	count = text_rows(state, row_text(state, row), rows);
	row_kind_clear(state, row);
	rows_give(&state->rows, row);
	for (i = 0; i < count; i++) {
		row_kind_clear(state, rows[i]);
		rows_give(&state->rows, rows[i]);
	}
}

uint32_t
state_text_store(struct state *state, const char *text, size_t len)
{
	uint32_t next = STATE_NONE, row;
	struct state_text *part;
	size_t left = len;

	if (len > TEXT_MAX)
		return STATE_NONE;
	/* From the end, so that a part that counts has what it names. */
	do {
		row = state_reserve(state);
		if (row == STATE_NONE) {
			if (next != STATE_NONE)
				state_release(state, next);
			return STATE_NONE;
		}
		part = row_at(state, row);
		part->next = next;
		part->len = (uint8_t)(left % TEXT_BYTES);
		if (part->len == 0 && left > 0)
			part->len = TEXT_BYTES;
		left -= part->len;
		if (part->len > 0)
			memcpy(part->bytes, text + left, part->len);
		LOG_STEP();
		state_publish(state, row, STATE_TEXT);
		next = row;
	} while (left > 0);
	return row;
}

size_t
state_text_load(const struct state *state, uint32_t row, char *out,
    size_t size)
{
	const struct state_text *part;
	uint32_t rows[TEXT_ROWS];
	size_t count, i, len = 0, n;

	count = text_rows(state, row, rows);
	for (i = 0; i < count; i++) {
		part = row_at(state, rows[i]);
		n = part->len < size - len ? part->len : size - len;
		if (n > 0)
			memcpy(out + len, part->bytes, n);
		len += n;
	}
	return len;
}

struct state_session *
state_session(const struct state *state, uint32_t row)
{
	return row_is(state, row, STATE_SESSION) ||
	    row_is(state, row, STATE_MEMBER) ? row_at(state, row) : NULL;
}

struct state_connection *
state_connection(const struct state *state, uint32_t row)
{
	return row_is(state, row, STATE_CONNECTION) ? row_at(state, row) :
	    NULL;
}

struct state_room *
state_room(const struct state *state, uint32_t row)
{
	return row_is(state, row, STATE_ROOM) ? row_at(state, row) : NULL;
}

void *
state_reserved(const struct state *state, uint32_t row)
{
	return rows_is_taken(&state->rows, row) ? row_at(state, row) : NULL;
}

void
state_store_32(_Atomic uint32_t *field, uint32_t value)
{
	atomic_store_explicit(field, value, memory_order_release);
	LOG_STEP();
}

void
state_store_64(_Atomic uint64_t *field, uint64_t value)
{
	atomic_store_explicit(field, value, memory_order_release);
	LOG_STEP();
}

uint32_t
state_rows(const struct state *state)
{
	return state->rows.count;
}

enum state_kind
state_kind(const struct state *state, uint32_t row)
{
	if (row >= state->rows.count)
		return STATE_FREE;
	return (enum state_kind)atomic_load_explicit(row_kind(state, row),
	    memory_order_acquire);
}

uint64_t
state_applied(const struct state *state)
{
	return atomic_load_explicit(&state_header(state)->applied,
	    memory_order_acquire);
}

void
state_applied_store(struct state *state, uint64_t position)
{
	atomic_store_explicit(&state_header(state)->applied, position,
	    memory_order_release);
	LOG_STEP();
}
