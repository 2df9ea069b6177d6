/*
 * hub_fixture - a hub over memory files that outlive it.
 *
 * Linked into the tests of the hub.
 */
#include "config.h"

#include "hub_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/name.h"
#include "broker/tokens.h"
#include "ipc/messages.h"

struct settings *
world_settings(void)
{
	static struct settings settings;

	memset(&settings, 0, sizeof(settings));
	settings.log_size = LOG_SIZE_MIN;
	settings.workers = SETTINGS_WORKERS;
	settings.route_count = ROUTES;
	settings.routes[CHAT] = (struct settings_route){
		.path = "/chat", .kind = SETTINGS_CHAT, .history = 100
	};
	settings.routes[SMALL] = (struct settings_route){
		.path = "/ws", .kind = SETTINGS_CHAT, .first_user = 1,
		.history = SMALL_HISTORY,
		.limits.message_size = SMALL_LINE
	};
	settings.routes[ECHO] = (struct settings_route){
		.path = "/echo", .kind = SETTINGS_ECHO
	};
	return &settings;
}

void
world_open(struct world *w)
{
	static struct names *names;	/* opened once, for all worlds */
	struct settings *settings = world_settings();
	const char *why;
	uint32_t damaged;

	if (w->configure != NULL)
		w->configure(settings);
	if (names == NULL)
		names = name_open(&why);
	assert_non_null(names);

	w->log = log_map(w->log_fd, true);
	assert_non_null(w->log);
	w->state = state_open(w->state_fd, &damaged);
	assert_non_null(w->state);
	assert_int_equal(damaged, 0);
	w->hub = hub_new(settings, names, w->log, w->state);
	assert_non_null(w->hub);
}

void
world_add(struct world *w, unsigned index, uint64_t generation)
{
	assert_true(hub_add_worker(w->hub, index, generation, SLOTS));
}

void
world_create(struct world *w, unsigned workers)
{
	memset(w, 0, sizeof(*w));
	w->log_fd = log_create(LOG_SIZE_MIN);
	w->state_fd = state_create();
	assert_true(w->log_fd >= 0 && w->state_fd >= 0);
	world_open(w);
	for (unsigned i = 0; i < workers; i++)
		world_add(w, i, 101 + i);
}

/* hub_free gives memory back and writes nothing: it may stand for a death. */
void
world_die(struct world *w)
{
	hub_free(w->hub);
	state_close(w->state);
	log_unmap(w->log);
	w->hub = NULL;
}

void
world_close(struct world *w)
{
	world_die(w);
	close(w->log_fd);
	close(w->state_fd);
}

uint64_t
connection(uint64_t serial, uint32_t slot)
{
	return ipc_connection_make(serial, slot);
}

enum hub_result
ask_attach(struct world *w, unsigned index, uint64_t number, uint64_t conn,
    uint32_t route)
{
	struct ipc_request q = {
		.connection = conn, .number = number, .route = route,
		.address = w->address
	};

	return hub_attach(w->hub, index, &q);
}

enum hub_result
ask_join(struct world *w, unsigned index, uint64_t number, uint64_t conn,
    uint32_t route, const char *room)
{
	struct ipc_request q = {
		.connection = conn, .number = number, .route = route,
		.address = w->address
	};

	return hub_join(w->hub, index, &q, (const uint8_t *)room,
	    strlen(room));
}

/* Tokens that end in a letter; the tests need to tell them apart. */
static size_t
token_put(uint8_t *tail, char letter)
{
	if (letter == 0)
		return 0;
	memset(tail, 0, IPC_TOKEN);
	tail[IPC_TOKEN - 1] = (uint8_t)letter;
	return IPC_TOKEN;
}

enum hub_result
ask_enter(struct world *w, unsigned index, uint64_t number, uint64_t conn,
    uint32_t route, char resume, char fresh, const char *room)
{
	struct ipc_request q = {
		.connection = conn, .number = number, .route = route,
		.address = w->address, .flags = IPC_FRESH
	};
	uint8_t tail[IPC_JOIN_TAIL + 1];
	size_t len = token_put(tail, resume);

	if (resume != 0)
		q.flags |= IPC_RESUME;
	len += token_put(tail + len, fresh);
	memcpy(tail + len, room, strlen(room));
	return hub_join(w->hub, index, &q, tail, len + strlen(room));
}

