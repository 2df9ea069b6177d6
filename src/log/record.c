/*
 * record - checks the form of a record and computes its checksum.
 *
 * Used by the broker (append, verify) and by every reader (cursor).
 */
#include "config.h"

#include "log/record.h"

#include "log/log.h"

#include <zlib.h>

/* What the checksum covers begins here. */
#define RECORD_SUMMED_AT	offsetof(struct record, kind)
#define RECORD_FLAGS	(RECORD_ACTION | RECORD_MOVED | RECORD_TOKEN | \
			    RECORD_ID)

bool
record_is_sane(const struct record *record, uint64_t available)
{
	uint64_t length;

	/* Not record_length: size_t may be too narrow for a hostile sum. */
	length = (uint64_t)sizeof(*record) + record->name_len +
	    record->text_len;
	length = (length + RECORD_ALIGN - 1) & ~(uint64_t)(RECORD_ALIGN - 1);
	return record->length == length && length <= available &&
	    record->kind >= RECORD_MESSAGE && record->kind < RECORD_KINDS &&
	    (record->flags & ~RECORD_FLAGS) == 0 &&
	    record->route < LOG_ROUTES;
}

uint32_t
record_checksum(const struct record *record)
{
	return (uint32_t)crc32_z(0,
	    (const unsigned char *)record + RECORD_SUMMED_AT,
	    record->length - RECORD_SUMMED_AT);
}
