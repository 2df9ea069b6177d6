/*
 * test_cursor - reading, being overrun, and a room's history.
 */
#include "config.h"

#include "log/cursor.h"

#include "log_fixture.h"

#include <sys/wait.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void
a_cursor_reads_each_record_once_and_stops_at_the_end(void **state)
{
	struct log *log = fixture_log(NULL);
	struct cursor_view view;
	struct cursor cursor;
	struct chat chat;
	uint64_t end, lost = 1;
	unsigned i;

	(void)state;
	chat_open(&chat, log);
	assert_true(cursor_seek(&cursor, log, 0, &lost));
	assert_true(lost == 0);
	assert_false(cursor_next(&cursor, log_committed(log), &view));
	for (i = 0; i < 10; i++)
		chat_next(&chat);
	append_commit(chat.append);
	end = log_committed(log);
	chat_next(&chat);
	append_commit(chat.append);
	for (i = 1; i <= 10; i++) {
		assert_true(cursor_next(&cursor, end, &view));
		assert_int_equal(view.record.request, i);
		assert_true(chat_record_is_right(&view.record, view.name,
		    view.text));
	}
	assert_false(cursor_next(&cursor, end, &view));
	assert_true(cursor.position == end);
	assert_true(cursor_is_intact(log, 0));
	assert_true(cursor_next(&cursor, log_committed(log), &view));
	assert_int_equal(view.record.request, 11);
	assert_true(cursor_read(log, view.position, &view));
	assert_false(cursor_read(log, log_committed(log), &view));
	assert_false(cursor_read(log, LOG_NONE, &view));
	chat_close(&chat);
	log_unmap(log);
}

static void
a_seek_before_first_says_what_is_lost(void **state)
{
	struct log *log = fixture_log(NULL);
	struct cursor_view view;
	struct cursor cursor;
	struct chat chat;
	uint64_t lost = 0;

	(void)state;
	chat_open(&chat, log);
	while (log_first(log) < LOG_SIZE_MIN / 4) {
		chat_next(&chat);
		append_commit(chat.append);
	}
	assert_false(cursor_seek(&cursor, log, 80, &lost));
	assert_true(lost == log_first(log) - 80);
	assert_true(cursor.position == log_first(log));
	assert_true(cursor_next(&cursor, log_committed(log), &view));
	assert_true(cursor_seek(&cursor, log, log_committed(log), &lost));
	assert_true(lost == 0);
	assert_false(cursor_read(log, 0, &view));
	chat_close(&chat);
	log_unmap(log);
}

/* Flags that call for more in front of the text than there is: what is read
 * while it changes may look so. */
static void
what_is_missing_before_the_text_is_no_record(void **state)
{
	static const struct {
		uint8_t kind, flags;
		uint32_t text_len;	/* of which the first byte is `len` */
		uint8_t len;
		bool is_whole;
	} fronts[] = {
		{ RECORD_JOIN, RECORD_TOKEN, 15, 0, false },
		{ RECORD_JOIN, RECORD_TOKEN, 16, 0, true },
		{ RECORD_MESSAGE, RECORD_ID, 0, 0, false },
		{ RECORD_MESSAGE, RECORD_ID, 1, 0, true },
		{ RECORD_MESSAGE, RECORD_ID, 8, 8, false },
		{ RECORD_MESSAGE, RECORD_ID, 9, 8, true },
		{ RECORD_MESSAGE, RECORD_ID, 200, RECORD_ID_MAX, true },
		{ RECORD_MESSAGE, RECORD_ID, 200, RECORD_ID_MAX + 1, false },
		{ RECORD_MESSAGE, RECORD_TOKEN | RECORD_ID, 16, 0, false },
		{ RECORD_MESSAGE, RECORD_TOKEN | RECORD_ID, 17, 0, true },
		{ RECORD_ENTER, 0, 15, 0, false },
		{ RECORD_ENTER, 0, 16, 0, true },
		{ RECORD_ENTER, RECORD_TOKEN, 31, 0, false },
		{ RECORD_ENTER, RECORD_TOKEN, 32, 0, true },
	};
	struct log *log = fixture_log(NULL);
	struct cursor_view view;
	struct record *record;
	struct chat chat;

	(void)state;
	chat_open(&chat, log);
	for (size_t i = 0; i < sizeof(fronts) / sizeof(fronts[0]); i++) {
		uint64_t position = append_position(chat.append);

		chat_say(&chat, 1, fronts[i].text_len);
		append_commit(chat.append);
		record = log_at(log, position);
		record->kind = fronts[i].kind;
		record->flags = fronts[i].flags;
		memset((uint8_t *)(record + 1) + record->name_len,
		    fronts[i].len, record->text_len);
		if (cursor_read(log, position, &view) != fronts[i].is_whole)
			fail_msg("row %zu", i);
	}
	chat_close(&chat);
	log_unmap(log);
}

