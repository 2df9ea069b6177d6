/*
 * test_verify - a whole log is whole, a damaged one is not, and no bytes at
 * all make verify, append or a cursor crash or run for ever.
 */
#include "config.h"

#include "log/verify.h"

#include "log_fixture.h"

#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define IMAGE	(LOG_RING_AT + LOG_SIZE_MIN)

static void
write_events(struct log *log, unsigned events)
{
	struct chat chat;

	chat_open(&chat, log);
	while (events-- > 0)
		chat_next(&chat);
	append_commit(chat.append);
	chat_close(&chat);
}

static void
a_whole_log_is_whole(void **state)
{
	struct log *log = fixture_log(NULL);
	struct verify_report report;

	(void)state;
	assert_int_equal(verify_log(log, &report), VERIFY_OK);
	assert_true(report.records == 0 && report.bytes == 0);
	write_events(log, 300);
	assert_int_equal(verify_log(log, &report), VERIFY_OK);
	assert_true(report.bytes == log_committed(log) - log_first(log));
	assert_true(report.kept > 0 && report.messages > 0);
	assert_true(report.records > report.kept + report.messages);
	assert_true(report.position == log_committed(log));
	log_unmap(log);
}

/* Damages one field of the third record, and says what verify finds. */
static enum verify_result
damage(struct log *log, size_t at, uint8_t flip)
{
	struct verify_report report;
	struct cursor_view view;
	struct cursor cursor;
	uint64_t lost;
	uint8_t *byte;
	unsigned i;

	cursor_seek(&cursor, log, log_first(log), &lost);
	for (i = 0; i < 3; i++)
		assert_true(cursor_next(&cursor, log_committed(log), &view));
	byte = (uint8_t *)log_at(log, view.position) + at;
	*byte ^= flip;
	verify_log(log, &report);
	if (report.result != VERIFY_OK) {
		assert_true(report.position == view.position);
		assert_int_equal(report.records, 2);
	}
	*byte ^= flip;
	return report.result;
}

static void
damage_is_found_and_named(void **state)
{
	struct log *log = fixture_log(NULL);
	struct verify_report report;
	struct record *record;
	unsigned i;

	(void)state;
	write_events(log, 300);
	assert_int_equal(damage(log, 0, 0), VERIFY_OK);
	assert_int_equal(damage(log, 0, 0x08), VERIFY_BAD_RECORD);
	assert_int_equal(damage(log, offsetof(struct record, kind), 0x40),
	    VERIFY_BAD_RECORD);
	assert_int_equal(damage(log, offsetof(struct record, route), 0x80),
	    VERIFY_BAD_RECORD);
	for (i = 4; i < 8; i++)
		assert_int_equal(damage(log, i, 0x01), VERIFY_BAD_CHECKSUM);
	for (i = 16; i < sizeof(struct record); i++)
		assert_int_equal(damage(log, i, 0x01), VERIFY_BAD_CHECKSUM);
	assert_int_equal(damage(log, sizeof(struct record), 0x80),
	    VERIFY_BAD_CHECKSUM);

	record = log_at(log, log_first(log));
	record->previous = log_first(log);
	record->checksum = record_checksum(record);
	assert_int_equal(verify_log(log, &report), VERIFY_BAD_LINK);
	record->previous = LOG_NONE;
	record->checksum = record_checksum(record);
	assert_int_equal(verify_log(log, &report), VERIFY_OK);
	log_unmap(log);
}

/* Its sum is right, but nobody could read its texts. */
static void
a_record_without_what_its_flags_say_is_damage(void **state)
{
	struct log *log = fixture_log(NULL);
	struct verify_report report;
	struct record *record;
	struct chat chat;

	(void)state;
	chat_open(&chat, log);
	chat_say(&chat, 1, 15);
	append_commit(chat.append);
	chat_close(&chat);
	record = log_at(log, log_first(log));
	record->flags = RECORD_TOKEN;
	record->checksum = record_checksum(record);
	assert_int_equal(verify_log(log, &report), VERIFY_BAD_RECORD);
	record->flags = 0;
	record->checksum = record_checksum(record);
	assert_int_equal(verify_log(log, &report), VERIFY_OK);
	log_unmap(log);
}

