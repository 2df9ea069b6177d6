/*
 * Contract of bench/result.c: what a run found, as a table for people and as
 * JSON for bench/report.
 */

#ifndef BENCH_RESULT_H
#define BENCH_RESULT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "bench/link.h"
#include "bench/traffic.h"
#include "bench/usage.h"

/* Everything that is counted from the start, read at one moment. */
struct result_moment {
	uint64_t time_ns;
	struct traffic_counts traffic;
	uint64_t reads, bytes, pings;
	struct usage server;
	double machine_s, generator_s;	/* CPU, all cores */
};

struct result {
	struct traffic_plan plan;
	const char *target;
	bool has_server;		/* the server's pid was given */
	unsigned ready, ends[LINK_ENDS];
	unsigned end_status;	/* of the last that the server ended */
	double connect_s;
	struct usage empty, full;	/* before and after connecting */
	struct result_moment begin, end;	/* of what is measured */
	struct traffic_counts total;
	struct traffic_times times;
	bool complete;			/* all was heard before the end */
};

/* Nothing lost, repeated, out of order or strayed; nobody disconnected. */
bool	result_is_clean(const struct result *);

void	result_print(const struct result *, FILE *);
void	result_print_json(const struct result *, FILE *);

#endif
