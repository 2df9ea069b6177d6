/*
 * traffic - who says what when, and whether everybody heard it once and in
 * order.
 *
 * Bookkeeping of wschat-bench: it opens no socket; load.c lends it a
 * function that sends.  Its tables are in memory that all generator
 * processes share: traffic_new comes before they are forked, traffic_take in
 * each of them, and each calls the rest for clients of its own portion
 * alone.  Client i is a member of room i % rooms.  Each room has `senders`
 * senders, spread over its members.
 */
#ifndef BENCH_TRAFFIC_H
#define BENCH_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/histogram.h"
#include "bench/portion.h"

#define TRAFFIC_BYTES_MIN	40
#define TRAFFIC_BYTES_MAX	(16U << 20)
#define TRAFFIC_OUTSTANDING_MAX	1000

struct traffic;

struct traffic_plan {
	unsigned rooms, clients;	/* clients: of each room */
	unsigned senders;	/* of each room */
	size_t bytes;		/* of a message's text */
	unsigned outstanding;	/* closed loop: messages on the way */
	bool when_all;		/* next when all have it, not when heard;
				 * rooms have to be whole (portion.h) */
	double rate;		/* > 0: open loop, messages/s in all */
};

struct traffic_counts {
	uint64_t sent, delivered;
	uint64_t lost, duplicate, disordered;
	uint64_t strayed;	/* from another room */
	uint64_t foreign;	/* texts that are not of this run */
	uint64_t order_differs;	/* members that heard another total order */
};

/* Of messages due in the measured time. */
struct traffic_times {
	struct histogram delivery;	/* due time → one receiver */
	struct histogram own;		/* due time → its own sender */
	struct histogram sweep;		/* due time → the last receiver */
	struct histogram late;		/* due time → our own send() */
};

/* Queues `text` at client `index`; false: it cannot take more now. */
typedef bool traffic_send(void *owner, unsigned index, const char *text,
    size_t len);

/* Returns owned; NULL: no memory. */
struct traffic *traffic_new(const struct traffic_plan *)
    __attribute__((warn_unused_result));
/* The shared tables stay until the process ends. */
void traffic_free(struct traffic *);

/* From now on this process speaks and hears for `portion`; what it times
 * goes to *times. */
void traffic_take(struct traffic *, const struct portion *portion,
    struct traffic_times *times, traffic_send *, void *owner);

/* Is client `index` a sender? */
bool traffic_talks(const struct traffic *, unsigned index);

/* Opens the loop: all that is outstanding goes out, or the rate begins at
 * `start`.  Messages due in [from, to) are timed. */
void traffic_start(struct traffic *, uint64_t start, uint64_t from,
    uint64_t to);
/* Nothing is said any more; what is on the way is still checked. */
void traffic_stop(struct traffic *);

/*
 * Open loop: says what is due, in the name of the time it was due at, and
 * returns when the next is (0: never).
 */
uint64_t traffic_tick(struct traffic *, uint64_t now);

/* Client `index` heard `text`; a closed loop may answer by the function that
 * sends. */
void traffic_heard(struct traffic *, unsigned index, const char *text,
    size_t len, uint64_t now);

/* Client `index` is gone: nobody waits for it or blames it any more. */
void traffic_leave(struct traffic *, unsigned index);

/* Has every client of the portion heard all that was said in its room? */
bool traffic_is_complete(const struct traffic *);

/* What this process has counted: lost and order_differs are not in it. */
struct traffic_counts traffic_count(const struct traffic *);

/* Adds lost and order_differs of all clients; once all processes ended. */
void traffic_balance(const struct traffic *, struct traffic_counts *);

#endif
