/*
 * test_append - the writer: room, KEPT, commit, and death at every step.
 */
#include "config.h"

#include "log/append.h"

#include "log/verify.h"
#include "log_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define IMAGE	(LOG_RING_AT + LOG_SIZE_MIN)

static void
a_record_counts_after_the_commit(void **state)
{
	struct log *log = fixture_log(NULL);
	struct cursor_view view;
	struct chat chat;

	(void)state;
	chat_open(&chat, log);
	assert_true(append_position(chat.append) == 0);
	chat_say(&chat, 1, 10);
	assert_true(log_committed(log) == 0);
	assert_false(cursor_read(log, 0, &view));
	append_commit(chat.append);
	assert_true(log_committed(log) == append_position(chat.append));
	assert_true(cursor_read(log, 0, &view));
	assert_int_equal(view.record.kind, RECORD_MESSAGE);
	assert_int_equal(view.record.seq, 1);
	assert_true(view.record.previous == LOG_NONE);
	assert_int_equal(view.record.generation, CHAT_GENERATION);
	assert_true(chat_record_is_right(&view.record, view.name, view.text));
	chat_close(&chat);
	log_unmap(log);
}

static void
what_was_not_committed_is_void_for_the_next_writer(void **state)
{
	struct log *log = fixture_log(NULL);
	struct chat chat;
	uint64_t end;

	(void)state;
	chat_open(&chat, log);
	chat_next(&chat);
	append_commit(chat.append);
	end = append_position(chat.append);
	chat_next(&chat);
	chat_close(&chat);
	chat_open(&chat, log);
	assert_true(append_position(chat.append) == end);
	assert_true(chat.request == 1);
	chat_next(&chat);
	append_commit(chat.append);
	assert_true(chat_check(log, 0) == 2);
	chat_close(&chat);
	log_unmap(log);
}

static const uint8_t token[RECORD_TOKEN_BYTES] = "sixteen bytes..";

/* What stands in front of the text, in all ways in which it may. */
static void
put_fronts(struct append_record *what, unsigned which)
{
	what->kind = which & 4 ? RECORD_ENTER : RECORD_MESSAGE;
	what->token = which & 1 ? token : NULL;
	what->id = "an id";
	what->id_len = which & 2 ? 5 : 0;
	what->enter = (struct record_enter){ .proven = 7, .replaced = 8 };
	what->text = which & 8 ? "text" : NULL;
	what->text_len = which & 8 ? 4 : 0;
}

static void
check_fronts(const struct cursor_view *v, unsigned which)
{
	assert_int_equal(v->record.kind, which & 4 ? RECORD_ENTER :
	    RECORD_MESSAGE);
	assert_int_equal(v->record.flags, (which & 1 ? RECORD_TOKEN : 0) |
	    (which & 2 ? RECORD_ID : 0));
	assert_memory_equal(v->name, "name", 4);
	assert_true((v->token != NULL) == ((which & 1) != 0));
	if (which & 1)
		assert_memory_equal(v->token, token, sizeof(token));
	assert_int_equal(v->id_len, which & 2 ? 5 : 0);
	if (which & 2)
		assert_memory_equal(v->id, "an id", 5);
	if (which & 4) {
		assert_int_equal(v->enter.proven, 7);
		assert_int_equal(v->enter.replaced, 8);
	}
	assert_int_equal(v->text_len, which & 8 ? 4 : 0);
	assert_memory_equal(v->text, "text", v->text_len);
}

static void
what_stands_before_the_text_is_read_again(void **state)
{
	struct log *log = fixture_log(NULL);
	struct append_record what = {
		.previous = LOG_NONE, .seq = 1, .name = "name", .name_len = 4
	};
	struct verify_report report;
	struct cursor_view view;
	uint64_t positions[16];
	struct chat chat;

	(void)state;
	chat_open(&chat, log);
	for (unsigned i = 0; i < 16; i++) {
		put_fronts(&what, i);
		positions[i] = append_write(chat.append, &what);
		assert_true(positions[i] != LOG_NONE);
	}
	append_commit(chat.append);
	assert_int_equal(verify_log(log, &report), VERIFY_OK);
	for (unsigned i = 0; i < 16; i++) {
		assert_true(cursor_read(log, positions[i], &view));
		check_fronts(&view, i);
	}
	chat_close(&chat);
	log_unmap(log);
}

/* The copy of a line has the id that the line has. */
static bool
is_always_wanted(void *arg, const struct record *record, uint64_t *newest_out)
{
	(void)arg;
	(void)record;
	*newest_out = LOG_NONE;
	return true;
}

static void
is_kept(void *arg, const struct record *record, uint64_t position)
{
	uint64_t *kept = arg;

	(void)record;
	if (*kept == LOG_NONE)
		*kept = position;
}

