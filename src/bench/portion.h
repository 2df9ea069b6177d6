/*
 * portion - which clients belong to which generator process.
 *
 * Client m (0..clients-1) of room r is number m * rooms + r of all.  Rooms
 * stay whole where there are as many rooms as processes; otherwise every
 * process has a part of every room.  Pure; runs in wschat-bench.
 */
#ifndef BENCH_PORTION_H
#define BENCH_PORTION_H

#include <stdbool.h>

/* A value; clients: of each room.  process < processes <= rooms * clients. */
struct portion {
	unsigned process, processes;
	unsigned rooms, clients;
};

bool portion_has_whole_rooms(const struct portion *);

/* How many clients are in the portion. */
unsigned portion_count(const struct portion *);

/* The number among all of the portion's `own`th, and back. */
unsigned portion_index(const struct portion *, unsigned own);
unsigned portion_own(const struct portion *, unsigned index);

/* Whether client `index` of all is in the portion. */
bool portion_has(const struct portion *, unsigned index);

#endif
