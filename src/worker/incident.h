/*
 * incident - connections that end badly: each is counted by its reason and
 * has one line in the log, at a bounded rate.
 *
 * Runs in the worker.  A request that is refused and a WebSocket that is
 * closed for an error are both incidents, of one budget; their words are
 * those of ws/refusals.h and ws/close_codes.h, where no word is twice.  What
 * the budget leaves out is told a little later, in one line.
 *
 *	conn=17 msg=refused why=bad-key status=400 address=192.0.2.1:4711
 *	conn=18 msg=closed why=protocol sent=4096 address=[2001:db8::1]:4711
 *	msg="refusals not logged" count=15 bad-key=12 protocol=3
 */
#ifndef WORKER_INCIDENT_H
#define WORKER_INCIDENT_H

#include <stdint.h>

#include "ws/close_codes.h"
#include "ws/head.h"
#include "ws/refusals.h"

#define INCIDENT_RATE		10	/* lines a second ... */
#define INCIDENT_BURST		50	/* ... after so many at once */
#define INCIDENT_TELL_MS	2000	/* then the count of the others */
#define INCIDENT_SHOWN		128	/* bytes of a foreign text */

#define INCIDENT_WORDS	(REFUSALS_COUNT + CLOSE_REASONS_COUNT)

struct client;

/* All zero at first. */
struct incidents {
	uint64_t counts[INCIDENT_WORDS];	/* all, by reason */
	uint64_t silent[INCIDENT_WORDS];	/* not logged, not told yet */
	uint64_t rate_us;
	uint64_t tell_ms;	/* when to tell of `silent`; 0: nothing */
};

/* A request is refused.  Of a `head` that was read to its end the line has
 * the path, and the origin when that is the reason; `error` is what a library
 * says of it.  NULL: there is none. */
void incident_refused(struct incidents *, const struct client *, enum refusal,
    const struct head *, const char *error, uint64_t now_ms);
/* A WebSocket is closed for an error of the client's or of ours. */
void incident_closed(struct incidents *, const struct client *,
    enum close_reason, uint64_t now_ms);

/* When incident_tell has something to say, in ms; UINT64_MAX: never. */
uint64_t incident_due(const struct incidents *);
/* Tells what was not logged, when that is due. */
void incident_tell(struct incidents *, uint64_t now_ms);
/* The worker ends: tells what was not logged, and all counts. */
void incident_sum_up(struct incidents *);

#endif