static void
a_line_is_kept_with_its_id(void **state)
{
	static const struct append_callbacks callbacks = {
		.is_wanted = is_always_wanted, .kept = is_kept
	};
	struct log *log = fixture_log(NULL);
	uint64_t kept = LOG_NONE;
	struct append *append = append_new(log, &callbacks, &kept);
	struct append_record what = {
		.previous = LOG_NONE, .seq = 1, .name = "name", .name_len = 4
	};
	struct cursor_view view;

	(void)state;
	assert_non_null(append);
	put_fronts(&what, 2 | 8);
	while (kept == LOG_NONE)
		assert_true(append_write(append, &what) != LOG_NONE);
	append_commit(append);
	assert_true(cursor_read(log, kept, &view));
	assert_int_equal(view.record.kind, RECORD_KEPT);
	view.record.kind = RECORD_MESSAGE;
	check_fronts(&view, 2 | 8);
	append_free(append);
	log_unmap(log);
}

static void
a_record_too_long_is_refused_and_the_longest_fits(void **state)
{
	struct log *log = fixture_log(NULL);
	uint64_t most = record_length_max(LOG_SIZE_MIN);
	struct append_record what = {
		.kind = RECORD_MESSAGE, .previous = LOG_NONE, .seq = 1
	};
	struct verify_report report;
	struct chat chat;
	unsigned i;

	(void)state;
	chat_open(&chat, log);
	what.text_len = (uint32_t)(most - sizeof(struct record)) + 1;
	what.text = calloc(1, what.text_len);
	assert_non_null(what.text);
	assert_true(append_write(chat.append, &what) == LOG_NONE);
	assert_true(append_position(chat.append) == log_committed(log));
	what.text_len--;
	/* All of them wanted, in one turn, over more than a lap. */
	for (i = 0; i < 60; i++) {
		assert_true(append_write(chat.append, &what) != LOG_NONE);
		assert_true(LOG_SIZE_MIN - (append_position(chat.append) -
		    log_first(log)) >= most);
		assert_true(log_first(log) <= log_committed(log));
	}
	append_commit(chat.append);
	assert_int_equal(verify_log(log, &report), VERIFY_OK);
	assert_true(report.kept > 0);
	assert_true(report.kept * most <= LOG_SIZE_MIN / 4);
	what.text_len = UINT32_MAX;
	assert_true(append_write(chat.append, &what) == LOG_NONE);
	free((void *)(uintptr_t)what.text);
	chat_close(&chat);
	log_unmap(log);
}

/* Nothing is wanted, so nothing but `first` asks for a commit. */
static void
a_turn_longer_than_the_ring_leaves_a_readable_part(void **state)
{
	struct log *log = fixture_log(NULL);
	struct append_record what = {
		.kind = RECORD_LEAVE, .previous = LOG_NONE
	};
	struct verify_report report;
	struct chat chat;
	unsigned i;

	(void)state;
	chat_open(&chat, log);
	for (i = 0; i < 3 * LOG_SIZE_MIN / sizeof(struct record); i++) {
		assert_true(append_write(chat.append, &what) != LOG_NONE);
		assert_true(log_first(log) <= log_committed(log));
	}
	assert_int_equal(verify_log(log, &report), VERIFY_OK);
	append_commit(chat.append);
	assert_int_equal(verify_log(log, &report), VERIFY_OK);
	assert_true(report.bytes > LOG_SIZE_MIN / 8 * 7);
	chat_close(&chat);
	log_unmap(log);
}

static void
a_quiet_room_keeps_its_history_beside_a_busy_one(void **state)
{
	struct log *log = fixture_log(NULL);
	struct chat chat;
	unsigned i;

	(void)state;
	chat_open(&chat, log);
	for (i = 1; i <= 1500; i++) {
		chat_next(&chat);
		if (i % 3 == 0)
			append_commit(chat.append);
		if (i % 60 == 0) {
			assert_true(chat_check(log, 0) == i);
			chat_check_history(&chat);
		}
	}
	assert_true(chat.kept > 50);
	assert_true(log_first(log) > 20 * LOG_SIZE_MIN);
	chat_close(&chat);
	log_unmap(log);
}

/* The record that makes room moves an older one of its own room: its
 * `previous` must be the copy, or the chain would pass it by. */
static void
a_record_links_to_the_copy_it_caused(void **state)
{
	struct log *log = fixture_log(NULL);
	struct chat chat;
	uint64_t kept;

	(void)state;
	chat_open(&chat, log);
	chat_say(&chat, 1, 50);
	append_commit(chat.append);
	for (kept = 0; kept == 0; kept = chat.kept) {
		chat_say(&chat, 0, 5000);
		append_commit(chat.append);
		if (LOG_SIZE_MIN - append_position(chat.append) <
		    record_length_max(LOG_SIZE_MIN) + 6000)
			chat_say(&chat, 1, 20000);
	}
	append_commit(chat.append);
	assert_true(chat.rooms[1].seq == 2);
	chat_check_history(&chat);
	chat_close(&chat);
	log_unmap(log);
}

