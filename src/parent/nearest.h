/*
 * nearest - of known words the one that somebody most likely meant.
 *
 * Runs in the parent; pure.
 */
#ifndef PARENT_NEAREST_H
#define PARENT_NEAREST_H

#include <stddef.h>

/* Starts as { .word = what was written }. */
struct nearest {
	const char *word;
	const char *name;	/* the nearest so far; NULL: none was offered */
	unsigned distance;	/* letters changed, put in, taken out, or
				 * swapped with their neighbour; 1 when the
				 * word is how the name begins */
};

/* Lends the name. */
void nearest_offer(struct nearest *, const char *name);

#endif