static void
impossible_positions_are_a_bad_header(void **state)
{
	static const uint64_t positions[][2] = {
		{ 8, 0 }, { 0, LOG_SIZE_MIN + 8 }, { 0, UINT64_MAX },
		{ 0, UINT64_MAX - 7 }, { UINT64_MAX, UINT64_MAX },
		{ UINT64_MAX - 7, UINT64_MAX - 7 }, { UINT64_MAX - 7, 80 },
		{ 4, 4 }, { 0, 4 }, { UINT64_C(1) << 63, UINT64_C(1) << 63 },
	};
	struct log *log = fixture_log(NULL);
	struct log_header *header = log_header(log);
	struct verify_report report;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(positions) / sizeof(*positions); i++) {
		atomic_store(&header->first, positions[i][0]);
		atomic_store(&header->committed, positions[i][1]);
		assert_int_equal(verify_log(log, &report),
		    VERIFY_BAD_HEADER);
	}
	atomic_store(&header->first, 0);
	atomic_store(&header->committed, 0);
	assert_int_equal(verify_log(log, &report), VERIFY_OK);
	header->ring_size *= 2;
	assert_int_equal(verify_log(log, &report), VERIFY_BAD_HEADER);
	log_unmap(log);
}

static void
every_result_has_a_text(void **state)
{
	(void)state;
	assert_string_equal(verify_result_text(VERIFY_OK), "whole");
	assert_string_not_equal(verify_result_text(VERIFY_BAD_LINK),
	    "unknown");
	assert_string_equal(verify_result_text((enum verify_result)99),
	    "unknown");
}

/* A position such as an attacker would choose. */
static uint64_t
odd_position(uint64_t *seed, const struct log *log)
{
	static const uint64_t odd[] = {
		0, 1, 7, 8, 80, UINT64_MAX, UINT64_MAX - 7,
		UINT64_MAX - LOG_SIZE_MIN + 1, UINT64_C(1) << 63,
		LOG_POSITION_MAX, LOG_SIZE_MIN, 2 * LOG_SIZE_MIN
	};
	uint64_t n = fixture_random(seed);

	switch (n % 4) {
	case 0:
		return odd[n / 4 % (sizeof(odd) / sizeof(*odd))];
	case 1:
		return fixture_random(seed);
	case 2:
		return log_first(log) + n / 4 % (2 * LOG_SIZE_MIN);
	default:
		return log_committed(log) - n / 4 % LOG_SIZE_MIN / 8 * 8;
	}
}

/* Changes a head, some bytes of the ring or the header. */
static void
mutate(uint64_t *seed, struct log *log, const uint64_t *heads, size_t count)
{
	uint64_t n = fixture_random(seed), value = fixture_random(seed);
	struct log_header *header = log_header(log);
	uint8_t *at = log_at(log, value);

	switch (n % 6) {
	case 0:
		atomic_store(n & 64 ? &header->first : &header->committed,
		    odd_position(seed, log));
		break;
	case 1:
		at = (uint8_t *)header + value % sizeof(*header);
		*at ^= (uint8_t)(1 << (n / 8 % 8));
		break;
	case 2:
		*at ^= (uint8_t)(1 << (n / 8 % 8));
		break;
	case 3:
		value = odd_position(seed, log);
		memcpy((uint8_t *)log_at(log, heads[n / 8 % count]) +
		    n / 4096 % 10 * 8, &value, sizeof(value));
		break;
	default:
		at = log_at(log, heads[n / 8 % count]);
		at[value % 16] = (uint8_t)(value >> 32);
		break;
	}
}

/* Sometimes gives a mutated record its right sum, so that what only the form
 * protects is tried too. */
static void
mend(uint64_t *seed, struct log *log, const uint64_t *heads, size_t count)
{
	uint64_t n = fixture_random(seed);
	struct record *record = log_at(log, heads[n / 2 % count]);

	if (n % 2 && record_is_sane(record, LOG_SIZE_MIN / 2))
		record->checksum = record_checksum(record);
}

static bool
fuzz_is_wanted(void *arg, const struct record *record, uint64_t *newest_out)
{
	uint64_t *seed = arg;

	*newest_out = LOG_NONE;
	return (fixture_random(seed) + record->name_len) % 4 != 0;
}

static void
fuzz_kept(void *arg, const struct record *record, uint64_t position)
{
	(void)arg;
	assert_true(record->kind == RECORD_KEPT && position != LOG_NONE);
}

static void
fuzz_append(uint64_t *seed, struct log *log)
{
	static const struct append_callbacks callbacks = {
		fuzz_is_wanted, fuzz_kept
	};
	static uint8_t text[60000];
	struct append_record what = {
		.kind = RECORD_MESSAGE, .previous = LOG_NONE, .text = text
	};
	struct append *append = append_new(log, &callbacks, seed);
	unsigned i;

	if (append == NULL)
		return;
	for (i = 0; i < 12; i++) {
		what.text_len = (uint32_t)(fixture_random(seed) %
		    sizeof(text));
		assert_true(append_write(append, &what) != LOG_NONE);
		assert_true(log_first(log) <= log_committed(log));
		assert_true(append_position(append) - log_first(log) <=
		    LOG_SIZE_MIN);
	}
	append_commit(append);
	append_free(append);
}

