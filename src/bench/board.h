/*
 * board - what the processes of one run of wschat-bench share.
 *
 * The conductor (crew.c) turns the phases; each generator (load.c) follows
 * and writes into a share of its own.  Counters that are not atomic are the
 * generator's alone until it has said so with `noted`, or has ended.
 */
#ifndef BENCH_BOARD_H
#define BENCH_BOARD_H

#include <stdatomic.h>
#include <stdint.h>

#include "bench/link.h"
#include "bench/traffic.h"

enum board_phase {
	BOARD_CONNECT,
	BOARD_TALK,
	BOARD_QUIET,		/* nothing new is said */
	BOARD_CLOSE,
	BOARD_PHASES
};

enum board_note { BOARD_NOTED_BEGIN = 1, BOARD_NOTED_END };

/* Everything a generator counts from its start, read at one moment. */
struct board_moment {
	uint64_t sent, delivered;
	uint64_t reads, bytes, pings;
	double cpu_s;		/* of the generator */
};

struct board_share {
	_Alignas(64) atomic_uint opened, ready, gone;
	atomic_uint noted;		/* enum board_note */
	atomic_bool complete;		/* QUIET: all is heard */
	struct board_moment begin, end;	/* of what is measured */
	struct traffic_counts counts;	/* before CLOSE, without the balance */
	struct traffic_times times;
	unsigned ends[LINK_ENDS];	/* before CLOSE */
	unsigned end_status;		/* of the last that the server ended */
	int error;			/* errno of the last failed connect */
};

struct board {
	atomic_int phase;		/* enum board_phase */
	/* Set before TALK: monotonic nanoseconds. */
	uint64_t start_ns, from_ns, to_ns;
	unsigned processes;
	atomic_uint connected;		/* generators whose clients are ready */
	int wake;			/* eventfd: the phase has changed, or
					 * somebody is connected */
	struct board_share shares[];
};

/* Shared memory, for the life of the processes.  NULL: errno says why. */
struct board *board_new(unsigned processes)
    __attribute__((warn_unused_result));

/* Turns the phase, and wakes every generator. */
void board_turn(struct board *, enum board_phase);

/* A generator's clients are ready; wakes every generator. */
void board_tell_connected(struct board *);

enum board_phase board_phase(const struct board *);

/* Sums over the shares; a share at a time, so not of one instant. */
unsigned board_opened(const struct board *);
unsigned board_ready(const struct board *);
unsigned board_gone(const struct board *);

#endif
