/*
 * fuzz_state - the broker's rows: damaged, and opened again.
 *
 * Input: a list of steps.  Rows of any content are published and released,
 * texts are stored, bytes of the closed file are overwritten.  Whatever the
 * file holds, the rows that an opening leaves are consistent, and the next
 * opening finds nothing more to repair.
 */
#include "config.h"

/* Chunks of a page: an opening looks at 63 rows, not at 16383, and the file
 * grows. */
#define ROWS_CHUNK	((size_t)4096)
#include "log/rows.c"
#include "log/state.c"

#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEPS_MAX	64
#define OPENINGS_MAX	8
#define TEXT_LEN_MAX	255	/* bytes */
#define TEXT_CHAIN_MAX	5	/* rows of the longest text */

enum step {
	STEP_PUBLISH_SESSION,
	STEP_PUBLISH_ROOM,
	STEP_PUBLISH_TEXT,
	STEP_STORE,
	STEP_RELEASE,
	STEP_OVERWRITE,
	STEP_REOPEN,
	STEPS
};

struct run {
	struct state *state;
	int fd;
	unsigned openings;
};

/* ---- what holds after an opening ---- */

/* Follows a text from its first row and counts who names each; returns
 * whether it is one. */
static bool
claim_text(const struct state *state, uint32_t row, uint8_t *claims)
{
	const struct state_text *text;
	unsigned rows = 0, len = 0;

	for (; row != STATE_NONE; row = text->next) {
		if (state_kind(state, row) != STATE_TEXT)
			return false;
		text = state_reserved(state, row);
		if (text == NULL || text->len > sizeof(text->bytes))
			return false;
		claims[row]++;
		len += text->len;
		if (++rows > TEXT_CHAIN_MAX || len > TEXT_LEN_MAX)
			return false;
	}
	return true;
}

static void
check_rows(const struct state *state)
{
	uint32_t rows = state_rows(state);
	uint8_t *claims = calloc(1, rows + 1);
	const struct state_session *session;
	char out[TEXT_LEN_MAX + 1];
	uint32_t row, name;

	must(claims != NULL);
	for (row = 0; row < rows; row++) {
		enum state_kind kind = state_kind(state, row);

		must(kind <= STATE_TEXT);
		must((state_reserved(state, row) != NULL) ==
		    (kind != STATE_FREE));
		must((state_session(state, row) != NULL) ==
		    (kind == STATE_SESSION));
		must((state_room(state, row) != NULL) == (kind == STATE_ROOM));
		name = STATE_NONE;
		if (kind == STATE_SESSION) {
			session = state_session(state, row);
			name = session->name;
			must(session->room == STATE_NONE ||
			    state_kind(state, session->room) == STATE_ROOM);
		} else if (kind == STATE_ROOM) {
			name = state_room(state, row)->name;
		}
		must(claim_text(state, name, claims));
		if (name != STATE_NONE)
			must(state_text_load(state, name, out, sizeof(out)) <=
			    TEXT_LEN_MAX);
	}
	for (row = 0; row < rows; row++)
		must(claims[row] ==
		    (state_kind(state, row) == STATE_TEXT ? 1 : 0));
	must(state_kind(state, rows) == STATE_FREE);
	must(state_reserved(state, rows) == NULL);
	free(claims);
}

static void
tape_rows(const struct state *state, struct tape *tape)
{
	tape_number(tape, state_rows(state));
	tape_number(tape, state_applied(state));
	for (uint32_t row = 0; row < state_rows(state); row++) {
		tape_number(tape, state_kind(state, row));
		if (state_kind(state, row) != STATE_FREE)
			tape_put(tape, state_reserved(state, row), STATE_ROW);
	}
}

/* Rows that name no other: the next opening finds them as they are. */
static void
tape_plain_rows(const struct state *state, struct tape *tape)
{
	const struct state_session *session;
	const struct state_room *room;

	for (uint32_t row = 0; row < state_rows(state); row++) {
		session = state_session(state, row);
		room = state_room(state, row);
		if (session != NULL && session->room == STATE_NONE &&
		    session->name == STATE_NONE)
			tape_put(tape, session, sizeof(*session));
		if (room != NULL && room->name == STATE_NONE)
			tape_put(tape, room, sizeof(*room));
	}
}

/* False: the header is not one. */
static bool
open_and_check(struct run *run)
{
	struct tape once = { .len = 0 }, twice = { .len = 0 };
	uint32_t damaged = 0;

	errno = 0;
	run->state = state_open(run->fd, &damaged);
	if (run->state == NULL) {
		must(errno == EPROTO);
		return false;
	}
	check_rows(run->state);
	tape_rows(run->state, &once);
	state_close(run->state);

	damaged = 1;
	run->state = state_open(run->fd, &damaged);
	must(run->state != NULL && damaged == 0);
	tape_rows(run->state, &twice);
	must(tape_is_equal(&once, &twice));
	tape_clear(&once);
	tape_clear(&twice);
	return true;
}

