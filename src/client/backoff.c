/*
 * backoff - see backoff.h.
 */
#include "config.h"

#include "client/backoff.h"

#include "ws/slice.h"

uint64_t
backoff_ms(unsigned failures, uint64_t asked_ms, uint32_t random)
{
	uint64_t ceiling = BACKOFF_CAP_MS, wait;

	if (failures < 6)	/* 2^6 s is more than the cap */
		ceiling = (uint64_t)BACKOFF_BASE_MS << failures;
	wait = ceiling * random >> 32;
	return wait < asked_ms ? asked_ms : wait;
}

uint64_t
backoff_asked_ms(const char *reason, size_t len)
{
	uint64_t seconds = 0, max = BACKOFF_ASKED_MAX_MS / 1000;
	size_t i, digits = 0;

	for (i = 0; i < len; i++) {
		if (char_is_digit((unsigned char)reason[i])) {
			if (seconds <= max)
				seconds = seconds * 10 +
				    (uint64_t)(reason[i] - '0');
			digits++;
			continue;
		}
		if (digits > 0 && (reason[i] == 's' || (reason[i] == ' ' &&
		    i + 1 < len && reason[i + 1] == 's')))
			return (seconds < max ? seconds : max) * 1000;
		seconds = digits = 0;
	}
	return 0;
}
