/*
 * backoff - how long to wait before the next attempt to connect.
 *
 * A pure module of wschat: full jitter, so that the clients of a server that
 * went away do not come back all at once.
 */
#ifndef CLIENT_BACKOFF_H
#define CLIENT_BACKOFF_H

#include <stddef.h>
#include <stdint.h>

#define BACKOFF_BASE_MS		1000
#define BACKOFF_CAP_MS		60000
#define BACKOFF_ASKED_MAX_MS	3600000	/* what a server may ask for */

/* Milliseconds to wait after the `failures`th failure in a row, counted from
 * 0: anything below the ceiling, which doubles up to the cap, by `random`, of
 * which all values are equally likely; at least what the server asked for. */
uint64_t backoff_ms(unsigned failures, uint64_t asked_ms, uint32_t random);

/* What a close frame's reason asks for, as in "try again in 7 s": the first
 * number that has " s", "s" or " seconds" behind it.  0 when there is none. */
uint64_t backoff_asked_ms(const char *reason, size_t len);

#endif