/* ---- the steps ---- */

/* Low rows, so that they meet; the highest byte is none. */
static uint32_t
input_row(struct input *in)
{
	uint8_t byte = input_byte(in);

	return byte == 255 ? STATE_NONE : byte % 32;
}

static void
publish(struct run *run, struct input *in, enum state_kind kind)
{
	uint32_t row = state_reserve(run->state);
	struct state_session *session;
	struct state_room *room;
	struct state_text *text;
	uint8_t *bytes;

	must(row != STATE_NONE && state_kind(run->state, row) == STATE_FREE);
	bytes = state_reserved(run->state, row);
	must(bytes != NULL);
	for (size_t i = 0; i < STATE_ROW; i++)
		must(bytes[i] == 0);
	if (kind == STATE_SESSION) {
		session = (void *)bytes;
		session->room = input_row(in);
		session->name = input_row(in);
		session->route = input_byte(in);
		session->connection = input_number(in, 2);
	} else if (kind == STATE_ROOM) {
		room = (void *)bytes;
		room->identity = input_byte(in);
		room->name = input_row(in);
	} else {
		text = (void *)bytes;
		text->next = input_row(in);
		text->len = input_byte(in) % 64;
		text->bytes[0] = (char)input_byte(in);
	}
	state_publish(run->state, row, kind);
	must(state_kind(run->state, row) == kind);
}

static void
store(struct run *run, struct input *in)
{
	char text[TEXT_LEN_MAX + 1], out[TEXT_LEN_MAX];
	size_t len = input_byte(in);
	uint32_t row;

	for (size_t i = 0; i < len; i++)
		text[i] = (char)(i < 8 ? input_byte(in) : i);
	must(state_text_store(run->state, text, sizeof(text)) == STATE_NONE);
	row = state_text_store(run->state, text, len);
	must(row != STATE_NONE);
	must(state_text_load(run->state, row, out, sizeof(out)) == len);
	must(memcmp(out, text, len) == 0);
	must(state_text_load(run->state, row, out, len / 2) == len / 2);
}

static void
release(struct run *run, struct input *in)
{
	uint32_t row = input_row(in);

	if (state_reserved(run->state, row) == NULL)
		return;
	state_release(run->state, row);
	must(state_kind(run->state, row) == STATE_FREE);
	must(state_reserved(run->state, row) == NULL);
}

/* Some bytes, of the header too (row 0 is the file's second line). */
static bool
overwrite(struct run *run, struct input *in)
{
	uint8_t count = input_byte(in) % 8, byte;
	off_t at = input_byte(in) % 32 * STATE_ROW + input_byte(in) % 64;

	state_close(run->state);
	run->state = NULL;
	while (count-- > 0) {
		byte = input_byte(in);
		must(pwrite(run->fd, &byte, 1, at++) == 1);
	}
	run->openings++;
	return open_and_check(run);
}

static bool
reopen(struct run *run)
{
	struct tape before = { .len = 0 }, after = { .len = 0 };

	tape_plain_rows(run->state, &before);
	state_close(run->state);
	run->openings++;
	must(open_and_check(run));
	tape_plain_rows(run->state, &after);
	must(tape_is_equal(&before, &after));
	tape_clear(&before);
	tape_clear(&after);
	return true;
}

static bool
step(struct run *run, struct input *in)
{
	switch ((enum step)(input_byte(in) % STEPS)) {
	case STEP_PUBLISH_SESSION:
		publish(run, in, STATE_SESSION);
		break;
	case STEP_PUBLISH_ROOM:
		publish(run, in, STATE_ROOM);
		break;
	case STEP_PUBLISH_TEXT:
		publish(run, in, STATE_TEXT);
		break;
	case STEP_STORE:
		store(run, in);
		break;
	case STEP_RELEASE:
		release(run, in);
		break;
	case STEP_OVERWRITE:
		return overwrite(run, in);
	case STEP_REOPEN:
		return reopen(run);
	case STEPS:
		break;
	}
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	struct run run = { .fd = state_create() };
	uint32_t damaged;
	bool is_open = true;

	must(run.fd != -1);
	run.state = state_open(run.fd, &damaged);
	must(run.state != NULL && damaged == 0);
	for (unsigned i = 0; i < STEPS_MAX && in.len > 0 && is_open &&
	    run.openings < OPENINGS_MAX; i++)
		is_open = step(&run, &in);
	if (is_open)
		(void)reopen(&run);
	state_close(run.state);
	close(run.fd);
	return 0;
}
