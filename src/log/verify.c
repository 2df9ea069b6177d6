/*
 * verify - walks the committed part of a log and checks every record.
 *
 * Runs in a new broker before it writes, and in tests; nobody writes
 * meanwhile.
 */
#include "config.h"

#include "log/verify.h"

#include "log/cursor.h"
#include "log/record.h"

#include <string.h>

static bool
verify_header(const struct log *log, uint64_t first, uint64_t committed)
{
	const struct log_header *header = log_header(log);

	return header->magic == LOG_MAGIC && header->layout == LOG_LAYOUT &&
	    header->header_size == sizeof(*header) &&
	    header->ring_size == log_ring_size(log) &&
	    first <= committed && committed <= LOG_POSITION_MAX &&
	    committed - first <= log_ring_size(log) &&
	    first % RECORD_ALIGN == 0 && committed % RECORD_ALIGN == 0;
}

static enum verify_result
verify_record(const struct log *log, uint64_t position, uint64_t available)
{
	const uint64_t most = record_length_max(log_ring_size(log));
	const struct record *record = log_at(log, position);
	struct cursor_view view;

	if (available > most)
		available = most;
	if (available < sizeof(*record) || !record_is_sane(record, available))
		return VERIFY_BAD_RECORD;
	if (record->checksum != record_checksum(record))
		return VERIFY_BAD_CHECKSUM;
	if (record->previous != LOG_NONE && record->previous >= position)
		return VERIFY_BAD_LINK;
	/* And its texts, as its readers take them. */
	return cursor_read(log, position, &view) ? VERIFY_OK :
	    VERIFY_BAD_RECORD;
}

enum verify_result
verify_log(const struct log *log, struct verify_report *report)
{
	uint64_t committed = log_committed(log), first = log_first(log);
	const struct record *record;

	memset(report, 0, sizeof(*report));
	report->position = first;
	if (!verify_header(log, first, committed)) {
		report->result = VERIFY_BAD_HEADER;
		return report->result;
	}
	while (report->position < committed) {
		record = log_at(log, report->position);
		report->result = verify_record(log, report->position,
		    committed - report->position);
		if (report->result != VERIFY_OK)
			return report->result;
		report->records++;
		report->messages += record->kind == RECORD_MESSAGE;
		report->kept += record->kind == RECORD_KEPT;
		report->bytes += record->length;
		report->position += record->length;
	}
	return report->result;
}

const char *
verify_result_text(enum verify_result result)
{
	switch (result) {
	case VERIFY_OK:
		return "whole";
	case VERIFY_BAD_HEADER:
		return "impossible header";
	case VERIFY_BAD_RECORD:
		return "impossible record";
	case VERIFY_BAD_CHECKSUM:
		return "wrong checksum";
	case VERIFY_BAD_LINK:
		return "wrong link";
	}
	return "unknown";
}
