/*
 * fuzz_log - a log whose committed part is any bytes at all.
 *
 * Input: options, the positions in the header, what history is asked for,
 * then the bytes of the ring; those behind the committed part say what a
 * writer does.  verify and cursor must agree with a plain reading of these
 * bytes, and where verify found nothing wrong, a writer must leave a log that
 * is whole.
 */
#include "config.h"

#include "log/append.h"
#include "log/cursor.h"
#include "log/log.h"
#include "log/record.h"
#include "log/verify.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define IMAGE_MAX	8192
#define HISTORY_MAX	16
#define HISTORY_STEPS	64
#define WRITES_MAX	24

enum {				/* bits of the first byte */
	INPUT_BASE = 3,		/* where in the ring the bytes lie */
	INPUT_MEND = 4,		/* give the records their checksums */
	INPUT_RAW = 8,		/* positions are 64 bits, not an offset */
	INPUT_APPEND = 16	/* write behind them */
};

/* Two of these make the bytes lie over the ring's end. */
static const uint64_t bases[] = {
	0, 5 * LOG_SIZE_MIN + 8, LOG_SIZE_MIN - 256,
	LOG_POSITION_MAX - 4 * LOG_SIZE_MIN - 128
};

struct image {
	struct log *log;
	uint64_t first, committed;
	uint64_t base;
	size_t len;
};

static const uint64_t ring_size = LOG_SIZE_MIN;

/* ---- a plain reading ---- */

static bool
slow_positions(const struct image *image)
{
	return image->first <= image->committed &&
	    image->committed <= LOG_POSITION_MAX &&
	    image->committed - image->first <= ring_size &&
	    image->first % 8 == 0 && image->committed % 8 == 0;
}

/* The record at a position, if its form is good and it ends before
 * `committed`. */
static bool
slow_record(const struct image *image, uint64_t position,
    struct record *record_out)
{
	uint64_t left = image->committed - position, length;

	if (position >= image->committed || position % 8 != 0 ||
	    left < sizeof(*record_out) || left > ring_size)
		return false;
	memcpy(record_out, log_at(image->log, position), sizeof(*record_out));
	length = 80 + (uint64_t)record_out->name_len + record_out->text_len;
	while (length % 8 != 0)
		length++;
	return record_out->length == length && length <= left &&
	    length <= ring_size / 16 + 80 + 256 && record_out->kind >= 1 &&
	    record_out->kind <= 6 && record_out->flags < 16 &&
	    record_out->route < 64;
}

/* How many bytes stand before the text proper; more than there are when they
 * are not whole. */
static uint32_t
slow_front(const struct image *image, uint64_t position,
    const struct record *record)
{
	const uint8_t *text = (const uint8_t *)log_at(image->log, position) +
	    80 + record->name_len;
	uint32_t len = 0;

	if (record->flags & 4)
		len += 16;
	if (record->flags & 8 && len < record->text_len)
		len += text[len] <= 64 ? 1U + text[len] : UINT32_MAX / 2;
	else if (record->flags & 8)
		len++;
	if (record->kind == 6)
		len += 16;
	return len;
}

static uint32_t
slow_sum(const struct image *image, uint64_t position, uint32_t length)
{
	const uint8_t *at = log_at(image->log, position);

	return (uint32_t)crc32(0, at + 8, length - 8);
}

static enum verify_result
slow_verify(const struct image *image, struct verify_report *report)
{
	struct record record;

	memset(report, 0, sizeof(*report));
	report->position = image->first;
	if (!slow_positions(image))
		return VERIFY_BAD_HEADER;
	while (report->position < image->committed) {
		if (!slow_record(image, report->position, &record))
			return VERIFY_BAD_RECORD;
		if (slow_sum(image, report->position, record.length) !=
		    record.checksum)
			return VERIFY_BAD_CHECKSUM;
		if (record.previous != LOG_NONE &&
		    record.previous >= report->position)
			return VERIFY_BAD_LINK;
		if (slow_front(image, report->position, &record) >
		    record.text_len)
			return VERIFY_BAD_RECORD;
		report->records++;
		report->messages += record.kind == RECORD_MESSAGE;
		report->kept += record.kind == RECORD_KEPT;
		report->bytes += record.length;
		report->position += record.length;
	}
	return VERIFY_OK;
}