void
token_hash(char letter, uint8_t hash_out[static STATE_TOKEN])
{
	uint8_t token[IPC_TOKEN];

	(void)token_put(token, letter);
	assert_true(tokens_hash(token, hash_out));
}

enum hub_result
ask_prove(struct world *w, unsigned index, uint64_t number, uint64_t conn,
    uint32_t route, uint64_t room, uint64_t seq)
{
	struct ipc_request q = {
		.connection = conn, .number = number, .route = route
	};
	const struct ipc_proof proof = { .room = room, .seq = seq };

	return hub_prove(w->hub, index, &q, &proof);
}

enum hub_result
ask_move(struct world *w, unsigned index, uint64_t number, uint64_t conn,
    uint32_t route, const char *room)
{
	struct ipc_request q = {
		.connection = conn, .number = number, .route = route
	};

	return hub_move(w->hub, index, &q, room, strlen(room));
}

enum hub_result
ask_nick(struct world *w, unsigned index, uint64_t number, uint64_t conn,
    uint32_t route, const char *name)
{
	struct ipc_request q = {
		.connection = conn, .number = number, .route = route
	};

	return hub_nick(w->hub, index, &q, name, strlen(name), &w->verdict);
}

/* The texts of an answer as one string. */
static const char *
show_texts(struct buf *texts)
{
	static char shown[32768];
	size_t len = buf_len(texts);

	assert_true(len < sizeof(shown));
	for (size_t i = 0; i < len; i++)
		shown[i] = buf_head(texts)[i] == '\0' ? '|' :
		    (char)buf_head(texts)[i];
	shown[len] = '\0';
	buf_clear(texts);
	return shown;
}

const char *
ask_who(struct world *w, unsigned index, uint64_t number, uint64_t conn,
    uint32_t route)
{
	uint32_t more;
	const char *shown = ask_who_after(w, index, number, conn, route, "",
	    &more);

	assert_int_equal(more, 0);
	return shown;
}

const char *
ask_who_after(struct world *w, unsigned index, uint64_t number, uint64_t conn,
    uint32_t route, const char *after, uint32_t *more_out)
{
	struct ipc_request q = {
		.connection = conn, .number = number, .route = route
	};
	struct buf out;

	buf_init(&out);
	assert_int_equal(hub_who(w->hub, index, &q, after, strlen(after),
	    &out, more_out), HUB_DONE);
	return show_texts(&out);
}

const char *
ask_rooms(struct world *w, unsigned index, uint64_t number, uint64_t conn,
    uint32_t route)
{
	struct ipc_request q = {
		.connection = conn, .number = number, .route = route
	};
	uint32_t more = 9;
	struct buf out;

	buf_init(&out);
	assert_int_equal(hub_rooms_list(w->hub, index, &q, &out, &more),
	    HUB_DONE);
	assert_int_equal(more, 0);
	return show_texts(&out);
}

static bool
hear_whisper(void *arg, const struct hub_whisper *w)
{
	char *heard = arg;
	size_t len = strlen(heard);

	snprintf(heard + len, 1024 - len, "%u:%u<%.*s>%.*s ", w->index,
	    (unsigned)ipc_connection_slot(w->connection), (int)w->sender_len,
	    w->sender, (int)w->text_len, (const char *)w->text);
	return true;
}

const char *
ask_whisper(struct world *w, unsigned index, uint64_t number, uint64_t conn,
    uint32_t route, const char *names, const char *text,
    char heard_out[static 1024])
{
	struct ipc_request q = {
		.connection = conn, .number = number, .route = route
	};
	struct buf out;

	heard_out[0] = '\0';
	buf_init(&out);
	assert_int_equal(hub_whisper(w->hub, index, &q, names, strlen(names),
	    (const uint8_t *)text, strlen(text), hear_whisper, heard_out,
	    &out), HUB_DONE);
	return show_texts(&out);
}

enum hub_result
ask_say(struct world *w, unsigned index, uint64_t number, uint64_t conn,
    uint32_t route, const char *text)
{
	struct ipc_request q = {
		.connection = conn, .number = number, .route = route
	};

	return hub_say(w->hub, index, &q, (const uint8_t *)text,
	    strlen(text), &w->said_seq);
}

