/*
 * result - what a run found, as a table for people and as JSON for programs.
 *
 * Pure; runs in wschat-bench.
 */
#ifndef BENCH_RESULT_H
#define BENCH_RESULT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "bench/board.h"
#include "bench/link.h"
#include "bench/traffic.h"
#include "bench/usage.h"

struct result_moment {
	uint64_t time_ns;
	struct board_moment load;
	struct usage server;
	double machine_s;		/* CPU, all cores */
};

/* A value; the target is lent. */
struct result {
	struct traffic_plan plan;
	const char *target;
	unsigned processes;		/* of the generator */
	bool has_server;		/* the server's pid was given */
	bool is_unwelcome;		/* no greeting came */
	bool is_measured;		/* all connected */
	bool complete;			/* all was heard before the end */
	unsigned opened, ready, ends[LINK_ENDS];
	unsigned end_status;	/* of the last that the server ended */
	int error;			/* errno of the last lost connection */
	double connect_s;
	struct usage empty, full;	/* before and after connecting */
	uint64_t peak_pss_kb;		/* while measured; 0: not watched */
	struct result_moment begin, end;	/* of what is measured */
	struct traffic_counts total;
	struct traffic_times times;
};

/* Nothing lost, repeated, out of order or strayed; nobody disconnected. */
bool	result_is_clean(const struct result *);

void	result_print(const struct result *, FILE *);
void	result_print_json(const struct result *, FILE *);

/* Why nothing was measured. */
void	result_explain(const struct result *, FILE *);

#endif
