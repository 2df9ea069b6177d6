/*
 * destination - where wschat-bench connects to: the URL's host as an
 * address that answers, and whether it may.
 *
 * Runs in wschat-bench, once, before it forks.
 */
#ifndef BENCH_DESTINATION_H
#define BENCH_DESTINATION_H

#include "bench/arguments.h"
#include "bench/link.h"

struct destination {
	struct link_target target;	/* lends from the arguments */
	unsigned sources;		/* addresses to come from; 0: any */
};

/* Looks the host up; ends the program when there is none, when it is another
 * machine and nobody said that it may be, when the path is too long and when
 * TLS cannot be had. */
void destination_find(struct destination *, const struct arguments *);

/* The path, with the query, by which room `room` is entered. */
void destination_path(const struct arguments *, unsigned room,
    char out[LINK_PATH]);

#endif