/* ---- the readers ---- */

static enum verify_result
check_verify(const struct image *image)
{
	struct verify_report report, expected;
	enum verify_result result = slow_verify(image, &expected);

	must(verify_log(image->log, &report) == result);
	must(report.result == result);
	must(report.position == expected.position);
	must(report.records == expected.records);
	must(report.messages == expected.messages);
	must(report.kept == expected.kept);
	must(report.bytes == expected.bytes);
	must(strcmp(verify_result_text(result), "unknown") != 0);
	return result;
}

static void
check_view(const struct image *image, const struct cursor_view *view,
    uint64_t position)
{
	const uint8_t *at = log_at(image->log, position);
	struct cursor_view again;
	struct record record;

	must(slow_record(image, position, &record));
	must(view->position == position);
	must(memcmp(&view->record, &record, sizeof(record)) == 0);
	must(view->name == at + sizeof(record));
	must(view->text == view->name + record.name_len +
	    slow_front(image, position, &record));
	must(view->text + view->text_len == view->name + record.name_len +
	    record.text_len);
	must(record_checksum((const struct record *)at) ==
	    slow_sum(image, position, record.length));
	must(record.kind >= RECORD_MESSAGE && record.kind < RECORD_KINDS);
	must(cursor_read(image->log, position, &again));
	must(again.position == position && again.text == view->text);
}

static void
check_cursor(const struct image *image)
{
	uint64_t position = image->first, lost;
	struct cursor_view view;
	struct cursor cursor;
	struct record record;

	must(cursor_seek(&cursor, image->log, image->first, &lost));
	must(lost == 0 && cursor.position == image->first);
	while (cursor_next(&cursor, image->committed, &view)) {
		check_view(image, &view, position);
		must(cursor_is_intact(image->log, position));
		position += view.record.length;
		must(cursor.position == position);
	}
	must(cursor.position == position);
	must(!slow_record(image, position, &record) ||
	    slow_front(image, position, &record) > record.text_len);
	must(!cursor_read(image->log, position, &view));
	if (image->first > 0) {
		must(!cursor_seek(&cursor, image->log, image->first / 2,
		    &lost));
		must(lost == image->first - image->first / 2);
		must(cursor.position == image->first);
		must(!cursor_is_intact(image->log, image->first - 1));
		must(!cursor_read(image->log, image->first / 2, &view));
	}
	if (image->first > image->base)
		must(!cursor_read(image->log, image->base, &view));
}

static void
check_history(const struct image *image, uint64_t room, uint64_t newest,
    uint64_t before, size_t most)
{
	uint64_t positions[HISTORY_MAX], seq = 0;
	struct cursor_view view;
	size_t count;

	count = cursor_history(image->log, room, newest, before, positions,
	    most, HISTORY_STEPS);
	must(count <= most);
	for (size_t i = 0; i < count; i++) {
		must(cursor_read(image->log, positions[i], &view));
		must(view.record.room == room);
		must(view.record.kind == RECORD_MESSAGE ||
		    view.record.kind == RECORD_KEPT);
		must(i == 0 || view.record.seq > seq);
		must(before == 0 || view.record.seq < before);
		must(positions[i] <= newest);
		seq = view.record.seq;
	}
}

/* ---- the writer ---- */

static bool
on_is_wanted(void *arg, const struct record *record, uint64_t *newest_out)
{
	struct input *in = arg;

	must(record->kind == RECORD_MESSAGE || record->kind == RECORD_KEPT);
	*newest_out = LOG_NONE;
	return input_byte(in) % 2 == 1;
}

static void
on_kept(void *arg, const struct record *record, uint64_t position)
{
	(void)arg;
	must(record->kind == RECORD_KEPT && position != LOG_NONE);
	must(record->checksum == record_checksum(record));
}

/* What append_write has just written: padded with zeros, and the reserve for
 * a record of the greatest length is there. */
static void
check_written(const struct image *image, uint64_t position, uint64_t end)
{
	const uint8_t *at = log_at(image->log, position);
	struct record record;

	memcpy(&record, at, sizeof(record));
	must(position + record.length == end);
	for (size_t i = sizeof(record) + record.name_len + record.text_len;
	    i < record.length; i++)
		must(at[i] == 0);
	must(image->first <= image->committed && image->committed <= end);
	must(end - image->first <= ring_size - record_length_max(ring_size));
}