static uint64_t
fuzz_read(uint64_t *seed, struct log *log, uint64_t newest)
{
	uint64_t at[20], end = log_committed(log), lost, sum = 0;
	struct cursor_view view;
	struct cursor cursor;
	size_t count;

	cursor_seek(&cursor, log, fixture_random(seed) % 2 ?
	    log_first(log) : odd_position(seed, log), &lost);
	while (cursor_next(&cursor, end, &view)) {
		assert_true(view.name + view.record.name_len +
		    view.record.text_len <=
		    (uint8_t *)log_at(log, 0) + 2 * LOG_SIZE_MIN);
		if (view.record.name_len > 0)
			sum += view.name[view.record.name_len - 1];
		if (view.record.text_len > 0)
			sum += view.text[view.record.text_len - 1];
	}
	count = cursor_history(log, 1, newest, 0, at, 20, 500);
	assert_true(count <= 20);
	count = cursor_history(log, 0, odd_position(seed, log),
	    fixture_random(seed) % 400, at, 20, 500);
	assert_true(count <= 20);
	return sum;
}

/* Where records of the readable part begin, and room 1's newest. */
static size_t
list_heads(const struct log *log, uint64_t *heads, size_t most,
    uint64_t *newest_out)
{
	struct cursor_view view;
	struct cursor cursor;
	size_t count = 0;
	uint64_t lost;

	cursor_seek(&cursor, log, log_first(log), &lost);
	while (count < most &&
	    cursor_next(&cursor, log_committed(log), &view)) {
		heads[count++] = view.position;
		if (view.record.room == 1)
			*newest_out = view.position;
	}
	return count;
}

static void
any_bytes_give_an_answer(void **state)
{
	unsigned i, most = fixture_is_valgrind() ? 100 : 4000, whole = 0;
	uint64_t heads[256], newest = LOG_NONE, seed = 20, sum = 0;
	struct log *log = fixture_log(NULL);
	uint8_t *image = malloc(IMAGE);
	struct verify_report report;
	size_t count;

	(void)state;
	assert_non_null(image);
	write_events(log, 300);
	count = list_heads(log, heads, 256, &newest);
	assert_true(count > 20);
	memcpy(image, log_header(log), IMAGE);
	alarm(300);
	for (i = 0; i < most; i++) {
		uint64_t changes = 1 + fixture_random(&seed) % 4;

		memcpy(log_header(log), image, IMAGE);
		while (changes-- > 0)
			mutate(&seed, log, heads, count);
		mend(&seed, log, heads, count);
		whole += verify_log(log, &report) == VERIFY_OK;
		sum += fuzz_read(&seed, log, newest);
		fuzz_append(&seed, log);
		sum += fuzz_read(&seed, log, newest);
	}
	alarm(0);
	assert_true(whole < most / 2);
	assert_true(sum > 0);
	free(image);
	log_unmap(log);
}

/* The same before the mapping: a header in a file. */
static void
any_header_is_mapped_or_refused(void **state)
{
	uint8_t header[sizeof(struct log_header)], wrong[sizeof(header)];
	unsigned i, mapped = 0, most = fixture_is_valgrind() ? 100 : 3000;
	int fd = log_create(LOG_SIZE_MIN);
	struct verify_report report;
	uint64_t n, seed = 3;
	struct log *log;

	(void)state;
	assert_true(pread(fd, header, sizeof(header), 0) > 0);
	for (i = 0; i < most; i++) {
		memcpy(wrong, header, sizeof(header));
		n = fixture_random(&seed);
		wrong[n % (n & 1024 ? 24 : sizeof(wrong))] ^=
		    (uint8_t)(1 + (n >> 16) % 255);
		assert_true(pwrite(fd, wrong, sizeof(wrong), 0) > 0);
		errno = 0;
		log = log_map(fd, i % 2);
		if (log == NULL) {
			assert_int_equal(errno, EPROTO);
			continue;
		}
		verify_log(log, &report);
		log_unmap(log);
		mapped++;
	}
	assert_true(mapped > 0 && mapped < most);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_log_is_whole),
		cmocka_unit_test(damage_is_found_and_named),
		cmocka_unit_test(
		    a_record_without_what_its_flags_say_is_damage),
		cmocka_unit_test(impossible_positions_are_a_bad_header),
		cmocka_unit_test(every_result_has_a_text),
		cmocka_unit_test(any_bytes_give_an_answer),
		cmocka_unit_test(any_header_is_mapped_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
