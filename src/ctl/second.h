/*
 * second - what a server did between two answers to status.
 *
 * A pure module of wschatctl.
 */
#ifndef CTL_SECOND_H
#define CTL_SECOND_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* From two answers, one about a second after the other: connections, rates a
 * second, the time of deliveries, and of each process the share of a
 * processor, in percent.  A process that was not there before, and a server
 * that is another one, count from 0.  Owned; NULL: no memory. */
json_t *second_new(const json_t *before, const json_t *after)
    __attribute__((warn_unused_result));

/* It as text for people.  False: it cannot be written. */
bool second_print(const json_t *second, FILE *)
    __attribute__((warn_unused_result));

#endif