/* The writer goes round the ring between the look and the question. */
static void
a_reader_overrun_while_copying_learns_it(void **state)
{
	struct log *log = fixture_log(NULL);
	struct cursor_view view;
	uint64_t from, end, lost;
	struct cursor cursor;
	struct chat chat;
	uint8_t *copy;

	(void)state;
	chat_open(&chat, log);
	chat_say(&chat, 1, 30000);
	append_commit(chat.append);
	from = log_first(log);
	end = log_committed(log);
	assert_true(cursor_seek(&cursor, log, from, &lost));
	assert_true(cursor_next(&cursor, end, &view));
	copy = malloc(view.record.text_len);
	assert_non_null(copy);
	memcpy(copy, view.text, view.record.text_len / 2);
	while (append_position(chat.append) < end + LOG_SIZE_MIN)
		chat_say(&chat, 0, 20000);
	append_commit(chat.append);
	memcpy(copy + view.record.text_len / 2,
	    view.text + view.record.text_len / 2,
	    view.record.text_len - view.record.text_len / 2);
	assert_false(chat_record_is_right(&view.record, view.name, copy));
	assert_false(cursor_is_intact(log, from));
	assert_false(cursor_read(log, from, &view));
	/* Going on from there: no record, or one that is not believed. */
	cursor.position = from;
	while (cursor_next(&cursor, end, &view))
		;
	assert_false(cursor_is_intact(log, from));
	assert_true(cursor_is_intact(log, log_first(log)));
	free(copy);
	chat_close(&chat);
	log_unmap(log);
}

static void
what_stands_there_is_no_record(void **state)
{
	static const uint64_t places[] = {
		1, 4, 8, 16, LOG_SIZE_MIN, UINT64_MAX, UINT64_MAX - 7,
		UINT64_C(1) << 63
	};
	struct log *log = fixture_log(NULL);
	struct cursor_view view;
	struct cursor cursor;
	struct chat chat;
	size_t i;

	(void)state;
	chat_open(&chat, log);
	chat_next(&chat);
	append_commit(chat.append);
	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		cursor.log = log;
		cursor.position = places[i];
		assert_false(cursor_next(&cursor, log_committed(log), &view));
		assert_false(cursor_next(&cursor, UINT64_MAX, &view));
		assert_true(cursor.position == places[i]);
	}
	chat_close(&chat);
	log_unmap(log);
}

static uint64_t
seq_of(const struct log *log, uint64_t position)
{
	struct cursor_view view;

	assert_true(cursor_read(log, position, &view));
	return view.record.seq;
}

static void
a_history_is_the_last_messages_in_order(void **state)
{
	struct log *log = fixture_log(NULL);
	uint64_t at[16];
	struct chat chat;
	size_t count, i;

	(void)state;
	chat_open(&chat, log);
	assert_int_equal(cursor_history(log, 2, LOG_NONE, 0, at, 16, 99), 0);
	for (i = 0; i < 10; i++) {
		chat_say(&chat, 2, 10);
		chat_say(&chat, 3, 10);
	}
	append_commit(chat.append);
	count = cursor_history(log, 2, chat.rooms[2].newest, 0, at, 16, 99);
	assert_int_equal(count, 10);
	for (i = 0; i < count; i++)
		assert_int_equal(seq_of(log, at[i]), i + 1);
	count = cursor_history(log, 2, chat.rooms[2].newest, 0, at, 3, 99);
	assert_int_equal(count, 3);
	assert_int_equal(seq_of(log, at[0]), 8);
	assert_int_equal(seq_of(log, at[2]), 10);
	count = cursor_history(log, 2, chat.rooms[2].newest, 5, at, 3, 99);
	assert_int_equal(count, 3);
	assert_int_equal(seq_of(log, at[0]), 2);
	assert_int_equal(seq_of(log, at[2]), 4);
	assert_int_equal(cursor_history(log, 2, chat.rooms[2].newest, 1, at,
	    3, 99), 0);
	assert_int_equal(cursor_history(log, 2, chat.rooms[2].newest, 0, at,
	    16, 4), 4);
	assert_int_equal(cursor_history(log, 2, chat.rooms[2].newest, 0, at,
	    0, 99), 0);
	/* Another room's record, or the middle of one, ends the walk. */
	assert_int_equal(cursor_history(log, 3, chat.rooms[2].newest, 0, at,
	    16, 99), 0);
	assert_int_equal(cursor_history(log, 2, chat.rooms[2].newest + 8, 0,
	    at, 16, 99), 0);
	chat_close(&chat);
	log_unmap(log);
}

/* While a message and its copy both stand. */
static void
check_each_seq_once(const struct chat *chat, uint64_t room)
{
	uint64_t at[256];
	size_t count, i;

	count = cursor_history(chat->log, room, chat->rooms[room].newest, 0,
	    at, 256, 10000);
	assert_true(count > 0);
	for (i = 1; i < count; i++)
		assert_true(seq_of(chat->log, at[i]) ==
		    seq_of(chat->log, at[i - 1]) + 1);
}

