/*
 * refusals: the table of refusals.h, looked up.
 *
 * A pure module of the worker. Who answers, logs and counts is elsewhere.
 */
#include "config.h"

#include "ws/refusals.h"

#include <assert.h>

/* A close frame carries 125 bytes: the code and at most 123 of text. */
#define REFUSAL(name, status, close_code, word, text) \
_Static_assert(sizeof(text) - 1 <= 123, "text of REFUSAL_" #name);
REFUSALS(REFUSAL)
#undef REFUSAL

static const struct {
	uint16_t status;
	uint16_t close_code;
	const char *word;
	const char *text;
} rows[REFUSALS_COUNT] = {
#define REFUSAL(name, status, close_code, word, text) \
	[REFUSAL_##name] = { status, close_code, word, text },
	REFUSALS(REFUSAL)
#undef REFUSAL
};

static void
check(enum refusal refusal)
{
	assert(refusal > REFUSAL_NONE && refusal < REFUSALS_COUNT);
}

uint16_t
refusal_status(enum refusal refusal)
{
	check(refusal);
	return rows[refusal].status;
}

uint16_t
refusal_close_code(enum refusal refusal)
{
	check(refusal);
	return rows[refusal].close_code;
}

bool
refusal_is_failure(enum refusal refusal)
{
	uint16_t status = refusal_status(refusal);

	return status == 400 || status == 408 || status == 414 ||
	    status == 431 || status == 501 || status == 505 ||
	    refusal == REFUSAL_NOT_TLS || refusal == REFUSAL_TLS_HANDSHAKE ||
	    refusal == REFUSAL_TLS_ON_PLAIN_PORT;
}

const char *
refusal_word(enum refusal refusal)
{
	check(refusal);
	return rows[refusal].word;
}

const char *
refusal_text(enum refusal refusal)
{
	check(refusal);
	return rows[refusal].text;
}
