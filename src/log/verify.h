/*
 * verify - whether a log's committed part is whole.
 *
 * Used by a new broker before it writes, and by tests.  Trusts nothing in
 * the file: any bytes at all give an answer and end in linear time.
 */
#ifndef LOG_VERIFY_H
#define LOG_VERIFY_H

#include <stdint.h>

#include "log/log.h"

enum verify_result {
	VERIFY_OK,
	VERIFY_BAD_HEADER,	/* positions impossible */
	VERIFY_BAD_RECORD,	/* a length or kind no writer writes */
	VERIFY_BAD_CHECKSUM,
	VERIFY_BAD_LINK		/* `previous` not before the record */
};

struct verify_report {
	enum verify_result result;
	uint64_t position;	/* of the first fault */
	uint64_t records, messages, kept, bytes;
};

/* Walks first..committed and checks every record; fills the report. */
enum verify_result verify_log(const struct log *, struct verify_report *);
const char *verify_result_text(enum verify_result);

#endif
