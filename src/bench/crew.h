/*
 * crew - the generator processes of a run, and who conducts them.
 *
 * Runs in the first process of wschat-bench: forks the generators, turns the
 * phases of the board, reads what the server costs, and gathers what all
 * found.
 */
#ifndef BENCH_CREW_H
#define BENCH_CREW_H

#include "bench/arguments.h"
#include "bench/destination.h"
#include "bench/result.h"

/* The whole run; *out is zeroed.  SIGINT and SIGTERM end it early, with a
 * result.  Ends the program when a process cannot do its work. */
void crew_run(const struct arguments *, const struct destination *,
    struct result *out);

#endif
