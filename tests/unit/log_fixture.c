/*
 * log_fixture - a small broker in memory, and a process that dies on demand.
 *
 * Linked into each test of src/log/.
 */
#include "config.h"

#include "log_fixture.h"

#include "log/step.h"
#include "log/verify.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TEXT_MAX	(64 * 1024)
#define SEQ_MAX		4096

static unsigned long die_at, steps;

void
log_step_hook(void)
{
	if (++steps == die_at)
		_exit(0);
}

void
fixture_die_at(unsigned long step)
{
	steps = 0;
	die_at = step;
}

unsigned long
fixture_steps(void)
{
	return steps;
}

void *
fixture_shared(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(at != MAP_FAILED);
	return at;
}

void
fixture_wait(int pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

bool
fixture_is_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

uint64_t
fixture_random(uint64_t *seed)
{
	uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

struct log *
fixture_log(int *fd_out)
{
	int fd = log_create(LOG_SIZE_MIN);
	struct log *log;

	assert_true(fd >= 0);
	log = log_map(fd, true);
	assert_non_null(log);
	if (fd_out != NULL)
		*fd_out = fd;
	else
		close(fd);
	return log;
}

/* Room 0 is busy and fills the ring; the others say little and rarely. */
struct chat_event
chat_event(uint64_t request)
{
	struct chat_event event = { RECORD_MESSAGE, 0, 0 };

	if (request % 8 == 0) {
		event.room = 1 + (unsigned)(request / 8 % (CHAT_ROOMS - 1));
		event.text_len = 100 + request % 1500;
	} else if (request % 8 == 3) {
		event.kind = RECORD_JOIN;
		event.room = (unsigned)(request / 8 % CHAT_ROOMS);
		event.text_len = request % 20;
	} else {
		event.text_len = 25000 + request * 7919 % 15000;
	}
	return event;
}

static uint8_t
text_byte(uint64_t room, uint64_t seq, size_t i)
{
	return (uint8_t)(room * 31 + seq * 17 + i * 13 + (i >> 8));
}

static const char *
chat_name(uint64_t room)
{
	return &"room number"[room % 8];
}

bool
chat_record_is_right(const struct record *record, const uint8_t *name,
    const uint8_t *text)
{
	size_t i;

	if (record->name_len != strlen(chat_name(record->room)) ||
	    memcmp(name, chat_name(record->room), record->name_len) != 0)
		return false;
	for (i = 0; i < record->text_len; i++)
		if (text[i] != text_byte(record->room, record->seq, i))
			return false;
	return true;
}

static bool
chat_is_wanted(void *arg, const struct record *record, uint64_t *newest_out)
{
	const struct chat *chat = arg;
	const struct chat_room *room = &chat->rooms[record->room];

	if (record->seq + CHAT_HISTORY <= room->seq)
		return false;
	*newest_out = room->newest;
	return true;
}

static void
chat_kept(void *arg, const struct record *record, uint64_t position)
{
	struct chat *chat = arg;

	assert_int_equal(record->kind, RECORD_KEPT);
	/* The copy counts, and the original is still there. */
	assert_true(log_committed(chat->log) == position + record->length);
	assert_true(((const struct record *)log_at(chat->log,
	    log_first(chat->log)))->seq == record->seq);
	chat->rooms[record->room].newest = position;
	chat->kept++;
	if (chat->watch != NULL)
		chat->watch(chat, record->room);
}

void
chat_open(struct chat *chat, struct log *log)
{
	static const struct append_callbacks callbacks = {
		chat_is_wanted, chat_kept
	};
	struct cursor_view view;
	struct cursor cursor;
	uint64_t lost;
	unsigned i;

	memset(chat, 0, sizeof(*chat));
	chat->log = log;
	chat->append = append_new(log, &callbacks, chat);
	assert_non_null(chat->append);
	for (i = 0; i < CHAT_ROOMS; i++)
		chat->rooms[i].newest = LOG_NONE;
	assert_true(cursor_seek(&cursor, log, log_first(log), &lost));
	while (cursor_next(&cursor, log_committed(log), &view)) {
		struct chat_room *room = &chat->rooms[view.record.room];

		room->newest = view.position;
		if (view.record.seq > room->seq)
			room->seq = view.record.seq;
		if (view.record.kind != RECORD_KEPT)
			chat->request = view.record.request;
	}
	assert_true(cursor.position == log_committed(log));
}

void
chat_close(struct chat *chat)
{
	append_free(chat->append);
	chat->append = NULL;
}

static void
chat_append(struct chat *chat, struct chat_event event)
{
	struct chat_room *room = &chat->rooms[event.room];
	static uint8_t text[TEXT_MAX];
	struct append_record what = {
		.kind = event.kind,
		.route = 1,
		.time_us = 1000 + chat->request,
		.room = event.room,
		.previous = room->newest,
		.sender = 5,
		.generation = CHAT_GENERATION,
		.request = ++chat->request,
		.count = 2,
		.name = chat_name(event.room),
		.name_len = (uint8_t)strlen(chat_name(event.room)),
		.text = text,
		.text_len = (uint32_t)event.text_len,
	};
	size_t i;

	if (event.kind == RECORD_MESSAGE)
		room->seq++;
	what.seq = room->seq;
	assert_true(event.text_len <= sizeof(text));
	for (i = 0; i < event.text_len; i++)
		text[i] = text_byte(event.room, what.seq, i);
	room->newest = append_write(chat->append, &what);
	assert_true(room->newest != LOG_NONE);
	assert_true(append_position(chat->append) > log_committed(chat->log));
	assert_true(log_ring_size(chat->log) -
	    (append_position(chat->append) - log_first(chat->log)) >=
	    record_length_max(log_ring_size(chat->log)));
}

void
chat_next(struct chat *chat)
{
	chat_append(chat, chat_event(chat->request + 1));
}

void
chat_say(struct chat *chat, unsigned room, size_t text_len)
{
	chat_append(chat, (struct chat_event){ RECORD_MESSAGE, room,
	    text_len });
}

/* Every message within a history is there. */
static void
check_histories(const uint8_t seen[CHAT_ROOMS][SEQ_MAX], uint64_t last,
    unsigned copies)
{
	uint64_t request, seqs[CHAT_ROOMS] = { 0 };
	unsigned doubles = 0, i, room;

	for (request = 1; request <= last; request++)
		if (chat_event(request).kind == RECORD_MESSAGE)
			seqs[chat_event(request).room]++;
	for (room = 0; room < CHAT_ROOMS; room++) {
		assert_true(seqs[room] < SEQ_MAX);
		for (i = 0; i < CHAT_HISTORY && i < seqs[room]; i++)
			assert_true(seen[room][seqs[room] - i] > 0);
		for (i = 0; i < SEQ_MAX; i++)
			doubles += seen[room][i] > 1;
		for (i = (unsigned)seqs[room] + 1; i < SEQ_MAX; i++)
			assert_int_equal(seen[room][i], 0);
	}
	assert_true(doubles <= copies);
}

uint64_t
chat_check(const struct log *log, unsigned copies)
{
	static uint8_t seen[CHAT_ROOMS][SEQ_MAX];
	uint64_t kept = 0, last = 0, lost;
	struct verify_report report;
	struct cursor_view view;
	struct cursor cursor;

	assert_int_equal(verify_log(log, &report), VERIFY_OK);
	memset(seen, 0, sizeof(seen));
	assert_true(cursor_seek(&cursor, log, log_first(log), &lost));
	while (cursor_next(&cursor, log_committed(log), &view)) {
		const struct record *record = &view.record;

		assert_true(chat_record_is_right(record, view.name,
		    view.text));
		assert_true(record->room < CHAT_ROOMS);
		assert_true(record->seq < SEQ_MAX);
		if (record->kind != RECORD_KEPT) {
			assert_true(last == 0 || record->request == last + 1);
			last = record->request;
			assert_int_equal(chat_event(last).kind, record->kind);
			assert_int_equal(chat_event(last).room, record->room);
		} else {
			kept += record->length;
		}
		if (record->kind != RECORD_JOIN)
			seen[record->room][record->seq]++;
	}
	assert_true(cursor.position == log_committed(log));
	assert_true(cursor_is_intact(log, log_first(log)));
	if (copies == 0)
		assert_true(kept <= log_ring_size(log) / 4);
	check_histories((const uint8_t (*)[SEQ_MAX])seen, last, copies);
	return last;
}

void
chat_check_history(const struct chat *chat)
{
	uint64_t positions[CHAT_HISTORY];
	struct cursor_view view;
	size_t count, expected, i;
	unsigned room;

	for (room = 0; room < CHAT_ROOMS; room++) {
		const struct chat_room *r = &chat->rooms[room];

		expected = r->seq < CHAT_HISTORY ? r->seq : CHAT_HISTORY;
		count = cursor_history(chat->log, room, r->newest, 0,
		    positions, CHAT_HISTORY, 100000);
		assert_int_equal(count, expected);
		for (i = 0; i < count; i++) {
			assert_true(cursor_read(chat->log, positions[i],
			    &view));
			assert_int_equal(view.record.seq,
			    r->seq - count + 1 + i);
			assert_true(chat_record_is_right(&view.record,
			    view.name, view.text));
		}
	}
}
