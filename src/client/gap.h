/*
 * gap - messages that were said while nobody listened, fetched by numbers.
 *
 * A pure module of wschat.  A room's messages are numbered without gaps; what
 * lies between the last that was seen and the first that comes live is asked
 * for in pages, newest first, and told oldest first.  Events that come
 * meanwhile are held back, so that all are told in order.
 */
#ifndef CLIENT_GAP_H
#define CLIENT_GAP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GAP_PAGE	50		/* messages asked for at once */
#define GAP_BYTES_MAX	(64 << 20)	/* of events kept; then the oldest
					   missing count as lost */

struct gap {
	bool is_open;
	bool is_from_start;	/* what is gone before the first is no loss */
	uint64_t after, upto;	/* missing: after + 1 .. upto */
	uint64_t before;	/* the next page ends before it */
	json_t *pages;		/* arrays of messages, newest page first */
	json_t *held;		/* events that came meanwhile */
	size_t bytes;
};

/* Is told each event in order; borrows it. */
typedef void gap_teller(void *arg, json_t *event);

void gap_init(struct gap *);
void gap_clear(struct gap *);

/* Opens it unless nothing is missing.  Returns whether it is open. */
bool gap_open(struct gap *, uint64_t after, uint64_t upto,
    bool is_from_start);

/* The next request, owned; see call.h. */
json_t *gap_ask(const struct gap *);

/* Takes the event `history`, of `size` bytes.  True: there is more to ask. */
bool gap_take(struct gap *, const json_t *history, size_t size);

/* Keeps an event for later; not when there is no room. */
void gap_hold(struct gap *, json_t *event, size_t size);

/* Tells all, `lost` where messages are not to be had, and closes. */
void gap_tell(struct gap *, gap_teller *, void *arg);

#endif
