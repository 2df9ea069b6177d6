/*
 * load - one generator process: its clients, its loop, and its life through
 * the phases of the board.
 *
 * Runs in wschat-bench, in each process that crew.c forks.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "bench/arguments.h"
#include "bench/board.h"
#include "bench/destination.h"

struct load_task {
	const struct arguments *arguments;
	const struct destination *destination;
	struct traffic *traffic;
	struct board *board;
	unsigned process;		/* which share of the board */
};

/* Opens descriptors and tables, plays all phases, and ends the process. */
void load_run(const struct load_task *) __attribute__((noreturn));

#endif
