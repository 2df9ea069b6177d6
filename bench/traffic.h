/*
 * Contract of bench/traffic.c: who says what when, and whether everybody
 * heard it once and in order.  Pure bookkeeping: it opens no socket; load.c
 * lends it a function that sends.
 *
 * Link i is a member of room i % rooms.  Each room has `senders` senders,
 * spread over its members.
 */

#ifndef BENCH_TRAFFIC_H
#define BENCH_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/histogram.h"

#define TRAFFIC_BYTES_MIN	40

struct traffic;

struct traffic_plan {
	unsigned links, rooms;
	unsigned senders;	/* of each room */
	size_t bytes;		/* of a message's text */
	unsigned outstanding;	/* closed loop: messages on the way */
	bool when_all;		/* next when all have it, not when heard */
	double rate;		/* > 0: open loop, messages/s in all */
};

struct traffic_counts {
	uint64_t sent, delivered;
	uint64_t lost, duplicate, disordered;
	uint64_t strayed;	/* from another room */
	uint64_t foreign;	/* texts that are not of this run */
	uint64_t order_differs;	/* members that heard another total order */
};

struct traffic_times {
	struct histogram delivery;	/* due time → one receiver */
	struct histogram sweep;		/* due time → the last receiver */
	struct histogram late;		/* due time → our own send() */
};

/* Queues `text` at link `index`; false: it cannot take more now. */
typedef bool traffic_send(void *owner, unsigned index, const char *text,
    size_t len);

/* Returns owned; NULL: no memory. */
struct traffic *traffic_new(const struct traffic_plan *, traffic_send *,
    void *owner);
void	traffic_free(struct traffic *);

/* Is link `index` a sender? */
bool	traffic_talks(const struct traffic *, unsigned index);

/* Opens the loop: all that is outstanding goes out, or the rate begins. */
void	traffic_start(struct traffic *, uint64_t now);
/* Nothing is said any more; what is on the way is still checked. */
void	traffic_stop(struct traffic *);

/*
 * Open loop: says what is due, in the name of the time it was due at, and
 * returns when the next is (0: never).
 */
uint64_t traffic_tick(struct traffic *, uint64_t now);

/* Link `index` heard `text`; a closed loop may answer with `traffic_send`. */
void	traffic_heard(struct traffic *, unsigned index, const char *text,
    size_t len, uint64_t now);

/* Link `index` is gone: nobody waits for it or blames it any more. */
void	traffic_leave(struct traffic *, unsigned index);

/* Durations of messages due in [from, to) go to *times from now on. */
void	traffic_measure(struct traffic *, struct traffic_times *times,
    uint64_t from, uint64_t to);

/* Has every member heard everything that was said in its room? */
bool	traffic_is_complete(const struct traffic *);

/* Counts so far; lost and order_differs mean something once stopped. */
struct traffic_counts traffic_count(const struct traffic *);

#endif