static void
a_history_has_each_seq_once_whatever_was_kept(void **state)
{
	struct log *log = fixture_log(NULL);
	struct chat chat;
	unsigned i;

	(void)state;
	chat_open(&chat, log);
	chat.watch = check_each_seq_once;
	for (i = 0; i < 800; i++) {
		chat_next(&chat);
		if (i % 5 == 0)
			append_commit(chat.append);
	}
	append_commit(chat.append);
	assert_true(chat.kept > 10);
	chat_check_history(&chat);
	chat_close(&chat);
	log_unmap(log);
}

/* A room that says something while its older messages are kept: the copies
 * stand between newer messages, out of order. */
static void
a_history_is_in_order_though_copies_stand_between(void **state)
{
	struct log *log = fixture_log(NULL);
	struct chat chat;
	unsigned i, pause;

	(void)state;
	chat_open(&chat, log);
	for (pause = 3; pause < 15; pause++)
		for (i = 0; i < 90; i++) {
			chat_say(&chat, i % pause ? 0 : 1,
			    i % pause ? 30000 : 300);
			append_commit(chat.append);
			chat_check_history(&chat);
		}
	assert_true(chat.kept > 10);
	chat_close(&chat);
	log_unmap(log);
}

struct tally {
	uint64_t read, overruns;
};

/* Copies record by record and believes what is intact; goes back to the oldest
 * ever so often, where the writer is about to write. */
static void
read_against_the_writer(const struct log *log, struct tally *tally,
    unsigned seconds)
{
	static uint8_t bytes[256 * 1024];
	struct timespec now, start;
	struct cursor_view view;
	struct cursor cursor;
	uint64_t from, lost;

	clock_gettime(CLOCK_MONOTONIC, &start);
	now = start;
	cursor_seek(&cursor, log, log_first(log), &lost);
	while (now.tv_sec < start.tv_sec + (time_t)seconds ||
	    now.tv_nsec < start.tv_nsec) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		from = cursor.position;
		if (!cursor_next(&cursor, log_committed(log), &view)) {
			if (!cursor_is_intact(log, from)) {
				tally->overruns++;
				cursor_seek(&cursor, log, from, &lost);
			}
			continue;
		}
		memcpy(bytes, view.name, view.record.name_len);
		memcpy(bytes + view.record.name_len, view.text,
		    view.record.text_len);
		if (!cursor_is_intact(log, from)) {
			tally->overruns++;
			cursor_seek(&cursor, log, from, &lost);
			continue;
		}
		assert_true(view.record.room < CHAT_ROOMS);
		assert_true(chat_record_is_right(&view.record, bytes,
		    bytes + view.record.name_len));
		if (++tally->read % 4 == 0)
			cursor_seek(&cursor, log, log_first(log), &lost);
	}
}

static void
what_a_reader_believes_is_whole_against_a_writer_at_full_speed(void **state)
{
	struct tally tally = { 0, 0 };
	struct log *log, *reader;
	struct chat chat;
	int fd, status;
	pid_t pid;

	(void)state;
	if (fixture_is_valgrind())
		skip();
	log = fixture_log(&fd);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(30);
		chat_open(&chat, log);
		for (;;) {
			chat_say(&chat, (unsigned)(chat.request % CHAT_ROOMS),
			    chat.request * 7919 % 40000);
			append_commit(chat.append);
		}
	}
	reader = log_map(fd, false);
	assert_non_null(reader);
	close(fd);
	read_against_the_writer(reader, &tally, 1);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	print_message("read %llu, overrun %llu times\n",
	    (unsigned long long)tally.read,
	    (unsigned long long)tally.overruns);
	assert_true(tally.read > 100 && tally.overruns > 0);
	log_unmap(reader);
	/* Killed wherever it was: a successor goes on. */
	chat_open(&chat, log);
	chat_say(&chat, 1, 100);
	append_commit(chat.append);
	chat_check_history(&chat);
	chat_close(&chat);
	log_unmap(log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_cursor_reads_each_record_once_and_stops_at_the_end),
		cmocka_unit_test(a_seek_before_first_says_what_is_lost),
		cmocka_unit_test(a_reader_overrun_while_copying_learns_it),
		cmocka_unit_test(what_stands_there_is_no_record),
		cmocka_unit_test(
		    what_is_missing_before_the_text_is_no_record),
		cmocka_unit_test(a_history_is_the_last_messages_in_order),
		cmocka_unit_test(
		    a_history_has_each_seq_once_whatever_was_kept),
		cmocka_unit_test(
		    a_history_is_in_order_though_copies_stand_between),
		cmocka_unit_test(
		what_a_reader_believes_is_whole_against_a_writer_at_full_speed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