/* What a writer says it has done before it dies. */
struct told {
	volatile uint64_t begun, committed, receipt;
};

static void
workload(struct log *log, struct told *told, unsigned events)
{
	struct chat chat;
	unsigned i;

	chat_open(&chat, log);
	for (i = 1; i <= events; i++) {
		told->begun = chat.request + 1;
		chat_next(&chat);
		if (i % 3 != 0)
			continue;
		append_commit(chat.append);
		told->committed = chat.request;
		log_receipt_store(log, 3, CHAT_GENERATION, chat.request);
		told->receipt = chat.request;
	}
	chat_close(&chat);
}

static void
check_the_dead_writers_log(struct log *log, const struct told *told)
{
	uint64_t last = chat_check(log, 1), receipt;
	struct chat chat;
	unsigned i;

	assert_true(last >= told->committed && last <= told->begun);
	receipt = log_receipt_load(log, 3, CHAT_GENERATION);
	assert_true(receipt >= told->receipt && receipt <= last);
	chat_open(&chat, log);
	assert_true(chat.request == last);
	assert_true(chat_check(log, 0) == last);
	chat_check_history(&chat);
	for (i = 0; i < 50; i++) {
		chat_next(&chat);
		if (i % 2)
			append_commit(chat.append);
	}
	append_commit(chat.append);
	assert_true(chat_check(log, 0) == last + 50);
	chat_check_history(&chat);
	chat_close(&chat);
}

static void
a_writer_may_die_between_any_two_stores(void **state)
{
	struct told *told = fixture_shared(sizeof(*told));
	struct log *log = fixture_log(NULL);
	uint8_t *image = malloc(IMAGE);
	unsigned long n, stride, total;
	struct chat chat;
	unsigned i;
	pid_t pid;

	(void)state;
	assert_non_null(image);
	chat_open(&chat, log);
	for (i = 0; i < 130; i++)
		chat_next(&chat);
	append_commit(chat.append);
	log_receipt_store(log, 3, CHAT_GENERATION, chat.request);
	told->receipt = told->committed = told->begun = chat.request;
	chat_close(&chat);
	memcpy(image, log_header(log), IMAGE);

	fixture_die_at(0);
	workload(log, told, 48);
	total = fixture_steps();
	assert_true(total > 400);
	stride = fixture_is_valgrind() ? 41 : 1;
	for (n = 1; n <= total; n += stride) {
		memcpy(log_header(log), image, IMAGE);
		told->receipt = told->committed = told->begun = 130;
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			fixture_die_at(n);
			workload(log, told, 48);
			_exit(1);	/* it ought to be dead */
		}
		fixture_wait(pid);
		check_the_dead_writers_log(log, told);
	}
	free(image);
	log_unmap(log);
}

static void
a_damaged_log_is_not_appended_to(void **state)
{
	struct log *log = fixture_log(NULL);
	static const struct append_callbacks none = { NULL, NULL };
	struct record *record;
	struct chat chat;

	(void)state;
	chat_open(&chat, log);
	chat_next(&chat);
	chat_next(&chat);
	append_commit(chat.append);
	chat_close(&chat);
	record = log_at(log, 0);
	record->length += 8;
	assert_null(append_new(log, &none, NULL));
	record->length -= 8;
	record->kind = RECORD_KINDS;
	assert_null(append_new(log, &none, NULL));
	record->kind = RECORD_MESSAGE;
	atomic_store(&log_header(log)->first, UINT64_MAX);
	assert_null(append_new(log, &none, NULL));
	atomic_store(&log_header(log)->first, 0);
	atomic_store(&log_header(log)->committed, UINT64_MAX - 7);
	assert_null(append_new(log, &none, NULL));
	append_free(NULL);
	log_unmap(log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_counts_after_the_commit),
		cmocka_unit_test(
		    what_was_not_committed_is_void_for_the_next_writer),
		cmocka_unit_test(
		    a_record_too_long_is_refused_and_the_longest_fits),
		cmocka_unit_test(
		    a_turn_longer_than_the_ring_leaves_a_readable_part),
		cmocka_unit_test(
		    a_quiet_room_keeps_its_history_beside_a_busy_one),
		cmocka_unit_test(what_stands_before_the_text_is_read_again),
		cmocka_unit_test(a_line_is_kept_with_its_id),
		cmocka_unit_test(a_record_links_to_the_copy_it_caused),
		cmocka_unit_test(a_writer_may_die_between_any_two_stores),
		cmocka_unit_test(a_damaged_log_is_not_appended_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
