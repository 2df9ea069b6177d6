/*
 * naming - the counter from which names come.
 *
 * A pure module over the counters in the log's header; the broker runs it.
 * A number once taken is never given again, also when the broker dies
 * between taking it and using it.
 */
#ifndef BROKER_NAMING_H
#define BROKER_NAMING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define NAMING_MAX	32	/* bytes of an automatic name, with the NUL */

/* Takes the next number: `first` plus how many were taken before. */
uint64_t naming_take(_Atomic uint64_t *counter, uint64_t first);

/* Writes "userN"; returns its length. */
size_t naming_format(uint64_t number, char out[static NAMING_MAX]);

#endif
