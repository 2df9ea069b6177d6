/*
 * close_codes: the table of close_codes.h, looked up.
 *
 * Shared by workers and clients; a pure module. Who sends a close frame and
 * counts reasons is elsewhere.
 */
#include "config.h"

#include "ws/close_codes.h"

#include <assert.h>

/* A close frame carries 125 bytes: the code and at most 123 of text. */
#define CLOSE_REASON(name, code, is_error, log_name, text) \
_Static_assert(sizeof(text) - 1 <= 123, "text of CLOSE_" #name);
CLOSE_REASONS(CLOSE_REASON)
#undef CLOSE_REASON

static const struct {
	uint16_t code;
	bool is_error;
	const char *name;
	const char *text;
} reasons[CLOSE_REASONS_COUNT] = {
#define CLOSE_REASON(name, code, is_error, log_name, text) \
	[CLOSE_##name] = { code, is_error, log_name, text },
	CLOSE_REASONS(CLOSE_REASON)
#undef CLOSE_REASON
};

uint16_t
close_code(enum close_reason reason)
{
	assert((unsigned)reason < CLOSE_REASONS_COUNT);
	return reasons[reason].code;
}

bool
close_is_error(enum close_reason reason)
{
	assert((unsigned)reason < CLOSE_REASONS_COUNT);
	return reasons[reason].is_error;
}

const char *
close_name(enum close_reason reason)
{
	assert((unsigned)reason < CLOSE_REASONS_COUNT);
	return reasons[reason].name;
}

const char *
close_text(enum close_reason reason)
{
	assert((unsigned)reason < CLOSE_REASONS_COUNT);
	return reasons[reason].text;
}

bool
close_code_is_valid_from_peer(uint16_t code)
{
	return (code >= 1000 && code <= 1003) ||
	    (code >= 1007 && code <= 1014) ||
	    (code >= 3000 && code <= 4999);
}
