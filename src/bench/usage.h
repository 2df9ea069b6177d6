/*
 * usage - what a server costs: CPU time, sleeps and memory, from /proc.
 *
 * A server is a process and all its descendants, so that one of many
 * processes is compared fairly with one of a single process.  Runs in
 * wschat-bench, which knows nothing of the server but its pid.
 */

#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct usage {
	unsigned processes;
	double user_s, system_s;	/* reaped children included */
	uint64_t switches;		/* voluntary: how often it slept */
	uint64_t pss_kb;		/* a shared page counts once in all */
	uint64_t private_kb;
};

/*
 * Fills *out for `root` and its descendants.  Memory is read only with
 * `memory`, because that walks the page tables.  False: no such process, or
 * /proc forbids it (errno).
 */
bool	usage_read(pid_t root, bool memory, struct usage *out)
	    __attribute__((warn_unused_result));

/* CPU seconds that the machine was not idle since it started, all CPUs. */
double	usage_machine_s(void);

#endif
