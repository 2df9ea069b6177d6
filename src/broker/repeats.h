/*
 * repeats - the requests that a dead broker had carried out already.
 *
 * A pure module of the broker.  A worker sends everything again that has no
 * receipt; what of it stands in the log is found here, in one walk, when a
 * new broker starts, and passed over when it comes.
 */
#ifndef BROKER_REPEATS_H
#define BROKER_REPEATS_H

#include <stdbool.h>
#include <stdint.h>

#include "log/log.h"

struct repeats;

/* Walks the log for records of requests above the receipt of their worker.
 * NULL: no memory. */
struct repeats *repeats_new(const struct log *)
    __attribute__((warn_unused_result));
void repeats_free(struct repeats *);

/* Whether the request was carried out.  A worker's numbers are asked for in
 * rising order. */
bool repeats_has(struct repeats *, unsigned index, uint64_t generation,
    uint64_t number);
/* Whether a later request of the generation has a record: one before it that
 * has none has been refused, or was a question. */
bool repeats_has_later(const struct repeats *, unsigned index,
    uint64_t generation, uint64_t number);

#endif
