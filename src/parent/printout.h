/*
 * printout - a configuration written down, for wschatd -T.
 *
 * Runs in the parent, at start.
 */
#ifndef PARENT_PRINTOUT_H
#define PARENT_PRINTOUT_H

#include <stdio.h>

struct conf;

/* Every setting in force, in the form of the file, and its origin. */
void printout_write(const struct conf *, FILE *);

#endif