/* The image as the header now tells. */
static void
image_refresh(struct image *image)
{
	image->first = log_first(image->log);
	image->committed = log_committed(image->log);
}

static void
check_append(struct image *image, bool is_whole, struct input in)
{
	static const struct append_callbacks callbacks = {
		on_is_wanted, on_kept
	};
	static uint8_t text[70000];
	struct append *append = append_new(image->log, &callbacks, &in);
	struct append_record what = {
		.kind = RECORD_MESSAGE, .text = text, .name = "user0",
		.name_len = 5
	};
	unsigned writes = input_byte(&in) % WRITES_MAX;
	uint64_t position, end;

	must(append != NULL || !is_whole);
	if (append == NULL) {
		must(image->first == log_first(image->log));
		must(image->committed == log_committed(image->log));
		return;
	}
	memset(text, 'x', sizeof(text));
	must(append_position(append) == image->committed);
	while (writes-- > 0) {
		what.text_len = input_byte(&in) * 256U + 255;
		what.room = input_byte(&in) % 4;
		what.previous = LOG_NONE;
		end = append_position(append);
		position = append_write(append, &what);
		must(position != LOG_NONE && position >= end);
		must(append_position(append) ==
		    position + record_length(5, what.text_len));
		image_refresh(image);
		must(append_position(append) > image->committed);
		check_written(image, position, append_position(append));
		if (input_byte(&in) % 4 == 0)
			append_commit(append);
	}
	what.text_len = sizeof(text);
	must(append_write(append, &what) == LOG_NONE);
	append_commit(append);
	image_refresh(image);
	must(image->committed == append_position(append));
	append_free(append);
	/* 4 EiB later no log is whole: nobody writes that much. */
	if (is_whole && image->committed <= LOG_POSITION_MAX)
		must(check_verify(image) == VERIFY_OK);
	check_cursor(image);
}

/* ---- the image ---- */

/* Lays the bytes into the ring, over its end where they lie there. */
static void
image_lay(struct image *image, const struct input *in)
{
	struct log_header *header = log_header(image->log);

	image->len = in->len < IMAGE_MAX ? in->len : IMAGE_MAX;
	if (image->len > 0)
		memcpy(log_at(image->log, image->base), in->at, image->len);
	atomic_store(&header->first, image->first);
	atomic_store(&header->committed, image->committed);
}

static void
image_mend(const struct image *image)
{
	struct record record;
	uint64_t position = image->first;
	uint8_t *at;

	while (slow_record(image, position, &record) &&
	    position + record.length <= image->base + image->len) {
		record.checksum = slow_sum(image, position, record.length);
		at = log_at(image->log, position);
		memcpy(at + 4, &record.checksum, 4);
		position += record.length;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct log *log;
	struct input in = { data, len };
	uint8_t options = input_byte(&in);
	struct image image = { .base = bases[options & INPUT_BASE] };
	uint64_t room, newest, before, skip;
	size_t most;
	bool is_whole;
	int fd;

	if (log == NULL) {
		fd = log_create(LOG_SIZE_MIN);
		must(fd != -1);
		log = log_map(fd, true);
		must(log != NULL);
		close(fd);
	}
	image.log = log;
	if ((options & INPUT_RAW) != 0) {
		image.first = input_number(&in, 8);
		image.committed = input_number(&in, 8);
	} else {
		image.first = image.base + input_number(&in, 2);
		image.committed = image.base + input_number(&in, 2);
	}
	room = input_byte(&in);
	newest = image.base + input_number(&in, 2);
	before = input_byte(&in);
	most = input_byte(&in) % (HISTORY_MAX + 1);
	image_lay(&image, &in);
	if ((options & INPUT_MEND) != 0 && slow_positions(&image))
		image_mend(&image);

	is_whole = check_verify(&image) == VERIFY_OK;
	check_cursor(&image);
	check_history(&image, room, newest, before, most);
	if ((options & INPUT_APPEND) != 0) {
		skip = image.committed - image.base;
		skip = skip < in.len ? skip : in.len;
		in.at += skip;
		in.len -= (size_t)skip;
		check_append(&image, is_whole, in);
		memset(log_at(log, 0), 0, ring_size);
	}
	memset(log_at(log, image.base), 0, image.len);
	return 0;
}