enum hub_result
ask_say_as(struct world *w, unsigned index, uint64_t number, uint64_t conn,
    uint32_t route, const char *id, const char *text)
{
	struct ipc_request q = {
		.connection = conn, .number = number, .route = route,
		.flags = IPC_ID
	};
	char tail[256];
	size_t len = strlen(id);

	assert_true(1 + len + strlen(text) < sizeof(tail));
	snprintf(tail, sizeof(tail), "%c%s%s", (int)len, id, text);
	return hub_say(w->hub, index, &q, (const uint8_t *)tail,
	    1 + len + strlen(text), &w->said_seq);
}

enum hub_result
ask_leave(struct world *w, unsigned index, uint64_t number, uint64_t conn,
    uint32_t route)
{
	struct ipc_request q = {
		.connection = conn, .number = number, .route = route
	};

	return hub_leave(w->hub, index, &q);
}

enum hub_result
ask_go(struct world *w, unsigned index, uint64_t number, uint64_t conn,
    uint32_t route)
{
	struct ipc_request q = {
		.connection = conn, .number = number, .route = route,
		.flags = IPC_MAY_RETURN
	};

	return hub_leave(w->hub, index, &q);
}

static void
on_bell(void *arg, unsigned index)
{
	struct world *w = arg;

	w->bells |= UINT64_C(1) << index;
}

void
world_commit(struct world *w)
{
	w->now_ms += 1000;
	world_commit_at_once(w);
}

void
world_commit_at_once(struct world *w)
{
	w->bells = 0;
	hub_commit(w->hub, w->now_ms, on_bell, w);
}

unsigned
world_tidy(struct world *w)
{
	uint64_t now;
	unsigned steps = 0;

	/* Between two steps there is less time than between two passes. */
	do {
		now = hub_next_tidy(w->hub);
		hub_tidy(w->hub, now);
		steps++;
	} while (hub_next_tidy(w->hub) - now < 1000);
	return steps;
}

size_t
world_read(const struct world *w, struct cursor_view *out, size_t max)
{
	struct cursor cursor;
	struct cursor_view view;
	uint64_t lost, end = log_committed(w->log);
	size_t count = 0;

	assert_true(cursor_seek(&cursor, w->log, log_first(w->log), &lost));
	while (cursor_next(&cursor, end, &view)) {
		if (view.record.kind == RECORD_KEPT)
			continue;
		assert_true(count < max);
		out[count++] = view;
	}
	assert_true(cursor.position == end);
	return count;
}

struct cursor_view
world_last(const struct world *w)
{
	struct cursor cursor;
	struct cursor_view view = { .position = LOG_NONE };
	uint64_t lost, end = log_committed(w->log);

	assert_true(cursor_seek(&cursor, w->log, log_first(w->log), &lost));
	while (cursor_next(&cursor, end, &view))
		;
	assert_true(view.position != LOG_NONE);
	return view;
}

void
assert_record(const struct cursor_view *v, enum record_kind kind,
    const char *name, const char *text, uint64_t seq, uint64_t count)
{
	assert_int_equal(v->record.kind, kind);
	assert_int_equal(v->record.name_len, strlen(name));
	assert_memory_equal(v->name, name, strlen(name));
	assert_int_equal(v->text_len, strlen(text));
	assert_memory_equal(v->text, text, strlen(text));
	assert_int_equal(v->record.seq, seq);
	assert_int_equal(v->record.count, count);
}

void
assert_origin(const struct cursor_view *v, uint64_t generation,
    uint64_t request, uint64_t conn)
{
	assert_int_equal(v->record.generation, generation);
	assert_int_equal(v->record.request, request);
	assert_int_equal(v->record.sender, conn);
}

const struct state_room *
world_room(const struct world *w, uint8_t route, const char *name)
{
	char text[256];

	for (uint32_t row = 0; row < state_rows(w->state); row++) {
		const struct state_room *r = state_room(w->state, row);
		size_t len;

		if (r == NULL || r->route != route)
			continue;
		len = r->name == STATE_NONE ? 0 :
		    state_text_load(w->state, r->name, text, sizeof(text));
		if (len == strlen(name) && memcmp(text, name, len) == 0)
			return r;
	}
	return NULL;
}
