/*
 * arguments - what the command line of wschat-bench says.
 *
 * Runs in wschat-bench.
 */
#ifndef BENCH_ARGUMENTS_H
#define BENCH_ARGUMENTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "bench/dialect.h"
#include "bench/traffic.h"
#include "ws/url.h"

#define ARGUMENTS_PROCESSES	256

/* Exit codes beside those of sysexits.h; wschat-bench(1) has them. */
enum {
	EXIT_CLEAN = 0,
	EXIT_UNCLEAN = 1,	/* something was lost, repeated, … */
	EXIT_UNMEASURED = 2	/* not all clients could connect */
};

/* Texts point into the arguments of main(). */
struct arguments {
	struct traffic_plan plan;
	const char *url_text;
	struct url url;
	const char *ca;
	bool is_insecure;
	unsigned processes;
	unsigned parallel;	/* being opened at a time, in all */
	unsigned sources;	/* addresses 127.0.0.1 to .N; 0: as needed */
	unsigned ceiling;	/* clients that may be, in all */
	double connect_rate;	/* a second, in all; 0: as fast as it goes */
	double connect_s, warm_s, measure_s, drain_s;
	pid_t pid;		/* the server's; 0: unknown */
	bool greets;		/* ready with the first text, not the 101 */
	const struct dialect *dialect;
	bool is_echo;		/* each client hears itself alone */
	bool any_address;
	bool watches_memory;	/* also while it measures */
	bool is_json;
	bool is_verbose;	/* tells on standard error how far it is */
};

/* Ends the program on a mistake, after --help and after --version. */
void arguments_parse(struct arguments *, int argc, char **argv);

/* Says why on standard error, and exits. */
void arguments_die(int status, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

#endif
